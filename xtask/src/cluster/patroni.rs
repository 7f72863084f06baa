//! What Patroni says about the cluster, and what can be asked of it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yanmi_simulator::outgoing::Caller;

use super::ground::NODES;
use super::node::Node;
use super::process::LOOK;

/// How long Patroni may take to answer; one that is cut off never does.
const ANSWERS_WITHIN: Duration = Duration::from_millis(500);
/// How long Patroni may take to carry out a switchover.
const SWITCHES_WITHIN: Duration = Duration::from_mins(1);
/// How long the cluster may take until another node is the primary: several times `ttl`.
const FAILS_OVER_WITHIN: Duration = Duration::from_secs(90);
/// How long the cluster may take until all nodes are in their places again.
const WHOLE_WITHIN: Duration = Duration::from_mins(3);

/// Asks the Patroni of each node.
#[derive(Debug)]
pub(super) struct Patroni {
    caller: Caller,
    rest: Vec<(String, SocketAddr)>,
}

/// Who is what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct View {
    pub(super) leader: String,
    /// Those a commit waits for.
    pub(super) synchronous: Vec<String>,
}

impl Patroni {
    pub(super) fn of(nodes: &[Node]) -> Self {
        let rest = nodes.iter().map(|node| (node.name.clone(), node.rest)).collect();
        Self { caller: Caller::new(), rest }
    }

    /// Waits until there are a primary, a synchronous standby, and no node that lags or misses.
    pub(super) async fn whole(&self) -> Result<View, String> {
        let until = Instant::now() + WHOLE_WITHIN;
        let mut seen = Value::Null;
        while Instant::now() < until {
            for (_, rest) in &self.rest {
                let Some(cluster) = self.get(*rest, "cluster").await else { continue };
                if let Some(view) = view(&cluster) {
                    return Ok(view);
                }
                seen = cluster;
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(format!("the cluster is not whole after {WHOLE_WITHIN:?}: {seen}"))
    }

    /// Waits until another node than this one is the primary.
    pub(super) async fn primary_beside(&self, old: &str) -> Result<(), String> {
        let until = Instant::now() + FAILS_OVER_WITHIN;
        while Instant::now() < until {
            for (_, rest) in self.rest.iter().filter(|(name, _)| name != old) {
                if self.get(*rest, "primary").await.is_some() {
                    return Ok(());
                }
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(format!("no other node than {old} became the primary within {FAILS_OVER_WITHIN:?}"))
    }

    /// Has the primary hand over to another node.
    pub(super) async fn switch_over(&self, leader: &str, candidate: &str) -> Result<(), String> {
        let found = self.rest.iter().find(|(name, _)| name == leader);
        let (_, rest) = found.ok_or_else(|| format!("there is no {leader}"))?;
        let body = json!({ "leader": leader, "candidate": candidate }).to_string();
        let url = format!("http://{rest}/switchover");
        let answer = self.caller.post(&url, body.into(), SWITCHES_WITHIN).await;
        let answer = answer.map_err(|error| error.to_string())?;
        match answer.status {
            200 => Ok(()),
            status => Err(format!("switchover: {status} {}", String::from_utf8_lossy(&answer.body))),
        }
    }

    /// What is there, if it says that all is well.
    async fn get(&self, rest: SocketAddr, path: &str) -> Option<Value> {
        let answer = self.caller.get(&format!("http://{rest}/{path}"), ANSWERS_WITHIN).await.ok()?;
        (answer.status == 200).then(|| serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}

/// The view of a cluster that is whole.
fn view(cluster: &Value) -> Option<View> {
    let members = cluster["members"].as_array()?;
    let named = |role: &str| -> Vec<String> {
        let members = members.iter().filter(|member| member["role"] == role);
        members.filter_map(|member| Some(member["name"].as_str()?.to_owned())).collect()
    };
    let runs = |member: &Value| ["running", "streaming"].iter().any(|state| member["state"] == *state);
    let follows = |member: &Value| member["role"] == "leader" || member["lag"] == 0;
    let timelines: BTreeSet<Option<u64>> = members.iter().map(|member| member["timeline"].as_u64()).collect();
    let (leaders, synchronous) = (named("leader"), named("sync_standby"));
    let whole = members.len() == usize::from(NODES)
        && members.iter().all(|member| runs(member) && follows(member))
        && timelines.len() == 1
        && !synchronous.is_empty();
    match leaders.as_slice() {
        [leader] if whole => Some(View { leader: leader.clone(), synchronous }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Value {
        json!({ "members": [
            { "name": "db1", "role": "sync_standby", "state": "running", "timeline": 2, "lag": 0 },
            { "name": "db2", "role": "leader", "state": "running", "timeline": 2 },
            { "name": "db3", "role": "replica", "state": "running", "timeline": 2, "lag": 0 },
        ] })
    }

    #[test]
    fn a_cluster_is_whole_when_everybody_is_in_their_place() {
        let whole = View { leader: "db2".to_owned(), synchronous: vec!["db1".to_owned()] };
        assert_eq!(view(&cluster()), Some(whole));
        for (member, name, value) in [
            (0, "role", json!("replica")),
            (0, "state", json!("starting")),
            (1, "role", json!("replica")),
            (2, "timeline", json!(1)),
            (2, "lag", json!("unknown")),
            (2, "role", json!("leader")),
        ] {
            let mut broken = cluster();
            broken["members"][member][name] = value;
            assert_eq!(view(&broken), None, "{broken}");
        }
        let mut few = cluster();
        few["members"].as_array_mut().expect("a list").pop();
        assert_eq!(view(&few), None);
    }
}
