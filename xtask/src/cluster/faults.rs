//! What is broken, and what makes it whole again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::books::commit_somewhere;
use super::ground::{Ground, NODES, cut, mend};
use super::patroni::View;
use super::site::Site;

/// What the database cluster needed by itself, from the beginning of the fault on.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Own {
    /// Until another node was the primary, by Patroni's own word; nothing where none had to be.
    pub(super) leader: Option<Duration>,
    /// Until a bystander, who tries all the time at all nodes, had a commit answered.
    pub(super) commit: Duration,
}

impl Own {
    async fn of_failover(site: &Site, old: &str, begin: Instant) -> Result<Self, String> {
        site.patroni.primary_beside(old).await?;
        let leader = begin.elapsed();
        let others = site.nodes.iter().filter(|node| node.name != old);
        let others: Vec<SocketAddr> = others.map(|node| node.postgres).collect();
        commit_somewhere(&others).await?;
        Ok(Self { leader: Some(leader), commit: begin.elapsed() })
    }
}

/// One thing that happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// SIGKILL for PostgreSQL and Patroni of the primary.
    KillPrimary,
    /// SIGKILL for the PostgreSQL of the primary alone.
    KillPostgres,
    /// The primary can reach nobody, and nobody it.
    CutPrimary,
    /// SIGKILL for everything on the standby that commits wait for.
    KillStandby,
    /// The standby that commits wait for can reach nobody, and nobody it.
    CutStandby,
    /// A node is stopped and started as for an upgrade; the primary hands over before.
    RestartNode(u8),
    /// SIGKILL for a center.
    KillCenter(u8),
    /// SIGKILL for HAProxy.
    KillProxy,
}

impl Fault {
    /// All of them, in their order.
    pub(super) fn all(short: bool) -> Vec<Self> {
        if short {
            return vec![Self::KillPrimary, Self::KillCenter(1)];
        }
        let mut all = vec![
            Self::KillPrimary,
            Self::KillPostgres,
            Self::CutPrimary,
            Self::KillStandby,
            Self::CutStandby,
        ];
        all.extend((1..=NODES).map(Self::RestartNode));
        all.extend((1..=3).map(Self::KillCenter));
        all.push(Self::KillProxy);
        all
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::KillPrimary => "primary killed".to_owned(),
            Self::KillPostgres => "primary's PostgreSQL killed, Patroni lives".to_owned(),
            Self::CutPrimary => "primary cut off".to_owned(),
            Self::KillStandby => "synchronous standby killed".to_owned(),
            Self::CutStandby => "synchronous standby cut off".to_owned(),
            Self::RestartNode(number) => format!("node db{number} restarted"),
            Self::KillCenter(number) => format!("center {number} killed"),
            Self::KillProxy => "HAProxy killed".to_owned(),
        }
    }

    /// Why it cannot happen here.
    pub(super) fn obstacle(self, ground: &Ground) -> Option<String> {
        let needed = matches!(self, Self::CutPrimary | Self::CutStandby);
        let why = ground.no_network.as_ref().filter(|_| needed)?;
        Some(format!("no network can be cut here, namespaces are refused ({why})"))
    }

    /// Lets it happen and repairs it.
    pub(super) async fn strike(self, site: &mut Site, view: &View) -> Result<Own, String> {
        let begin = Instant::now();
        let nodes: Vec<SocketAddr> = site.nodes.iter().map(|node| node.postgres).collect();
        let leader = view.leader.as_str();
        let standby = view.synchronous.first().ok_or("no synchronous standby")?.as_str();
        match self {
            Self::KillPrimary => {
                site.node(leader)?.kill();
                let own = Own::of_failover(site, leader, begin).await?;
                start(site, leader)?;
                Ok(own)
            }
            Self::KillPostgres => {
                site.node(leader)?.kill_postgres();
                commit_somewhere(&nodes).await?;
                Ok(Own { leader: None, commit: begin.elapsed() })
            }
            Self::CutPrimary => {
                let number = site.node(leader)?.number;
                cut(number)?;
                let own = Own::of_failover(site, leader, begin).await?;
                mend(number)?;
                Ok(own)
            }
            Self::KillStandby => {
                site.node(standby)?.kill();
                commit_somewhere(&nodes).await?;
                let own = Own { leader: None, commit: begin.elapsed() };
                start(site, standby)?;
                Ok(own)
            }
            Self::CutStandby => {
                let number = site.node(standby)?.number;
                cut(number)?;
                commit_somewhere(&nodes).await?;
                let own = Own { leader: None, commit: begin.elapsed() };
                mend(number)?;
                Ok(own)
            }
            Self::RestartNode(number) => restart(site, view, &format!("db{number}")).await,
            Self::KillCenter(number) => {
                let center =
                    site.centers.get_mut(usize::from(number) - 1).ok_or("there is no such center")?;
                center.kill();
                center.start()?;
                Ok(Own::default())
            }
            Self::KillProxy => site.proxy.restart().await.map(|()| Own::default()),
        }
    }
}

fn start(site: &mut Site, name: &str) -> Result<(), String> {
    let ground = &site.ground;
    let node = site.nodes.iter_mut().find(|node| node.name == name);
    node.ok_or_else(|| format!("there is no {name}"))?.start(ground)
}

/// As an operator restarts nodes: the primary hands over first.
async fn restart(site: &mut Site, view: &View, name: &str) -> Result<Own, String> {
    let begin = Instant::now();
    let nodes: Vec<SocketAddr> = site.nodes.iter().map(|node| node.postgres).collect();
    let mut own = Own::default();
    if view.leader == name {
        let candidate = view.synchronous.first().ok_or("no synchronous standby")?;
        site.patroni.switch_over(name, candidate).await?;
        own = Own::of_failover(site, name, begin).await?;
        site.patroni.whole().await?;
    }
    let stopping = Instant::now();
    site.node(name)?.stop().await?;
    // It may have been the standby commits waited for.
    commit_somewhere(&nodes).await?;
    own.commit = own.commit.max(stopping.elapsed());
    start(site, name)?;
    Ok(own)
}
