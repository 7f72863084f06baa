//! `yanmi operator`: the first administrators of the console, and the way back in for one of them.

use std::path::{Path, PathBuf};

use yanmi_center::config::Config;
use yanmi_center::registry::{
    Act, Administration, FirstOperators, Invitation, Login, NewOperator, TotpSecret,
};
use yanmi_onboarding::Area;
use yanmi_sandbox::read_world;

use crate::ambient;
use crate::command::registry::{self, Why};
use crate::failure::Failure;

/// 管理台的第一批管理员，以及管理员进不去时的办法
#[derive(Debug, clap::Args)]
pub(crate) struct Operator {
    /// 配置文件
    #[arg(long, value_name = "文件", global = true, default_value = "yanmi.toml")]
    config: PathBuf,
    #[command(flatten)]
    why: Why,
    #[command(subcommand)]
    what: OperatorAction,
}

#[derive(Debug, clap::Subcommand)]
enum OperatorAction {
    /// 登记三位管理员（三员分立），打印各自的邀请；只在还没有任何操作员时可用
    Bootstrap {
        /// 系统管理员：登录名,姓名
        #[arg(long, value_name = "登录名,姓名")]
        system: String,
        /// 安全管理员：登录名,姓名
        #[arg(long, value_name = "登录名,姓名")]
        security: String,
        /// 审计员：登录名,姓名
        #[arg(long, value_name = "登录名,姓名")]
        audit: String,
        /// 他们的单位
        #[arg(long, value_name = "名称")]
        unit: String,
    },
    /// 给一位操作员重新发邀请：密码或手机丢了，又没有别的管理员可以代发
    Recover {
        /// 登录名
        #[arg(long, value_name = "登录名")]
        login: String,
    },
    /// 沙箱里操作员或申请方人员手机上的验证码（真的中心用手机上的验证器）
    Code {
        /// 沙箱的 sandbox.json
        #[arg(long, value_name = "文件", default_value = "yanmi-sandbox/sandbox.json")]
        sandbox: PathBuf,
        /// 登录名
        #[arg(long, value_name = "登录名")]
        login: String,
    },
}

impl Operator {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if let OperatorAction::Code { sandbox, login } = &self.what {
            return show_code(sandbox, login);
        }
        registry::change(&self.config, &self.why, async |administration, config, act| {
            self.what.run(administration, config, act).await
        })
    }
}

impl OperatorAction {
    async fn run(
        self,
        administration: &mut Administration,
        config: &Config,
        act: Act<'_>,
    ) -> Result<(), Failure> {
        let failed = |error| Failure::because("未作更改", &error);
        match self {
            Self::Bootstrap { system, security, audit, unit } => {
                let first = FirstOperators {
                    system: person("--system", &system, &unit)?,
                    security: person("--security", &security, &unit)?,
                    audit: person("--audit", &audit, &unit)?,
                };
                let province = config.region.as_str().get(..2).unwrap_or_default();
                let province =
                    Area::new(province).map_err(|error| Failure::because("设置 region 不可用", &error))?;
                let invitations = administration.bootstrap(&first, province, act).await.map_err(failed)?;
                for (role, invitation) in ["系统管理员", "安全管理员", "审计员"].iter().zip(&invitations)
                {
                    print(role, invitation);
                }
            }
            Self::Recover { login: text } => {
                let login = login("--login", &text)?;
                let invitation = administration.recover(login, act).await.map_err(failed)?;
                print("操作员", &invitation);
            }
            Self::Code { sandbox, login } => return show_code(&sandbox, &login),
        }
        println!("接在管理台的网址之后打开；各交本人，只显示这一次。用它设置密码和手机上的验证器。");
        Ok(())
    }
}

/// Prints what the phone of one of the sandbox's operators, or persons of applicants, shows.
fn show_code(sandbox: &Path, login: &str) -> Result<(), Failure> {
    let world = read_world(sandbox)?;
    let operators = world.operators.iter().map(|operator| (&operator.login, &operator.totp_secret));
    let applicants = world.applicants.iter().map(|person| (&person.login, &person.totp_secret));
    let all: Vec<(&String, &String)> = operators.chain(applicants).collect();
    let found = all.iter().find(|(known, _)| *known == login);
    let (_, secret) = found.ok_or_else(|| {
        let logins: Vec<&str> = all.iter().map(|(login, _)| login.as_str()).collect();
        Failure::new(format!("沙箱里没有 {login} 这个登录名；有 {}", logins.join("、")))
    })?;
    let secret = TotpSecret::read(secret)
        .map_err(|error| Failure::because("sandbox.json 中的 totpSecret 不可用", &error))?;
    println!("{}", secret.shown(ambient::clock().now()));
    Ok(())
}

fn print(role: &str, invitation: &Invitation) {
    println!(
        "{role}  {}  /o/invite/{}  {} 之前有效",
        invitation.login.as_str(),
        invitation.secret.as_str(),
        invitation.until.shanghai_text()
    );
}

/// `zhang.san,张三`.
fn person(option: &str, text: &str, unit: &str) -> Result<NewOperator, Failure> {
    let (name, called) = text
        .split_once([',', '，'])
        .ok_or_else(|| Failure::new(format!("{option} 应写作 登录名,姓名，如 zhang.san,张三")))?;
    Ok(NewOperator { login: login(option, name)?, name: called.trim().to_owned(), unit: unit.to_owned() })
}

fn login(option: &str, text: &str) -> Result<Login, Failure> {
    Login::new(text).map_err(|error| Failure::because(&format!("{option} 不可用"), &error))
}
