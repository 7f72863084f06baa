//! `yanmi channel`: 渠道应用.

use std::path::PathBuf;

use yanmi_center::config::Config;
use yanmi_center::outbound::{AllowList, Outbound, OutboundSettings};
use yanmi_center::ports::Network;
use yanmi_center::registry::{
    Act, Administration, ChannelEdit, ChannelRow, Handover, HandoverError, NewChannel, Object, Switch,
};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{ChannelId, UnixMillis};
use yanmi_verification::{ChannelFacts, ChannelRecord, Ways, WordLimits, WordLimitsError};

use crate::command::registry::{
    self, Chosen, Entry, Force, Listing, Stop, Why, check_values, check_values_text, yes,
};
use crate::failure::Failure;

/// 管理渠道应用
#[derive(Debug, clap::Args)]
pub(crate) struct Channel {
    /// 配置文件
    #[arg(long, value_name = "文件", global = true, default_value = "yanmi.toml")]
    config: PathBuf,
    #[command(flatten)]
    why: Why,
    #[command(subcommand)]
    what: ChannelAction,
}

#[derive(Debug, clap::Subcommand)]
enum ChannelAction {
    /// 新增渠道；不给密钥则生成一个并打印一次
    Add(Box<New>),
    /// 列出渠道
    List(Listing),
    /// 停用
    Disable {
        #[command(flatten)]
        one: ChannelName,
        #[command(flatten)]
        stop: Stop,
    },
    /// 启用
    Enable(ChannelName),
    /// 注销：永久停用，密钥作废，不能再启用，编码不再给别人
    Close(ChannelName),
    /// 更换通知地址
    Move {
        #[command(flatten)]
        one: ChannelName,
        /// 新的通知地址
        #[arg(long, value_name = "地址")]
        url: http::Uri,
    },
    /// 更换或取消确认时的跳转地址：认证页由它打开渠道应用
    Handover {
        #[command(flatten)]
        one: ChannelName,
        /// 新的跳转地址，写法同 add 的 --handover-url
        #[arg(long, value_name = "地址", required_unless_present = "none", conflicts_with = "none")]
        url: Option<String>,
        /// 不再跳转
        #[arg(long)]
        none: bool,
    },
    /// 登记或取消：渠道对通知答复“该参保人免密”（rcvFlag 为 2）时，在限额以内予以采信
    Word {
        #[command(flatten)]
        one: ChannelName,
        /// 限额：单笔与同一参保人当日合计，如 200,500（元）
        #[arg(long, value_name = "单笔,当日", required_unless_present = "none", conflicts_with = "none")]
        limits: Option<String>,
        /// 不再采信
        #[arg(long)]
        none: bool,
    },
    /// 更改名称、结算、免密、认证方式、认证记录、mac 要求；不给的不变
    Edit(ChannelChange),
    /// 换密钥：新旧密钥同时有效，直到 retire-key
    RotateKey {
        #[command(flatten)]
        one: ChannelName,
        /// 新密钥文件；不给则生成一个并打印一次
        #[arg(long, value_name = "文件")]
        key_file: Option<PathBuf>,
    },
    /// 结束换密钥：旧密钥失效
    RetireKey {
        #[command(flatten)]
        one: ChannelName,
        #[command(flatten)]
        force: Force,
    },
}

#[derive(Debug, clap::Args)]
struct ChannelChange {
    #[command(flatten)]
    one: ChannelName,
    #[command(flatten)]
    what: ChannelFields,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct ChannelFields {
    /// 名称
    #[arg(long, value_name = "名称")]
    name: Option<String>,
    /// 支持医保结算业务
    #[arg(long, value_name = "true|false")]
    settlement: Option<bool>,
    /// 提供免密功能
    #[arg(long, value_name = "true|false")]
    password_free: Option<bool>,
    /// 认证方式：01 凭证密码，02 人脸，03 渠道支付密码
    #[arg(long, value_name = "代码", value_delimiter = ',')]
    ways: Option<Vec<String>>,
    /// 渠道认证记录：active、disabled、missing
    #[arg(long, value_name = "状态")]
    record: Option<String>,
    /// 双向报文的 mac：required 没有则拒绝，optional 有则核对
    #[arg(long, value_name = "要求")]
    mac: Option<String>,
}

impl ChannelFields {
    fn edit(self) -> Result<ChannelEdit, Failure> {
        Ok(ChannelEdit {
            name: self.name,
            settlement: self.settlement,
            password_free: self.password_free,
            ways: self.ways.as_deref().map(ways).transpose()?,
            record: self.record.as_deref().map(record).transpose()?,
            mac: self.mac.as_deref().map(registry::mac_rule).transpose()?,
            ..ChannelEdit::default()
        })
    }
}

fn ways(codes: &[String]) -> Result<Ways, Failure> {
    codes
        .iter()
        .try_fold(Ways::NONE, |set, code| Some(set.with(Way::from_code(code)?)))
        .ok_or_else(|| Failure::new("--ways 只能是 01、02、03"))
}

fn record(word: &str) -> Result<ChannelRecord, Failure> {
    ChannelRecord::of_word(word).ok_or_else(|| Failure::new("--record 只能是 active、disabled、missing"))
}

#[derive(Debug, clap::Args)]
struct ChannelName {
    /// 渠道编码
    #[arg(long, value_name = "编码")]
    id: String,
}

#[derive(Debug, clap::Args)]
struct New {
    #[command(flatten)]
    one: ChannelName,
    /// 名称
    #[arg(long, value_name = "名称")]
    name: String,
    /// 通知地址
    #[arg(long, value_name = "地址")]
    url: http::Uri,
    /// 支持医保结算业务
    #[arg(long)]
    settlement: bool,
    /// 提供免密功能
    #[arg(long)]
    password_free: bool,
    /// 认证方式：01 凭证密码，02 人脸，03 渠道支付密码
    #[arg(long, value_name = "代码", value_delimiter = ',', default_value = "01,02,03")]
    ways: Vec<String>,
    /// 渠道认证记录：active、disabled、missing
    #[arg(long, value_name = "状态", default_value = "active")]
    record: String,
    /// 确认时的跳转地址，含 {notcNo}，可含 {way}：认证页用它打开渠道应用去刷脸或输支付密码
    #[arg(long, value_name = "地址")]
    handover_url: Option<String>,
    /// 采信渠道的免密答复（rcvFlag 为 2）的限额：单笔与同一参保人当日合计，如 200,500（元）；不给则不采信
    #[arg(long, value_name = "单笔,当日")]
    word_limits: Option<String>,
    /// 双向报文的 mac：required 没有则拒绝，optional 有则核对
    #[arg(long, value_name = "要求", default_value = "required")]
    mac: String,
    /// 密钥文件
    #[arg(long, value_name = "文件")]
    key_file: Option<PathBuf>,
}

impl ChannelName {
    fn id(&self) -> Result<ChannelId, Failure> {
        ChannelId::new(&self.id).map_err(|error| Failure::new(format!("--id {error}")))
    }

    fn object(&self) -> Result<Object, Failure> {
        self.id().map(Object::Channel)
    }
}

impl New {
    fn read(self) -> Result<(NewChannel, Chosen), Failure> {
        let (ways, record) = (ways(&self.ways)?, record(&self.record)?);
        let word = word_limits("--word-limits", self.word_limits.as_deref())?;
        let (settlement, password_free) = (self.settlement, self.password_free);
        let facts = ChannelFacts { record, settlement, password_free, ways, word };
        let id = self.one.id()?;
        let chosen = Chosen::from(self.key_file)?;
        let key = chosen.key.clone();
        let (name, notice_url) = (self.name, self.url);
        let handover = handover("--handover-url", self.handover_url.as_deref())?;
        let mac = registry::mac_rule(&self.mac)?;
        Ok((NewChannel { id, name, notice_url, facts, handover, mac, key }, chosen))
    }
}

impl Channel {
    pub(crate) fn run(self) -> Result<(), Failure> {
        registry::change(&self.config, &self.why, async |administration, config, act| {
            self.what.run(administration, config, act).await
        })
    }
}

impl ChannelAction {
    async fn run(
        self,
        administration: &mut Administration,
        config: &Config,
        act: Act<'_>,
    ) -> Result<(), Failure> {
        let changed = match self {
            Self::Add(new) => {
                check_address(&new.url, config)?;
                let (new, chosen) = new.read()?;
                let stored = administration.add_channel(&new, act).await;
                chosen.show_if(&stored);
                stored
            }
            Self::List(listing) => return list(administration, &listing).await,
            Self::Disable { one, stop } => {
                administration.switch(one.object()?, stop.switch(act.at), act).await
            }
            Self::Enable(one) => administration.switch(one.object()?, Switch::On, act).await,
            Self::Close(one) => administration.close_entry(one.object()?, act).await,
            Self::Move { one, url } => {
                check_address(&url, config)?;
                let edit = ChannelEdit { notice_url: Some(url), ..ChannelEdit::default() };
                administration.edit_channel(one.id()?, &edit, act).await
            }
            Self::Handover { one, url, none: _ } => {
                let url = handover("--url", url.as_deref())?;
                let edit = ChannelEdit { handover: Some(url), ..ChannelEdit::default() };
                administration.edit_channel(one.id()?, &edit, act).await
            }
            Self::Word { one, limits, none: _ } => {
                let limits = word_limits("--limits", limits.as_deref())?;
                let edit = ChannelEdit { word: Some(limits), ..ChannelEdit::default() };
                administration.edit_channel(one.id()?, &edit, act).await
            }
            Self::Edit(ChannelChange { one, what }) => {
                administration.edit_channel(one.id()?, &what.edit()?, act).await
            }
            Self::RotateKey { one, key_file } => {
                let chosen = Chosen::from(key_file)?;
                let stored = administration.rotate_channel_key(one.id()?, &chosen.key, act).await;
                chosen.show_if(&stored);
                stored
            }
            Self::RetireKey { one, force } => {
                administration.retire_channel_key(one.id()?, force.how(), act).await
            }
        };
        registry::told(changed)
    }
}

/// The address persons are handed over to, with the reason when it is none.
fn handover(option: &str, text: Option<&str>) -> Result<Option<Handover>, Failure> {
    let read = text.map(str::parse).transpose();
    read.map_err(|error: HandoverError| Failure::because(&format!("{option} 不可用"), &error))
}

/// Up to which amounts a channel's word is taken, with the reason when the text does not say so.
fn word_limits(option: &str, text: Option<&str>) -> Result<Option<WordLimits>, Failure> {
    let read = text.map(str::parse).transpose();
    read.map_err(|error: WordLimitsError| Failure::because(&format!("{option} 不可用"), &error))
}

/// An address outside of the allowed networks is refused when it is stored, not only when it is called.
fn check_address(url: &http::Uri, config: &Config) -> Result<(), Failure> {
    let settings = OutboundSettings {
        allow: AllowList::from(config.outbound.allow.clone()),
        roots: config.outbound.roots.clone(),
        network: Network::system(),
    };
    let outbound =
        Outbound::new(settings).map_err(|error| Failure::because("设置 outbound 不可用", &error))?;
    outbound.check_url(url).map_err(|error| Failure::because("--url 不可用（见设置 outbound.allow）", &error))
}

async fn list(administration: &mut Administration, listing: &Listing) -> Result<(), Failure> {
    let rows = administration.channels().await.map_err(registry::unread)?;
    let heading = [
        "渠道编码",
        "名称",
        "启用",
        "结算",
        "免密",
        "采信免密",
        "认证方式",
        "认证记录",
        "mac",
        "密钥校验值",
        "通知地址",
        "跳转地址",
    ];
    listing.print(heading, rows.into_iter().map(entry).collect());
    Ok(())
}

fn entry(row: ChannelRow) -> Entry<12> {
    let (id, url) = (row.id.as_str().to_owned(), row.notice_url.to_string());
    let ways: Vec<_> = row.facts.ways.iter().map(Way::code).collect();
    let keys = check_values(&row.newest, row.older.as_ref());
    let handover = row.handover.map(|handover| handover.as_str().to_owned());
    let word = row.facts.word.map(|word| word.to_string());
    Entry {
        program: serde_json::json!({
            "chnlId": id, "name": row.name, "enabled": row.enabled, "settlement": row.facts.settlement,
            "passwordFree": row.facts.password_free, "wordLimits": word, "ways": ways, "record": row.facts.record.word(), "mac": row.mac.word(),
            "kcv": keys, "url": url,
            "handoverUrl": handover, "stoppedUntil": row.stopped_until.map(UnixMillis::get),
            "closedAt": row.closed_at.map(UnixMillis::get), "changedAt": row.changed_at.get(),
        }),
        enabled: row.enabled,
        names: vec![id.clone(), row.name.clone()],
        person: [
            id,
            row.name,
            registry::served(row.enabled, row.stopped_until, row.closed_at),
            yes(row.facts.settlement),
            yes(row.facts.password_free),
            word.unwrap_or_default(),
            ways.join(","),
            row.facts.record.name().to_owned(),
            row.mac.name().to_owned(),
            check_values_text(&keys),
            url,
            handover.unwrap_or_default(),
        ],
    }
}
