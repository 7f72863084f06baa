//! What a space's owner can have done: another key, a channel of his own, another time, an acceptance run, a new beginning.

use std::net::IpAddr;
use std::sync::Arc;

use yanmi_acceptance::{Account, BaseUrl};
use yanmi_channel_acceptance::transport::Bytestream;
use yanmi_channel_acceptance::{Direct, NoticeUrl};
use yanmi_protocol::{OrgCode, Sm4Key};
use yanmi_sandbox::{read_world, write_world};
use yanmi_simulator::World;
use yanmi_simulator::world::Member;

use crate::hall::Hall;
use crate::record::RunRecord;
use crate::run::{self, Outcome, REPORT_HTML, REPORT_JSON, REPORT_SIGNED, Run, RunSettings};
use crate::space::Space;

/// Characters of the longest address of a channel app.
const MAX_NOTICE_URL: usize = 300;

/// What could not be done, in a sentence for whoever asked.
#[derive(Debug)]
pub(crate) struct Undone(pub(crate) String);

impl Undone {
    fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    fn because(error: &dyn std::fmt::Display) -> Self {
        Self(format!("没有做成：{error}"))
    }
}

/// Changes who exists in a space, which starts anew when it is entered next.
async fn change_world(
    hall: &Hall,
    space: &Space,
    change: impl FnOnce(&mut World) -> Result<(), Undone>,
) -> Result<(), Undone> {
    let _change = space.changing.lock().await;
    let file = space.world_file();
    let mut world = read_world(&file).map_err(|error| Undone::because(&error))?;
    change(&mut world)?;
    hall.rest(space).await;
    write_world(&file, &world).map_err(|error| Undone::because(&error))
}

/// Gives the vendor's account another key: this one, or a new one where the text is empty.
pub(crate) async fn change_key(hall: &Hall, space: &Space, text: &str) -> Result<(), Undone> {
    let key = if text.is_empty() {
        let mut bytes = [0; 16];
        hall.ports.entropy.fill(&mut bytes);
        Sm4Key::from_bytes(&bytes)
    } else {
        Sm4Key::from_hex(text).map_err(|_| Undone::new("密钥应为 32 位十六进制"))?
    };
    if hall.refused.refuse(&key) {
        let kcv = key.kcv();
        return Err(Undone::new(format!(
            "校验值 {kcv} 是生产环境的密钥，联调环境不收；请换一把，并检查您的程序没有把生产密钥用到别处"
        )));
    }
    change_world(hall, space, |world| {
        let account = world.accounts.first_mut().ok_or_else(|| Undone::new("空间里没有账号"))?;
        account.kcv = key.kcv().to_string();
        account.key = key;
        Ok(())
    })
    .await
}

/// Has the vendor's account call for another institution than the one that was made up: programs are often tied to theirs.
pub(crate) async fn change_institution(
    hall: &Hall,
    space: &Space,
    code: &str,
    name: &str,
) -> Result<(), Undone> {
    let code = OrgCode::new(code).map_err(|error| Undone(format!("定点医药机构代码{error}")))?;
    change_world(hall, space, |world| {
        let taken = |account: &yanmi_simulator::world::Account| {
            account.institutions.iter().skip(1).any(|member| member.org_codg == code)
        };
        let elsewhere = world
            .all_accounts()
            .skip(1)
            .any(|account| account.institutions.iter().any(|member| member.org_codg == code));
        if elsewhere || world.accounts.first().is_some_and(taken) {
            return Err(Undone::new("空间里已有另一家机构用这个代码，请换一个"));
        }
        let account = world.accounts.first_mut().ok_or_else(|| Undone::new("空间里没有账号"))?;
        let first = account.institutions.first_mut().ok_or_else(|| Undone::new("空间里没有机构"))?;
        *first = Member { org_codg: code, org_name: name.to_owned() };
        Ok(())
    })
    .await
}

/// Has a channel's notices go to a vendor's app, or back to the simulated one where the text is empty.
pub(crate) async fn change_channel(
    hall: &Hall,
    space: &Space,
    channel: &str,
    text: &str,
) -> Result<(), Undone> {
    let given = (!text.is_empty()).then(|| notice_url(text)).transpose()?;
    change_world(hall, space, |world| {
        let simulator = world.simulator_url.clone();
        let mut channels = world.channels.iter_mut();
        let own = channels.find(|own| own.chnl_id.as_str() == channel);
        let own = own.ok_or_else(|| Undone::new("没有这个渠道"))?;
        own.notice_url = match &given {
            None => format!("{simulator}/channels/{channel}/notice"),
            Some(url) => url.as_str().to_owned(),
        };
        Ok(())
    })
    .await
}

/// Where a vendor's app takes notices.
fn notice_url(text: &str) -> Result<NoticeUrl, Undone> {
    let url = NoticeUrl::new(text).ok().filter(|_| text.len() <= MAX_NOTICE_URL);
    url.ok_or_else(|| Undone::new("通知地址应为 http:// 或 https:// 开头的完整地址"))
}

/// Throws away all of a space but its record and its reports.
pub(crate) async fn begin_anew(hall: &Hall, space: &Space) -> Result<(), Undone> {
    let _change = space.changing.lock().await;
    if let Some(run) = space.set_run(None) {
        run.end(None).await;
    }
    hall.rest(space).await;
    space.empty().map_err(|error| Undone::because(&error))
}

/// What a vendor says of a run he begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunWanted<'a> {
    pub(crate) vendor: &'a str,
    pub(crate) product: &'a str,
    /// Where the channel app takes notices; nothing for an institution's system.
    pub(crate) notice_url: Option<&'a str>,
}

/// Begins an acceptance run, under the space's own account or channel.
pub(crate) async fn begin_run(
    hall: &Arc<Hall>,
    space: &Arc<Space>,
    wanted: RunWanted<'_>,
) -> Result<(), Undone> {
    let _change = space.changing.lock().await;
    if space.run().is_some() {
        return Err(Undone::new("已有一次验收正在进行"));
    }
    let world = read_world(&space.world_file()).map_err(|error| Undone::because(&error))?;
    let settings = match wanted.notice_url {
        Some(url) => RunSettings::Channel(Box::new(of_channel(hall, space, &world, (wanted, url))?)),
        None => RunSettings::Institution(Box::new(of_institution(hall, space, &world, wanted)?)),
    };
    let number = space.record().next_run;
    space.change(|record| record.next_run = number + 1).map_err(|error| Undone::because(&error))?;
    let run = Run::begin(number, settings, &hall.ports).await.map_err(|error| Undone::because(&error))?;
    let run = Arc::new(run);
    space.set_run(Some(Arc::clone(&run)));
    let (hall, space) = (Arc::clone(hall), Arc::clone(space));
    tokio::spawn(async move {
        run.finished().await;
        if let Err(Undone(why)) = end_run(&hall, &space, run.number).await {
            tracing::error!(space = space.id.short(), cause = why, "验收报告没有写下");
        }
    });
    Ok(())
}

/// Below a space's address.
fn below(hall: &Hall, space: &Space, what: &str) -> Result<BaseUrl, Undone> {
    let url = format!("{}/{what}", hall.urls(space).institution);
    BaseUrl::new(&url).map_err(|error| Undone::because(&error))
}

fn of_institution(
    hall: &Hall,
    space: &Space,
    world: &World,
    wanted: RunWanted<'_>,
) -> Result<yanmi_acceptance::Settings, Undone> {
    let account = world.accounts.first().ok_or_else(|| Undone::new("空间里没有账号"))?;
    let member = account.institutions.first().ok_or_else(|| Undone::new("空间里没有机构"))?;
    Ok(yanmi_acceptance::Settings {
        vendor: wanted.vendor.to_owned(),
        product: wanted.product.to_owned(),
        account: Some(Account { org_id: account.org_id, key: account.key.clone() }),
        public_url: Some(below(hall, space, "run")?),
        dead_url: Some(below(hall, space, "dead")?),
        ..yanmi_acceptance::Settings::new(world.region, member.org_codg)
    })
}

fn of_channel(
    hall: &Hall,
    space: &Space,
    world: &World,
    (wanted, url): (RunWanted<'_>, &str),
) -> Result<yanmi_channel_acceptance::Settings, Undone> {
    let channel = world.channels.first().ok_or_else(|| Undone::new("空间里没有渠道"))?;
    let url = notice_url(url)?;
    let mut settings = yanmi_channel_acceptance::Settings::new(world.region, channel.chnl_id, url);
    settings.key = Some(channel.key.clone());
    wanted.vendor.clone_into(&mut settings.vendor);
    wanted.product.clone_into(&mut settings.product);
    settings.ways.clone_from(&channel.auth_ways);
    settings.mac = channel.mac;
    settings.public_url = Some(below(hall, space, "run")?);
    settings.transport = Arc::new(way_to_apps(hall));
    settings.choose_all();
    Ok(settings)
}

/// To where channel apps of vendors may be, and to nothing of this machine.
fn way_to_apps(hall: &Hall) -> Direct {
    let (networks, network) = (hall.settings.channel_networks.clone(), hall.ports.network.clone());
    let allowed = move |ip: IpAddr| {
        let ip = ip.to_canonical();
        !ip.is_loopback() && !ip.is_unspecified() && networks.iter().any(|network| network.contains(&ip))
    };
    Direct::only(allowed).dialing(move |address| {
        let network = network.clone();
        Box::pin(async move { Ok(Box::new(network.dial(address).await?) as Box<dyn Bytestream>) })
    })
}

/// Ends the acceptance run of this number, if it is the one that goes on, and keeps its report.
pub(crate) async fn end_run(hall: &Hall, space: &Space, number: u32) -> Result<(), Undone> {
    let Some(run) = space.end_run(number) else { return Ok(()) };
    let world = read_world(&space.world_file()).map_err(|error| Undone::because(&error))?;
    let facts = hall.signer.facts(world.region, &space.record().name, run.number, hall.now());
    let Some(outcome) = run.end(facts).await else { return Ok(()) };
    let Outcome { kind, vendor, product, conclusion, json, html, statement } = outcome;
    let signed = statement.and_then(|statement| hall.signer.sign(statement));
    let mut files = vec![(REPORT_JSON, json.as_str()), (REPORT_HTML, html.as_str())];
    if let Some(signed) = &signed {
        files.push((REPORT_SIGNED, signed.as_str()));
    }
    run::keep(&space.run_dir(run.number), &files).map_err(|error| Undone::because(&error))?;
    let ended_at = hall.now();
    let record =
        RunRecord { number: run.number, kind, vendor, product, ended_at, conclusion: conclusion.into() };
    space.change(|kept| kept.note_run(record)).map_err(|error| Undone::because(&error))
}

/// The configuration of client, agent and C ABI for this space.
pub(crate) fn client_toml(hall: &Hall, space: &Space, world: &World) -> Option<String> {
    let account = world.accounts.first()?;
    let member = account.institutions.first()?;
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    Some(format!(
        "# {} 的空间，供 yanmi 客户端库、C 接口与 yanmi agent 使用\norg_id = {}\nkey = {}\nregion = {}\norg_code = {}\norg_name = {}\n\n[center]\nurls = [{}]\n",
        hall.settings.name,
        quoted(account.org_id.as_str()),
        quoted(account.key.to_hex().as_str()),
        quoted(world.region.as_str()),
        quoted(member.org_codg.as_str()),
        quoted(&member.org_name),
        quoted(&hall.urls(space).institution),
    ))
}

/// The space's world as others see it.
pub(crate) fn shown_world(hall: &Hall, space: &Space) -> Result<World, Undone> {
    let mut world = read_world(&space.world_file()).map_err(|error| Undone::because(&error))?;
    world.relocate(&hall.urls(space));
    Ok(world)
}

/// The file of a run, as it was kept.
pub(crate) fn run_file(space: &Space, number: u32, name: &str) -> Option<String> {
    /// Largest report that is handed out, in bytes.
    const MAX_REPORT: u64 = 8 * 1024 * 1024;
    let path = space.run_dir(number).join(name);
    let small = std::fs::metadata(&path).is_ok_and(|meta| meta.len() <= MAX_REPORT);
    small.then(|| std::fs::read_to_string(path).ok()).flatten()
}
