//! The gate of an agent on a core of its own; the center and everybody else share the other.
//!
//! Every question is what a settlement costs: the visit is loaded, the center is asked, the decision is sealed and
//! committed, and only then answered.

use std::path::Path;
use std::sync::Arc;

use yanmi_agent::AgentConfig;
use yanmi_client::visits::NewVisit;
use yanmi_client::{Desk, Machine};
use yanmi_protocol::Sm4Key;
use yanmi_trial::load::{What, bench_token};

use super::arena::{self, Arena, Cores};
use super::options::Load;
use super::target::{Printed, plan, run};
use crate::ambient;
use crate::failure::Failure;
use crate::private_file;

/// Visits the questions are about, in turn.
const VISITS: u64 = 512;

/// Measures an agent of its own before a center of its own.
pub(super) async fn measure(cores: &Cores, load: &Load) -> Result<Printed, Failure> {
    let arena = Arena::start(&cores.beside(), load).await?;
    let folder = &arena.folder.0;
    let path = folder.join("agent.toml");
    private_file::write(&path, &config(&arena)?)?;
    let settings = AgentConfig::load(&path, &|_| None).map_err(|error| Failure::new(error.to_string()))?;
    let prepared = tokio::task::spawn_blocking({
        let client = settings.client.clone();
        move || visits(&client)
    });
    let visits = prepared.await.map_err(|error| Failure::because("准备数据时失败", &error))??;
    let server = arena::agent(cores, &path)?;
    let token = token(&settings.token_file)?;
    let host = server.address;
    let requests: Vec<String> = visits
        .iter()
        .map(|id| {
            format!(
                "GET /visits/{id}/gate?amount=1&kind=2207 HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\r\n"
            )
        })
        .collect();
    let count = u64::try_from(requests.len()).unwrap_or(1).max(1);
    let what = What::Gate(Arc::new(move |n| {
        usize::try_from(n % count).ok().and_then(|at| requests.get(at)).cloned().unwrap_or_default()
    }));
    let report = run(plan(vec![server.address], what, load.connections, load.until())).await?;
    Ok(Printed { report, server_memory_kib: Some(server.memory()?), ledger: count, audit: load.audit })
}

fn token(file: &Path) -> Result<String, Failure> {
    let token = std::fs::read_to_string(file).map_err(|error| Failure::because("无法读取令牌", &error))?;
    Ok(token.trim().to_owned())
}

/// The agent of the world's first account.
fn config(arena: &Arena) -> Result<String, Failure> {
    let account = arena.world.accounts.first();
    let member = account.and_then(|account| account.institutions.first());
    let (Some(account), Some(member)) = (account, member) else {
        return Err(Failure::new("压测环境中没有账号或机构"));
    };
    let mut key = [0; 16];
    ambient::fill(&mut key);
    Ok(format!(
        "org_id = \"{org_id}\"\nkey = \"{account_key}\"\nregion = \"{region}\"\norg_code = \"{org_code}\"\norg_name = \"医院\"\n\
         [center]\nurls = [\"http://{address}\"]\n\
         [visits]\nfile = \"visits.sqlite\"\nkey = \"{visits_key}\"\n\
         [agent]\nlisten = \"127.0.0.1:0\"\n",
        org_id = account.org_id.as_str(),
        account_key = *account.key.to_hex(),
        region = arena.world.region.as_str(),
        org_code = member.org_codg.as_str(),
        address = arena.first()?.address,
        visits_key = *Sm4Key::from_bytes(&key).to_hex(),
    ))
}

/// Visits whose persons were notified, by real calls.
fn visits(config: &yanmi_client::ClientConfig) -> Result<Vec<String>, Failure> {
    let failed = |error: yanmi_client::DeskError| Failure::new(format!("准备数据时失败：{error}"));
    let desk = Desk::open(config, Arc::new(Machine::new())).map_err(failed)?;
    let mut made = Vec::new();
    for n in 0..VISITS {
        let visit = desk.begin(&NewVisit::scanned(bench_token(n))).map_err(failed)?;
        let noticed = desk.notify(visit.id(), "1".parse().ok()).map_err(failed)?;
        if let Some(verdict) = noticed.advice {
            return Err(Failure::new(format!("准备数据时失败：{verdict:?}")));
        }
        made.push(visit.id().to_string());
    }
    Ok(made)
}
