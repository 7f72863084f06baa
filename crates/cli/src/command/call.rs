//! `yanmi call`: any of an institution's calls from the command line, sealed and opened before one's eyes.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use yanmi_protocol::message::{notify, password, status};
use yanmi_protocol::{Code, PasswordDigest, Region, Sm4Key};
use yanmi_sandbox::read_world;
use yanmi_simulator::institution::{Called, MacUse};
use yanmi_simulator::{Institution, World};

use crate::ambient;
use crate::failure::Failure;
use crate::key_text;

/// Where the sandbox is looked for when nothing else is said.
const SANDBOX: &str = "yanmi-sandbox/sandbox.json";

/// 以机构身份调用中心，打印密文与明文
#[derive(Debug, clap::Args)]
pub(crate) struct Call {
    #[command(subcommand)]
    what: CallKind,
}

#[derive(Debug, clap::Subcommand)]
enum CallKind {
    /// 1.7.1 发起线上密码核验认证通知
    Notify {
        #[command(flatten)]
        sender: Sender,
        /// 核验令牌 ecToken
        #[arg(long, value_name = "令牌")]
        token: String,
        /// 预结算时医疗费总额
        #[arg(long, value_name = "金额")]
        amount: Option<String>,
        /// 机构名称；默认为沙箱登记的名称
        #[arg(long, value_name = "名称")]
        name: Option<String>,
    },
    /// 1.7.2 查询线上密码核验认证状态
    Status {
        #[command(flatten)]
        sender: Sender,
        /// 核验令牌 ecToken
        #[arg(long, value_name = "令牌")]
        token: String,
        /// 请求规范之外的说明（stage、nextStep 等）
        #[arg(long)]
        ext: bool,
        /// 等待状态变化的秒数（1 至 30，自动带 --ext）
        #[arg(long, value_name = "秒", value_parser = clap::value_parser!(u64).range(1..=30))]
        wait: Option<u64>,
    },
    /// 密码核验；六位密码从标准输入读取
    Password {
        #[command(flatten)]
        sender: Sender,
        /// 证件类型
        #[arg(long, value_name = "代码", default_value = "01")]
        id_type: String,
        /// 证件号码
        #[arg(long, value_name = "号码")]
        id_no: String,
        /// 姓名
        #[arg(long, value_name = "姓名")]
        user_name: String,
        /// 请求流水号，13 至 32 位数字；默认为当前时间
        #[arg(long, value_name = "数字")]
        serial: Option<String>,
    },
    /// 解码：由二维码得到令牌
    Decode {
        #[command(flatten)]
        sender: Sender,
        /// 二维码 ecQrCode
        #[arg(long, value_name = "码")]
        qr: String,
        /// 用码业务类型
        #[arg(long, value_name = "代码", default_value = "01101")]
        business: String,
    },
}

/// Who calls, and whom.
#[derive(Debug, clap::Args)]
struct Sender {
    /// 沙箱的 sandbox.json；默认 ./yanmi-sandbox/sandbox.json
    #[arg(long, value_name = "文件")]
    sandbox: Option<PathBuf>,
    /// 中心机构监听口的地址，如 `http://127.0.0.1:8350`
    #[arg(long, value_name = "地址")]
    url: Option<String>,
    /// 允许以明文 HTTP 访问别的机器
    #[arg(long)]
    plain_http: bool,
    /// 业务系统编码
    #[arg(long, value_name = "编码")]
    org_id: Option<String>,
    /// 密钥文件：32 位十六进制或 16 个 ASCII 字符
    #[arg(long, value_name = "文件")]
    key_file: Option<PathBuf>,
    /// 省级医保区划代码
    #[arg(long, value_name = "6 位数字")]
    region: Option<String>,
    /// 报文的 mac：auto 带上、应答有则核对；always 带上、应答没有则不认；never 不带
    #[arg(long, value_name = "用法", default_value = "auto")]
    mac: String,
    /// 定点医药机构代码；默认为沙箱的第一个机构
    #[arg(long, value_name = "代码")]
    org: Option<String>,
}

/// The sender, with everything known.
struct Ready {
    institution: Institution,
    org_code: String,
    org_name: String,
    key: Sm4Key,
}

impl Call {
    pub(crate) fn run(self) -> Result<(), Failure> {
        crate::command::serve::runtime(1)?.block_on(self.call())
    }

    async fn call(self) -> Result<(), Failure> {
        match self.what {
            CallKind::Notify { sender, token, amount, name } => {
                let ready = sender.ready()?;
                let draft = notify::Draft {
                    token: &token,
                    org_code: &ready.org_code,
                    org_name: name.as_deref().unwrap_or(&ready.org_name),
                    amount: amount.as_deref(),
                };
                show(&ready, ready.institution.notify(&draft).await)
            }
            CallKind::Status { sender, token, ext, wait } => {
                let ready = sender.ready()?;
                let extended = (ext || wait.is_some()).then_some("1");
                let draft =
                    status::Draft { token: &token, org_code: &ready.org_code, extended, wait_seconds: wait };
                show(&ready, ready.institution.status(&draft).await)
            }
            CallKind::Password { sender, id_type, id_no, user_name, serial } => {
                let ready = sender.ready()?;
                let digest = read_password()?.to_hex();
                let serial = serial.unwrap_or_else(|| ambient::clock().now().to_string());
                let draft = password::Draft {
                    id_type: &id_type,
                    request_serial: &serial,
                    password: &digest,
                    user_name: &user_name,
                    id_no: &id_no,
                };
                show(&ready, ready.institution.password(&draft).await)
            }
            CallKind::Decode { sender, qr, business } => decode(&sender.ready()?, &business, &qr).await,
        }
    }
}

impl Sender {
    fn ready(self) -> Result<Ready, Failure> {
        let world = self.world()?;
        let account = world.as_ref().and_then(|world| world.accounts.first());
        let member = account.and_then(|account| account.institutions.first());
        let missing = |name| Failure::new(format!("请给出 {name}，或用 --sandbox 指明沙箱"));
        let url = self.url.or(world.as_ref().map(|world| world.institution_url.clone()));
        let org_id = self.org_id.or(account.map(|account| account.org_id.as_str().to_owned()));
        let key = match &self.key_file {
            Some(file) => Some(key_text::from_file(file)?),
            None => account.map(|account| account.key.clone()),
        };
        let region = match self.region {
            Some(text) => {
                Some(Region::new(&text).map_err(|error| Failure::new(format!("--region {error}")))?)
            }
            None => world.as_ref().map(|world| world.region),
        };
        let key = key.ok_or_else(|| missing("--key-file"))?;
        let mac = match self.mac.as_str() {
            "auto" => MacUse::Auto,
            "always" => MacUse::Always,
            "never" => MacUse::Never,
            _ => return Err(Failure::new("--mac 只能是 auto、always、never")),
        };
        let url = url.ok_or_else(|| missing("--url"))?;
        if !self.plain_http && yanmi_client::config::plain_beyond_this_machine(&url) {
            return Err(Failure::new(format!(
                "{url} 是明文 HTTP，又不在本机：线路上的人可以看到、改动和重放报文。确知线路可信的，加 --plain-http"
            )));
        }
        let clock = ambient::clock();
        let institution = Institution::new(
            &url,
            &org_id.ok_or_else(|| missing("--org-id"))?,
            key.clone(),
            region.ok_or_else(|| missing("--region"))?,
            Arc::new(move || clock.now()),
        )
        .with_macs(mac);
        let org_code = self.org.or(member.map(|member| member.org_codg.as_str().to_owned()));
        Ok(Ready {
            institution,
            org_code: org_code.ok_or_else(|| missing("--org"))?,
            org_name: member.map_or_else(|| "定点医药机构".to_owned(), |member| member.org_name.clone()),
            key,
        })
    }

    fn world(&self) -> Result<Option<World>, Failure> {
        let default = Path::new(SANDBOX);
        let file = match &self.sandbox {
            Some(file) => file.as_path(),
            None if self.url.is_none() && default.exists() => default,
            None => return Ok(None),
        };
        read_world(file).map(Some).map_err(Failure::from)
    }
}

/// Six digits from the standard input; never from the command line, where others could see them.
fn read_password() -> Result<PasswordDigest, Failure> {
    eprint!("请输入六位密码：");
    // With room for more than a line of six digits, so that it is not moved when it grows.
    let mut line = zeroize::Zeroizing::new(String::with_capacity(256));
    std::io::stdin().lock().read_line(&mut line).map_err(|error| Failure::because("无法读取密码", &error))?;
    PasswordDigest::of(line.trim_end()).ok_or_else(|| Failure::new("密码应为六位数字"))
}

fn show(ready: &Ready, called: Result<Called, yanmi_simulator::outgoing::AskError>) -> Result<(), Failure> {
    let called = called.map_err(|error| Failure::because("调用失败", &error))?;
    println!("请求明文  {}", without_secret(&called.message));
    println!("请求报文  {}", called.sent);
    println!("应答报文  {}", String::from_utf8_lossy(&called.received.body));
    match called.answer.open(&ready.key) {
        Ok(plain) => println!("应答明文  {}", plain.as_str()),
        Err(_) if called.code() != 0 => {}
        Err(error) => println!("应答明文  （{error}）"),
    }
    conclude(called.code(), &called.answer.message)
}

async fn decode(ready: &Ready, business: &str, qr: &str) -> Result<(), Failure> {
    let called = ready.institution.decode(&ready.org_code, business, qr).await;
    let called = called.map_err(|error| Failure::because("调用失败", &error))?;
    println!("请求报文  {}", called.sent);
    println!("应答报文  {}", String::from_utf8_lossy(&called.received.body));
    if let Some(token) = called.token {
        println!("令牌      {}", token.as_str());
    }
    conclude(called.code, &called.message)
}

/// The result in words; a refusal is a failure, but 500320 is not.
fn conclude(code: i64, message: &str) -> Result<(), Failure> {
    let known = Code::from_number(code);
    if code == 0 {
        return Ok(());
    }
    let advice = known.map(|known| format!("（{}）{}", known.party().name(), known.advice()));
    let text = format!("返回码 {code}：{message} {}", advice.unwrap_or_default());
    if known == Some(Code::PasswordFree) {
        println!("{text}");
        return Ok(());
    }
    Err(Failure::new(text))
}

/// The plain text without the password's digest.
fn without_secret(message: &str) -> String {
    match message.split_once("\"userPwd\":\"") {
        Some((head, tail)) => {
            let rest = tail.split_once('"').map_or("", |(_, rest)| rest);
            format!("{head}\"userPwd\":\"……\"{rest}")
        }
        None => message.to_owned(),
    }
}
