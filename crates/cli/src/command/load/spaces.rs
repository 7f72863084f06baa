//! What hundreds of vendors cost a test center who are at it at the same time, each with a visit a second.
//!
//! Every space is asked at a fixed rate, whatever the answers take, and a call counts from the moment it was due: a center
//! that is slow for a while does not get away with having been asked less. Center and load share what cores there are.

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::time::Instant;
use yanmi_protocol::message::{notify, status};
use yanmi_simulator::outgoing::Caller;
use yanmi_simulator::{Institution, World};

use super::arena::{Folder, Served};
use super::options::WARM_UP;
use crate::ambient;
use crate::command::serve::runtime;
use crate::failure::Failure;
use crate::host;

/// Calls a second to each space, of which a visit has as many: showing a code, decoding it, the notice, the confirmation, and
/// status queries.
const CALLS: usize = 20;
const EVERY: Duration = Duration::from_millis(1_000 / CALLS as u64);
/// How long a visit takes.
const VISIT: Duration = Duration::from_secs(1);
/// How long a call may take before it counts as failed.
const DEADLINE: Duration = Duration::from_secs(10);
/// 业务类型 of the decoded codes: an outpatient's settlement.
const BUSINESS: &str = "01301";
/// What the client waits for a space to be made and started.
const BEGINNING: Duration = Duration::from_mins(2);

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PrintedSpaces {
    what: &'static str,
    spaces: usize,
    calls: usize,
    calls_per_second: u64,
    failed: usize,
    p50_micros: u64,
    p99_micros: u64,
    most_micros: u64,
    /// Memory of the test center: started, with every space running, and at the end.
    memory_kib: (u64, u64, u64),
}

/// One space, as its vendor has it.
struct Vendor {
    world: World,
    institution: Institution,
    caller: Caller,
}

/// Starts a test center with so many spaces, loads all of them and prints what came of it.
pub(super) fn run(spaces: usize, seconds: u64, json: bool) -> Result<(), Failure> {
    host::raise_open_files();
    let folder = Folder::new().map_err(|error| Failure::because("无法准备压测环境", &error))?;
    let config = folder.0.join("testcenter.toml");
    let text = format!(
        "[testcenter]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:0\"\nopen = true\n\
         [operator]\nlisten = \"127.0.0.1:0\"\n\
         [limits]\nspaces = {spaces}\nrunning = {spaces}\nspaces_per_source_hour = 1000\nrequests_per_second = 1000\n"
    );
    fs::write(&config, text).map_err(|error| Failure::because("无法准备压测环境", &error))?;
    let args = ["testcenter", "--announce", "--log", "error", "--config", &config.to_string_lossy()];
    let server = Served::start_anywhere(&args, Stdio::inherit())?;
    let printed = runtime(0)?.block_on(measure(&server, spaces, seconds))?;
    if json {
        let text = serde_json::to_string(&printed).map_err(|e| Failure::because("无法输出 JSON", &e))?;
        println!("{text}");
        return Ok(());
    }
    let (idle, running, end) = printed.memory_kib;
    println!("spaces：{spaces} 个空间，每个每秒 {CALLS} 次请求，共 {seconds} 秒");
    println!("  {} 次，每秒 {}；失败 {}", printed.calls, printed.calls_per_second, printed.failed);
    println!(
        "  时延（微秒）：p50 {}，p99 {}，最长 {}",
        printed.p50_micros, printed.p99_micros, printed.most_micros
    );
    println!("  内存（KiB）：启动后 {idle}，全部空间启动后 {running}，结束时 {end}");
    Ok(())
}

async fn measure(server: &Served, spaces: usize, seconds: u64) -> Result<PrintedSpaces, Failure> {
    let caller = Caller::new();
    let mut vendors = Vec::new();
    for _ in 0..spaces {
        vendors.push(begin(&caller, server.address).await?);
    }
    let (idle, running) = server.memory()?;
    let start = Instant::now() + Duration::from_millis(500);
    let (counted, end) = (start + WARM_UP, start + WARM_UP + Duration::from_secs(seconds));
    let count = u32::try_from(spaces).unwrap_or(u32::MAX).max(1);
    let tasks: Vec<_> = (0_u32..)
        .zip(vendors)
        // Vendors do not know of one another: their visits begin spread over the second that one takes.
        .map(|(at, vendor)| tokio::spawn(visit(vendor, start + VISIT * at / count, counted, end)))
        .collect();
    let (mut took, mut failed) = (Vec::new(), 0);
    for task in tasks {
        let (own, wrong) = task.await.map_err(|error| Failure::because("压测中断", &error))?;
        took.extend(own);
        failed += wrong;
    }
    took.sort_unstable();
    let at = |share: usize| took.get(took.len() * share / 1_000).copied().unwrap_or(0);
    let (_, now) = server.memory()?;
    Ok(PrintedSpaces {
        what: "spaces",
        spaces,
        calls: took.len(),
        calls_per_second: u64::try_from(took.len()).unwrap_or(u64::MAX) / seconds.max(1),
        failed,
        p50_micros: at(500),
        p99_micros: at(990),
        most_micros: took.last().copied().unwrap_or(0),
        memory_kib: (idle, running, now),
    })
}

/// Makes a space as a vendor does, and takes what he is given.
async fn begin(caller: &Caller, address: SocketAddr) -> Result<Vendor, Failure> {
    let failed = |error: yanmi_simulator::outgoing::CallError| Failure::because("空间未能建立", &error);
    let form = Bytes::from_static(b"name=load&contact=0591-00000000");
    let made = caller.post(&format!("http://{address}/spaces"), form, BEGINNING).await.map_err(failed)?;
    let place = made.location.ok_or_else(|| Failure::new("空间未能建立"))?;
    let base = format!("http://{address}{place}");
    caller.get(&base, BEGINNING).await.map_err(failed)?;
    let file = caller.get(&format!("{base}sandbox.json"), BEGINNING).await.map_err(failed)?;
    let text = std::str::from_utf8(&file.body).unwrap_or_default();
    let world =
        World::from_json(text).map_err(|error| Failure::because("空间的 sandbox.json 有误", &error))?;
    let account = world.accounts.first().ok_or_else(|| Failure::new("空间里没有账号"))?;
    let clock = ambient::clock();
    let clock: yanmi_simulator::Clock = Arc::new(move || clock.now());
    let (url, id, key) = (&world.institution_url, account.org_id.as_str(), account.key.clone());
    let institution = Institution::new(url, id, key, world.region, clock).with_deadline(DEADLINE);
    Ok(Vendor { institution: institution.with_caller(caller.clone()), world, caller: caller.clone() })
}

/// Visits one after the other until the end; what each call took that was due after the warm-up, and how many failed.
async fn visit(vendor: Vendor, start: Instant, counted: Instant, end: Instant) -> (Vec<u64>, usize) {
    let (mut took, mut failed, mut due) = (Vec::new(), 0, start);
    for round in 0.. {
        let mut visit =
            Visit { vendor: &vendor, round, qr: String::new(), token: String::new(), notice: String::new() };
        for step in 0..CALLS {
            if due >= end {
                return (took, failed);
            }
            tokio::time::sleep_until(due).await;
            let good = visit.call(step).await.is_some();
            if due >= counted {
                took.push(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
                failed += usize::from(!good);
            }
            due += EVERY;
        }
    }
    (took, failed)
}

/// One person at the counter.
struct Visit<'a> {
    vendor: &'a Vendor,
    round: usize,
    qr: String,
    token: String,
    notice: String,
}

impl Visit<'_> {
    /// One of a visit's calls; nothing when its answer is not the one it should be.
    async fn call(&mut self, step: usize) -> Option<()> {
        let vendor = self.vendor;
        let member = vendor.world.accounts.first()?.institutions.first()?;
        let person = vendor.world.persons.get(self.round % vendor.world.persons.len())?;
        let (index, channel) = (person.ec_index_no.as_str(), vendor.world.channels.first()?.chnl_id);
        match step {
            0 => {
                let body = serde_json::json!({ "ecIndexNo": index, "chnlId": channel.as_str() });
                self.control("/qr", &body).await?.get("ecQrCode")?.as_str()?.clone_into(&mut self.qr);
            }
            1 => {
                let done =
                    vendor.institution.decode(member.org_codg.as_str(), BUSINESS, &self.qr).await.ok()?;
                done.token?.as_str().clone_into(&mut self.token);
            }
            2 => {
                let draft = notify::Draft {
                    token: &self.token,
                    org_code: member.org_codg.as_str(),
                    org_name: &member.org_name,
                    amount: Some("128.50"),
                };
                let called = vendor.institution.notify_extended(&draft).await.ok()?;
                return (called.answer.code == 0).then_some(());
            }
            9 => {
                let url = format!("{}/phones/{index}/notices", vendor.world.simulator_url);
                let answer = vendor.caller.get(&url, DEADLINE).await.ok()?;
                let list: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
                let row = list["notices"].as_array()?.iter().find(|row| row["state"] == "pending")?;
                row["notcNo"].as_str()?.clone_into(&mut self.notice);
            }
            10 => {
                let body = serde_json::json!({ "notcNo": self.notice, "action": "confirm", "way": "01" });
                self.control(&format!("/phones/{index}/act"), &body).await?;
            }
            _ => {
                let draft = status::Draft {
                    token: &self.token,
                    org_code: member.org_codg.as_str(),
                    extended: None,
                    wait_seconds: None,
                };
                let confirmed = vendor.institution.status(&draft).await.ok()?.member("checkStas")? == "1";
                return (confirmed == (step > 10)).then_some(());
            }
        }
        Some(())
    }

    async fn control(&self, path: &str, body: &serde_json::Value) -> Option<serde_json::Value> {
        let url = format!("{}{path}", self.vendor.world.simulator_url);
        let answer = self.vendor.caller.post(&url, body.to_string().into(), DEADLINE).await.ok()?;
        (answer.status == 200).then(|| serde_json::from_slice(&answer.body).ok()).flatten()
    }
}
