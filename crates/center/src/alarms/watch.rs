//! Once a minute: looks, and writes down what it found with how far it has come.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use yanmi_onboarding::{AlarmRule, Area};

use super::look::{Looker, merged};
use super::tell::AlarmTeller;
use crate::events::{BrokenLink, stretch};
use crate::ports::Clock;
use crate::registry::Registry;
use crate::registry::alarms::{self, Finding};
use crate::statistics::marks::{self, CountMark, MarkSource};
use crate::store::connection::Connection;
use crate::store::node::server_time;
use crate::store::{Store, StoreError};
use crate::telemetry::{Telemetry, chain};

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(1);
/// Before the first one, for a start has other things to do.
const FIRST: Duration = Duration::from_secs(10);

/// What looking works with.
#[derive(Clone, Debug)]
pub(crate) struct AlarmWatchParts {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) telemetry: Telemetry,
    pub(crate) province: Area,
}

/// Looks for alarms.
#[derive(Debug)]
pub(crate) struct AlarmWatch {
    parts: AlarmWatchParts,
    /// Which of several processes this is.
    node: i64,
    connection: Option<Connection>,
    /// Who tells them outside of the console, where somebody is to be told.
    teller: Option<AlarmTeller>,
    failing: bool,
}

/// Rounds, until the process stops.
pub(crate) async fn follow(watch: Arc<Mutex<AlarmWatch>>) {
    let mut tick = tokio::time::interval_at(Instant::now() + FIRST, EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        watch.lock().await.round().await;
    }
}

impl AlarmWatch {
    /// As this process.
    pub(crate) fn new(node: i64, parts: AlarmWatchParts, teller: Option<AlarmTeller>) -> Self {
        Self { parts, node, connection: None, teller, failing: false }
    }

    /// Looks once.
    pub(crate) async fn round(&mut self) {
        let connection = match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.parts.store.connect_aside().await,
        };
        let looked = match connection {
            Ok(mut connection) => {
                let looked = self.look(&mut connection).await;
                // One on which something went wrong is not used again.
                self.connection = looked.is_ok().then_some(connection);
                looked
            }
            Err(error) => Err(error),
        };
        match looked {
            Ok(()) => self.failing = false,
            Err(error) if !std::mem::replace(&mut self.failing, true) => {
                tracing::warn!(cause = %chain(&error), "告警未能检查，一分钟后重试；业务不受影响");
            }
            Err(_) => {}
        }
    }

    /// Closes the connection, at a stop.
    pub(crate) async fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Everything that counts is committed.
            let _ = connection.close().await;
        }
    }

    async fn look(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        // Each process looks at its own clock.
        if let Some(server) = server_time(connection).await? {
            let snapshot = self.parts.registry.snapshot();
            let looker = Looker { connection, snapshot: &snapshot, province: self.parts.province, now };
            let found: Vec<Finding> = looker.of_clock(server, self.node).into_iter().collect();
            alarms::raise_alone(connection, &found, now).await?;
        }
        let mark = marks::read(connection, MarkSource::Alarms).await?;
        if mark.is_for(self.node, now) {
            self.look_around(connection, mark).await?;
            if let Some(teller) = &mut self.teller {
                teller.round(connection, now).await?;
            }
        }
        // Where nobody is to be told, all are.
        let untold = if self.teller.is_some() { alarms::count_untold(connection, now).await? } else { 0 };
        self.parts.telemetry.alarms_untold(untold);
        let open = alarms::open_by_rule(connection).await?;
        for rule in AlarmRule::ALL {
            let count = open.iter().find(|(of, _)| *of == rule).map_or(0, |(_, count)| *count);
            self.parts.telemetry.alarms_open(rule.word(), count);
        }
        Ok(())
    }

    /// Looks at all that a site has one of.
    async fn look_around(&self, connection: &mut Connection, mark: CountMark) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        let snapshot = self.parts.registry.snapshot();
        let fresh = stretch(connection, mark.upto).await?;
        let again = marks::read(connection, MarkSource::Chain).await?;
        // From the beginning again when it has come to the end, or the end is no longer there.
        let again = stretch(connection, again.upto).await.map(|part| (again, part))?;
        let mut looker = Looker { connection, snapshot: &snapshot, province: self.parts.province, now };
        let mut found = looker.all().await?;
        found.extend(looker.of_events(&fresh.events));
        let broken = fresh.broken.or(again.1.broken).as_ref().map(BrokenLink::to_string);
        found.extend(broken.and_then(|how| looker.of_chain(&how)));
        let found = merged(found);
        let next = if again.1.events.is_empty() { 0 } else { again.1.upto };
        connection.begin().await?;
        match self.write(connection, [(mark, fresh.upto), (again.0, next)], &found).await {
            // Somebody else has looked meanwhile.
            Ok(None) => connection.roll_back().await,
            written => {
                let new = connection.settle(written).await?;
                alarms::tell(&new.unwrap_or_default());
                Ok(())
            }
        }
    }

    /// Moves the marks, and writes down what was found; nothing when somebody else has meanwhile.
    async fn write<'a>(
        &self,
        connection: &mut Connection,
        [(fresh, upto), (again, next)]: [(CountMark, i64); 2],
        found: &'a [Finding],
    ) -> Result<Option<Vec<&'a Finding>>, StoreError> {
        let (now, node) = (self.parts.clock.now(), self.node);
        if !marks::advance(connection, (MarkSource::Alarms, fresh), upto, node, now).await?
            || !marks::advance(connection, (MarkSource::Chain, again), next, node, now).await?
        {
            return Ok(None);
        }
        alarms::raise(connection, found, now).await.map(Some)
    }
}
