//! `yanmi institution`: 定点医药机构.

use std::path::PathBuf;

use yanmi_center::registry::{
    Act, Administration, InstitutionEdit, InstitutionRow, NewInstitution, Object, Switch,
};
use yanmi_onboarding::{Area, ContactEdit, ContactField};
use yanmi_protocol::{AccountId, OrgCode, UnixMillis};

use crate::command::registry::{self, Entry, Listing, Stop, Why};
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
        #[command(flatten)]
        contact: ContactFields,
    },
    /// 显示一个机构的登记，含联系人
    Show {
        #[command(flatten)]
        one: InstitutionName,
        /// 以 JSON 打印
        #[arg(long)]
        json: bool,
    },
    /// 列出机构
    List {
        #[command(flatten)]
        listing: Listing,
        /// 只列属于这个业务系统编码的
        #[arg(long, value_name = "编码")]
        account: Option<String>,
    },
    /// 更改登记名称、区划、联系人；不给的不变
    Edit {
        #[command(flatten)]
        one: InstitutionName,
        #[command(flatten)]
        what: InstitutionFields,
    },
    /// 登记到又一个业务系统编码之下；已有的不变
    Attach(Pair),
    /// 不再登记在这个业务系统编码之下
    Detach(Pair),
    /// 停用
    Disable {
        #[command(flatten)]
        one: InstitutionName,
        #[command(flatten)]
        stop: Stop,
    },
    /// 启用
    Enable(InstitutionName),
    /// 注销：永久停用，不能再启用，代码不再给别人
    Close(InstitutionName),
}

#[derive(Debug, clap::Args)]
struct InstitutionName {
    /// 定点医药机构代码
    #[arg(long, value_name = "代码")]
    org: String,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true, args = ["name", "region", "contact", "phone", "note"])]
struct InstitutionFields {
    /// 登记名称；下一次通知起参保人看到新的
    #[arg(long, value_name = "名称")]
    name: Option<String>,
    /// 所在区划，6 位数字；登记时取机构代码的第 2 至 7 位
    #[arg(long, value_name = "区划")]
    region: Option<String>,
    #[command(flatten)]
    contact: ContactFields,
}

/// Whom to call. `Debug` shows none of it.
#[derive(clap::Args)]
struct ContactFields {
    /// 联系人，至多 50 个字符；给空值为清空
    #[arg(long, value_name = "姓名")]
    contact: Option<String>,
    /// 联系电话：手机号，或带区号的座机；给空值为清空
    #[arg(long, value_name = "电话")]
    phone: Option<String>,
    /// 备注，至多 200 个字符；给空值为清空
    #[arg(long, value_name = "备注")]
    note: Option<String>,
}

impl std::fmt::Debug for ContactFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContactFields(…)")
    }
}

impl ContactFields {
    fn edit(self) -> ContactEdit {
        ContactEdit { name: self.contact, phone: self.phone, note: self.note }
    }
}

#[derive(Debug, clap::Args)]
struct Pair {
    #[command(flatten)]
    one: InstitutionName,
    /// 业务系统编码
    #[arg(long, value_name = "编码")]
    account: String,
}

impl Pair {
    fn read(&self) -> Result<(OrgCode, AccountId), Failure> {
        Ok((self.one.code()?, account_id(&self.account)?))
    }
}

fn account_id(text: &str) -> Result<AccountId, Failure> {
    AccountId::new(text).map_err(|error| Failure::new(format!("--account {error}")))
}

impl InstitutionName {
    fn code(&self) -> Result<OrgCode, Failure> {
        OrgCode::new(&self.org).map_err(|error| Failure::new(format!("--org {error}")))
    }

    fn object(&self) -> Result<Object, Failure> {
        self.code().map(Object::Institution)
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
            Self::Add { one, name, account, contact } => {
                let new = NewInstitution { org_code: one.code()?, name, account: account_id(&account)? };
                administration.add_institution_with(&new, &contact.edit(), act).await
            }
            Self::Show { one, json } => return show(administration, one.code()?, json).await,
            Self::List { listing, account } => {
                return list(administration, &listing, account.as_deref()).await;
            }
            Self::Edit { one, what } => {
                let region = what.region.as_deref().map(Area::new).transpose();
                let region = region.map_err(|error| Failure::because("--region 不可用", &error))?;
                let edit = InstitutionEdit { name: what.name, region, contact: what.contact.edit() };
                administration.edit_institution(one.code()?, &edit, act).await
            }
            Self::Attach(pair) => {
                let (code, account) = pair.read()?;
                administration.attach(code, account, act).await
            }
            Self::Detach(pair) => {
                let (code, account) = pair.read()?;
                administration.detach(code, account, act).await
            }
            Self::Disable { one, stop } => {
                administration.switch(one.object()?, stop.switch(act.at), act).await
            }
            Self::Enable(one) => administration.switch(one.object()?, Switch::On, act).await,
            Self::Close(one) => administration.close_entry(one.object()?, act).await,
        };
        registry::told(changed)
    }
}

/// Everything of one, also whom to call: whoever has the machine and its key has it.
async fn show(administration: &mut Administration, code: OrgCode, json: bool) -> Result<(), Failure> {
    let row = administration.institution(&code).await.map_err(registry::unread)?;
    let row = row.ok_or_else(|| Failure::new(format!("定点机构 {} 不存在", code.as_str())))?;
    let contact = administration.institution_contact(&code).await.map_err(registry::unread)?;
    if json {
        let mut program = program(&row);
        program["contact"] = serde_json::json!({
            "name": contact.name, "phone": contact.phone, "note": contact.note,
        });
        println!("{program}");
        return Ok(());
    }
    let accounts: Vec<&str> = row.accounts.iter().map(AccountId::as_str).collect();
    println!("机构代码：{}", code.as_str());
    println!("名称：{}", row.name);
    println!("区划：{}", row.region);
    println!("业务系统编码：{}", accounts.join("、"));
    println!("启用：{}", registry::served(row.active, row.stopped_until, row.closed_at));
    for field in ContactField::ALL {
        let text = contact.text(field);
        println!("{}：{}", field.name(), if text.is_empty() { "没有" } else { text });
    }
    println!("最近更改：{}", row.changed_at.shanghai_text());
    Ok(())
}

/// As a program reads it; without whom to call.
fn program(row: &InstitutionRow) -> serde_json::Value {
    let accounts: Vec<&str> = row.accounts.iter().map(AccountId::as_str).collect();
    serde_json::json!({
        "orgCodg": row.org_code.as_str(), "name": row.name, "orgIds": accounts, "region": row.region.as_str(),
        "enabled": row.active, "stoppedUntil": row.stopped_until.map(UnixMillis::get),
        "closedAt": row.closed_at.map(UnixMillis::get), "changedAt": row.changed_at.get(),
    })
}

async fn list(
    administration: &mut Administration,
    listing: &Listing,
    account: Option<&str>,
) -> Result<(), Failure> {
    let rows = administration.institutions().await.map_err(registry::unread)?;
    let has =
        |row: &InstitutionRow, wanted: &str| row.accounts.iter().any(|account| account.as_str() == wanted);
    let rows = rows.into_iter().filter(|row| account.is_none_or(|account| has(row, account)));
    let entries = rows.map(|row| {
        let code = row.org_code.as_str().to_owned();
        let accounts: Vec<&str> = row.accounts.iter().map(AccountId::as_str).collect();
        Entry {
            program: program(&row),
            enabled: row.active,
            names: vec![code.clone(), row.name.clone()],
            person: [
                code,
                row.name,
                accounts.join("、"),
                registry::served(row.active, row.stopped_until, row.closed_at),
            ],
        }
    });
    listing.print(["机构代码", "名称", "业务系统编码", "启用"], entries.collect());
    Ok(())
}
