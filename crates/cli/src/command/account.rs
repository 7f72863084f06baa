//! `yanmi account`: 业务系统编码.

use std::num::NonZeroU32;
use std::path::PathBuf;

use yanmi_center::registry::{Administration, AdministrationError, Interfaces, NewAccount};
use yanmi_protocol::{AccountId, Sm4Key};

use crate::ambient;
use crate::command::check::{close, open};
use crate::command::{key, serve};
use crate::failure::Failure;
use crate::{key_text, table};

/// 管理业务系统编码（账号）
#[derive(Debug, clap::Args)]
pub(crate) struct Account {
    /// 配置文件
    #[arg(long, value_name = "文件", global = true, default_value = "yanmi.toml")]
    config: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// 新增账号；不给密钥则生成一个并打印一次
    Add {
        /// 业务系统编码
        #[arg(long, value_name = "编码")]
        org_id: String,
        /// 名称
        #[arg(long, value_name = "名称")]
        name: String,
        /// 密钥文件
        #[arg(long, value_name = "文件")]
        key_file: Option<PathBuf>,
        /// 允许的接口：notify,status,password,decode
        #[arg(long, value_name = "接口", default_value = "notify,status")]
        interfaces: String,
        /// 每秒请求数上限；不给则用配置的值
        #[arg(long, value_name = "次")]
        rate: Option<NonZeroU32>,
    },
    /// 列出全部账号
    List,
    /// 停用
    Disable(One),
    /// 启用
    Enable(One),
    /// 换密钥：新旧密钥同时有效，直到 retire-key
    RotateKey {
        #[command(flatten)]
        one: One,
        /// 新密钥文件；不给则生成一个并打印一次
        #[arg(long, value_name = "文件")]
        key_file: Option<PathBuf>,
    },
    /// 结束换密钥：旧密钥失效
    RetireKey(One),
}

#[derive(Debug, clap::Args)]
struct One {
    /// 业务系统编码
    #[arg(long, value_name = "编码")]
    org_id: String,
}

impl One {
    fn id(&self) -> Result<AccountId, Failure> {
        id(&self.org_id)
    }
}

fn id(text: &str) -> Result<AccountId, Failure> {
    AccountId::new(text).map_err(|error| Failure::new(format!("--org-id {error}")))
}

impl Account {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let config = serve::load(&self.config)?;
        serve::runtime(1)?.block_on(async {
            let mut administration = open(&config).await?;
            let done = self.what.run(&mut administration).await;
            close(administration).await?;
            done
        })
    }
}

impl What {
    async fn run(self, administration: &mut Administration) -> Result<(), Failure> {
        let failed = |error: AdministrationError| Failure::because("未作更改", &error);
        let now = ambient::clock().now();
        match self {
            Self::Add { org_id, name, key_file, interfaces, rate } => {
                let chosen = Chosen::from(key_file)?;
                let interfaces = Interfaces::parse(&interfaces)
                    .ok_or_else(|| Failure::new("--interfaces 只能是 notify、status、password、decode"))?;
                let new = NewAccount { id: id(&org_id)?, name, key: chosen.key.clone(), interfaces, rate };
                administration.add_account(&new, now).await.map_err(failed)?;
                chosen.show();
            }
            Self::List => return list(administration).await.map_err(failed),
            Self::Disable(one) => {
                administration.enable_account(one.id()?, false, now).await.map_err(failed)?;
            }
            Self::Enable(one) => {
                administration.enable_account(one.id()?, true, now).await.map_err(failed)?;
            }
            Self::RotateKey { one, key_file } => {
                let chosen = Chosen::from(key_file)?;
                administration.rotate_account_key(one.id()?, &chosen.key, now).await.map_err(failed)?;
                chosen.show();
            }
            Self::RetireKey(one) => {
                administration.retire_account_key(one.id()?, now).await.map_err(failed)?;
            }
        }
        println!("已更改；运行中的中心一秒内生效。");
        Ok(())
    }
}

/// A key to be stored.
pub(super) struct Chosen {
    pub(super) key: Sm4Key,
    made: bool,
}

impl Chosen {
    /// The key of a file, or a new one.
    pub(super) fn from(file: Option<PathBuf>) -> Result<Self, Failure> {
        match file {
            Some(file) => Ok(Self { key: key_text::from_file(&file)?, made: false }),
            None => Ok(Self { key: key::random(), made: true }),
        }
    }

    /// Shows a new key, once. After it was stored: one that was not would be taken down in vain.
    pub(super) fn show(&self) {
        if self.made {
            println!("密钥    {}（只显示这一次）\n校验值  {}", *self.key.to_hex(), self.key.kcv());
        }
    }
}

/// "是" or "否".
pub(super) fn yes(on: bool) -> String {
    if on { "是" } else { "否" }.to_owned()
}

async fn list(administration: &mut Administration) -> Result<(), AdministrationError> {
    let rows: Vec<[String; 6]> = administration
        .accounts()
        .await?
        .into_iter()
        .map(|row| {
            let older = row.older.map_or_else(String::new, |kcv| format!("、{kcv}（旧）"));
            [
                row.id.as_str().to_owned(),
                row.name,
                yes(row.enabled),
                row.interfaces.to_string(),
                row.rate.map_or_else(|| "默认".to_owned(), |rate| rate.to_string()),
                format!("{}{older}", row.newest),
            ]
        })
        .collect();
    print!("{}", table::text(["业务系统编码", "名称", "启用", "接口", "每秒上限", "密钥校验值"], &rows));
    Ok(())
}
