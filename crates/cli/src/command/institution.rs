//! `yanmi institution`: 定点医药机构.

use std::path::PathBuf;

use yanmi_center::registry::{Act, Administration, NewInstitution};
use yanmi_protocol::{AccountId, OrgCode};

use crate::command::registry::{self, Entry, Listing, Why, yes};
use crate::failure::Failure;

/// 管理定点医药机构
#[derive(Debug, clap::Args)]
pub(crate) struct Institution {
    /// 配置文件
    #[arg(long, value_name = "文件", global = true, default_value = "yanmi.toml")]
    config: PathBuf,
    #[command(flatten)]
    why: Why,
    #[command(subcommand)]
    what: InstitutionAction,
}

#[derive(Debug, clap::Subcommand)]
enum InstitutionAction {
    /// 新增机构
    Add {
        #[command(flatten)]
        one: InstitutionName,
        /// 登记名称，参保人在手机上看到的就是它
        #[arg(long, value_name = "名称")]
        name: String,
        /// 所属的业务系统编码
        #[arg(long, value_name = "编码")]
        account: String,
    },
    /// 列出机构
    List {
        #[command(flatten)]
        listing: Listing,
        /// 只列属于这个业务系统编码的
        #[arg(long, value_name = "编码")]
        account: Option<String>,
    },
    /// 停用
    Disable(InstitutionName),
    /// 启用
    Enable(InstitutionName),
}

#[derive(Debug, clap::Args)]
struct InstitutionName {
    /// 定点医药机构代码
    #[arg(long, value_name = "代码")]
    org: String,
}

impl InstitutionName {
    fn code(&self) -> Result<OrgCode, Failure> {
        OrgCode::new(&self.org).map_err(|error| Failure::new(format!("--org {error}")))
    }
}

impl Institution {
    pub(crate) fn run(self) -> Result<(), Failure> {
        registry::change(&self.config, &self.why, async |administration, _, act| {
            self.what.run(administration, act).await
        })
    }
}

impl InstitutionAction {
    async fn run(self, administration: &mut Administration, act: Act<'_>) -> Result<(), Failure> {
        let changed = match self {
            Self::Add { one, name, account } => {
                let account =
                    AccountId::new(&account).map_err(|error| Failure::new(format!("--account {error}")))?;
                let new = NewInstitution { org_code: one.code()?, name, account };
                administration.add_institution(&new, act).await
            }
            Self::List { listing, account } => {
                return list(administration, &listing, account.as_deref()).await;
            }
            Self::Disable(one) => administration.enable_institution(one.code()?, false, act).await,
            Self::Enable(one) => administration.enable_institution(one.code()?, true, act).await,
        };
        registry::told(changed)
    }
}

async fn list(
    administration: &mut Administration,
    listing: &Listing,
    account: Option<&str>,
) -> Result<(), Failure> {
    let rows = administration.institutions().await.map_err(registry::unread)?;
    let rows = rows.into_iter().filter(|row| account.is_none_or(|account| row.account.as_str() == account));
    let entries = rows.map(|row| {
        let (code, account) = (row.org_code.as_str().to_owned(), row.account.as_str().to_owned());
        Entry {
            program: serde_json::json!({
                "orgCodg": code, "name": row.name, "orgId": account, "enabled": row.active,
                "changedAt": row.changed_at.get(),
            }),
            enabled: row.active,
            names: vec![code.clone(), row.name.clone()],
            person: [code, row.name, account, yes(row.active)],
        }
    });
    listing.print(["机构代码", "名称", "业务系统编码", "启用"], entries.collect());
    Ok(())
}
