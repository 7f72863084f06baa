//! What a center does beside requests, until it stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::alarms::{self, AlarmWatch};
use crate::bulk_import;
use crate::calls::{self, CallsWriter};
use crate::config::Config;
use crate::ports::{Clock, ClockStep, Steps};
use crate::registry::{AdministrationError, KeyUse};
use crate::retention;
use crate::site::Site;
use crate::statistics::{self, Roller};
use crate::telemetry::chain;

/// How often a running center looks whether accounts, institutions or channels have changed.
const REGISTRY_EVERY: Duration = Duration::from_secs(1);
/// How often time ends what it ends of applications; their times are days.
const APPLICATIONS_EVERY: Duration = Duration::from_mins(1);
/// How often recorded values are folded into their histograms, and quiet sources forgotten.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// How often it is written down which keys were used.
const KEYS_EVERY: Duration = Duration::from_mins(1);
/// Accounts of which that is written down at a time: after an upgrade it is all that call.
const KEYS_AT_ONCE: usize = 200;
/// Statements a minute that say when keys were last used.
const USE_ROUNDS: usize = 50;

/// What is done beside requests.
pub(super) fn chores(
    site: &Arc<Site>,
    writer: &Arc<Mutex<CallsWriter>>,
    (roller, watch): (&Arc<Mutex<Roller>>, &Arc<Mutex<AlarmWatch>>),
    config: &Config,
) -> Vec<JoinHandle<()>> {
    let mut chores =
        vec![tokio::spawn(upkeep(Arc::clone(site))), tokio::spawn(retention::follow(Arc::clone(site)))];
    // A scratch center's clock is set on purpose, nobody watches it, and whoever changes its registry starts it anew.
    if !config.scratch {
        chores.push(tokio::spawn(follow_registry(Arc::clone(site))));
        chores.push(tokio::spawn(follow_keys(Arc::clone(site))));
        chores.push(tokio::spawn(calls::follow(Arc::clone(writer))));
        chores.push(tokio::spawn(follow_clock(site.clock.clone())));
        chores.push(tokio::spawn(statistics::follow(Arc::clone(roller))));
        chores.push(tokio::spawn(alarms::follow(Arc::clone(watch))));
    }
    if config.listen.operator.address.is_some() {
        chores.push(tokio::spawn(bulk_import::follow(Arc::clone(site))));
        chores.push(tokio::spawn(follow_applications(Arc::clone(site))));
    }
    chores
}

async fn follow_registry(site: Arc<Site>) {
    let mut tick = tokio::time::interval(REGISTRY_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tick.tick().await;
        let refreshed = site.registry.refresh().await;
        // Told once, not each second of an outage.
        let told = std::mem::replace(&mut failing, refreshed.is_err());
        if told && !failing {
            tracing::warn!("数据库恢复可用，本中心已就绪");
        }
        match refreshed {
            Ok(false) => {}
            Ok(true) => tracing::info!("机构、渠道或账号登记有变更，已生效"),
            Err(_) if told => {}
            Err(error) => {
                tracing::error!(cause = %chain(&error), "数据库不可用，本中心未就绪；继续使用原有登记");
            }
        }
    }
}

/// V15: a clock that was set makes lives longer or shorter; that it was is told.
async fn follow_clock(clock: Clock) {
    let begun = tokio::time::Instant::now();
    let mut steps = Steps::new(clock.now(), Duration::ZERO);
    let mut tick = tokio::time::interval(REGISTRY_EVERY);
    loop {
        tick.tick().await;
        let steady = begun.elapsed();
        match steps.look(clock.now(), steady) {
            None => {}
            Some(ClockStep::Ahead(by)) => tracing::warn!(
                seconds = by.as_secs_f64(),
                "系统时钟被拨快：未到期的通知与确认会提早失效；请检查时间同步"
            ),
            Some(ClockStep::Back(by)) => tracing::warn!(
                seconds = by.as_secs_f64(),
                "系统时钟被拨慢：晚于现在的时刻一律当作现在；请检查时间同步"
            ),
        }
    }
}

/// Carries out what time has done to applications; how many there were.
pub(super) async fn lapse_applications(site: &Site) -> Result<usize, AdministrationError> {
    let (console, now) = (&site.console, site.clock.now());
    console.work(async |a| a.lapse_applications(&console.calendar, now).await).await
}

/// What time does to applications, at every site that has a console.
async fn follow_applications(site: Arc<Site>) {
    let mut tick = tokio::time::interval(APPLICATIONS_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match lapse_applications(&site).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "接入申请到期或转上一级"),
            Err(error) => tracing::warn!(cause = %chain(&error), "接入申请的期限未能处理，稍后再试"),
        }
    }
}

async fn upkeep(site: Arc<Site>) {
    let mut tick = tokio::time::interval(UPKEEP_EVERY);
    loop {
        tick.tick().await;
        let calls = site.telemetry.upkeep();
        // Nobody asks a scratch center for them.
        if !site.store.is_scratch() {
            site.calls.sum(calls, site.clock.now());
        }
        site.openings.sweep();
        site.decodes.sweep();
        site.console.operators.tries.sweep();
        site.console.applicants.tries.sweep();
        let now = site.clock.now();
        if let Err(error) = site.console.write_attempts(site.console.attempts.due(now), now).await {
            tracing::warn!(cause = %chain(&error), "越出辖区的访问次数没有写下");
        }
    }
}

async fn follow_keys(site: Arc<Site>) {
    let mut tick = tokio::time::interval(KEYS_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        note_keys(&site).await;
    }
}

/// Writes down which keys were used since the last time. What cannot be written now is tried again.
pub(super) async fn note_keys(site: &Site) {
    note_first_uses(site).await;
    note_last_uses(site).await;
}

async fn note_last_uses(site: &Site) {
    let snapshot = site.registry.snapshot();
    // Each round leaves fewer, so there are no more rounds than these.
    for _ in 0..USE_ROUNDS {
        let (uses, marks): (Vec<_>, Vec<_>) = snapshot.unnoted_uses(KEYS_AT_ONCE).into_iter().unzip();
        if uses.is_empty() {
            return;
        }
        let times: Vec<_> = uses.iter().map(KeyUse::at).collect();
        if let Err(error) = site.console.work(async |a| a.note_last_uses(uses).await).await {
            tracing::warn!(cause = %chain(&error), "未能记下密钥最近的使用时间，一分钟后再试");
            return;
        }
        marks.iter().zip(times).for_each(|(mark, at)| mark.note(at));
    }
}

async fn note_first_uses(site: &Site) {
    let snapshot = site.registry.snapshot();
    let due = snapshot.unnoted_keys(KEYS_AT_ONCE);
    if due.is_empty() {
        return;
    }
    let uses: Vec<_> =
        due.iter().map(|account| (account.id, account.keys.newest.kcv().to_string())).collect();
    let now = site.clock.now();
    match site.console.work(async |a| a.note_key_uses(&uses, now).await).await {
        Ok(()) => due.iter().for_each(|account| account.use_is_noted()),
        Err(error) => tracing::warn!(cause = %chain(&error), "未能记下哪些密钥已经用过，一分钟后再试"),
    }
}
