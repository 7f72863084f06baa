//! Who is asked, in whose name, and what comes of it.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;
use yanmi_protocol::OrgCode;
use yanmi_simulator::World;
use yanmi_trial::load::{self, LoadPlan, Report, Sender, Until, What};

use crate::ambient;
use crate::failure::Failure;

/// What is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Printed {
    #[serde(flatten)]
    pub(super) report: Report,
    /// Memory of the server this command started: before the first request, and after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server_memory_kib: Option<(u64, u64)>,
    /// Verifications there were when the measurement began.
    pub(super) ledger: u64,
    /// Rows that were written into the audit before.
    pub(super) audit: u64,
}

pub(super) fn plan(addrs: Vec<SocketAddr>, what: What, connections: usize, until: Until) -> LoadPlan {
    let clock = ambient::clock();
    LoadPlan { addrs, what, connections, until, clock: Arc::new(move || clock.now()) }
}

pub(super) async fn run(plan: LoadPlan) -> Result<Report, Failure> {
    load::run(plan).await.map_err(|error| Failure::because("压测未能进行", &error))
}

/// Who is asked, and in whose name.
pub(super) struct Target {
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) sender: Sender,
    pub(super) org_code: OrgCode,
}

impl Target {
    pub(super) fn of(world: &World, addresses: Vec<SocketAddr>, mac: bool) -> Result<Self, Failure> {
        let account = world.accounts.first();
        let member = account.and_then(|account| account.institutions.first());
        let (Some(account), Some(member)) = (account, member) else {
            return Err(Failure::new("sandbox.json 中没有账号或机构"));
        };
        let (org_id, key, region) = (account.org_id, account.key.clone(), world.region);
        let sender = Sender { org_id, key, region, mac };
        Ok(Self { addresses, sender, org_code: member.org_codg })
    }

    /// Notices, a token of `tokens` each.
    pub(super) fn notices(&self, tokens: load::Tokens) -> What {
        What::Notify {
            sender: self.sender.clone(),
            tokens,
            org_code: self.org_code,
            org_name: "医院".to_owned(),
            amount: None,
        }
    }
}
