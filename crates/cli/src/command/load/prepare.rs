//! What a measurement needs, made by real calls.

use std::sync::Arc;

use yanmi_trial::load::{Report, Until, What, bench_token};

use super::target::{Target, plan, run};
use crate::failure::Failure;

/// As many verifications, each notified.
pub(super) async fn verifications(target: &Target, count: u64, connections: usize) -> Result<u64, Failure> {
    let report = all(target, target.notices(Arc::new(bench_token)), count, connections).await?;
    Ok(report.requests)
}

/// As many tokens known to the center, none of them ever notified: a status query makes it ask the national center.
pub(super) async fn tokens(target: &Target, count: u64, connections: usize) -> Result<(), Failure> {
    let code = target.org_code;
    let targets = Arc::new(move |n| (bench_token(n), code));
    let what = What::Status { sender: target.sender.clone(), targets };
    all(target, what, count, connections).await.map(|_| ())
}

async fn all(target: &Target, what: What, count: u64, connections: usize) -> Result<Report, Failure> {
    let until = Until::Requests { warm_up: 0, measured: count };
    let report = run(plan(target.addresses.clone(), what, connections, until)).await?;
    match report.errors.iter().next() {
        None => Ok(report),
        Some((error, times)) => Err(Failure::new(format!("准备数据时失败：{error} 共 {times} 次"))),
    }
}
