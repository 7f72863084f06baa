//! What is looked at, and what is found: each a question of its own, bounded in rows.

use std::collections::BTreeMap;
use std::time::Duration;

use yanmi_onboarding::{Area, Observation};
use yanmi_protocol::{OrgCode, UnixMillis};

use crate::events::{OperatorEvent, Outcome};
use crate::registry::alarms::Finding;
use crate::registry::{RECOVERED, RECOVERY_SHOWN, Snapshot};
use crate::statistics::query;
use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::span::CALLS;

/// Within which time persons say that it was not them.
const HOUR: Duration = Duration::from_hours(1);
/// Within which time requests under wrong keys come.
const BURST: Duration = Duration::from_mins(10);
/// Findings of one question in one round; the next round finds the rest.
const MOST: i64 = 50;
/// Names that are read of those an address says to be.
const MOST_CLAIMED: i64 = 20;

/// What somebody looks with.
pub(super) struct Looker<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) snapshot: &'a Snapshot,
    pub(super) province: Area,
    pub(super) now: UnixMillis,
}

impl Looker<'_> {
    /// Everything but events, which have a mark.
    pub(super) async fn all(&mut self) -> Result<Vec<Finding>, StoreError> {
        let mut all = self.not_me().await?;
        all.extend(self.probing().await?);
        all.extend(self.undelivered().await?);
        all.extend(self.locked().await?);
        Ok(all)
    }

    fn finding(&self, observation: &Observation, object: &str) -> Option<Finding> {
        let alarm = observation.judge()?;
        Some(Finding { alarm, object: object.to_owned(), region: self.province })
    }

    /// Institutions at which persons said that it was not them. The table has each person once, for some days: a few thousand rows.
    async fn not_me(&mut self) -> Result<Vec<Finding>, StoreError> {
        const TEXT: &str = "SELECT org_code, count(*) AS persons FROM not_me WHERE at >= $1 \
            GROUP BY org_code ORDER BY persons DESC LIMIT $2";
        let statement = Statement::new(TEXT).number(self.now.minus(HOUR).get()).number(MOST);
        let found = self.connection.fetch(statement).await?;
        let mut findings = Vec::new();
        for row in found.iter() {
            let mut columns = Columns::new(row, "not_me");
            let (code, persons) = (columns.org_code()?, count(columns.number()?));
            let finding = self.finding(&Observation::NotMe { persons }, code.as_str());
            findings.extend(finding.map(|finding| Finding { region: self.place(&code), ..finding }));
        }
        Ok(findings)
    }

    /// Addresses that try keys, and whether anything was known of them before.
    async fn probing(&mut self) -> Result<Vec<Finding>, StoreError> {
        // A row is one request, or says how many others there were.
        const BURSTS: &str = "\
            SELECT address, CAST(SUM(CASE WHEN op = 'summed' THEN CAST(detail AS BIGINT) ELSE 1 END) AS BIGINT) AS requests \
            FROM calls WHERE id >= $1 AND at >= $2 AND code = -4 AND address IS NOT NULL \
            GROUP BY address ORDER BY requests DESC LIMIT $3";
        const BEFORE: &str = "SELECT 1 FROM calls WHERE address = $1 AND at < $2 LIMIT 1";
        const CLAIMED: &str = "SELECT DISTINCT org_id FROM calls \
            WHERE address = $1 AND at >= $2 AND code = -4 AND org_id IS NOT NULL ORDER BY org_id LIMIT $3";
        let Some(last) = CALLS.last(self.connection).await? else { return Ok(Vec::new()) };
        let from = self.now.minus(BURST);
        let first = CALLS.key_at(self.connection, last, from).await?;
        let statement = Statement::new(BURSTS).number(first).number(from.get()).number(MOST);
        let found = self.connection.fetch(statement).await?;
        let mut findings = Vec::new();
        for row in found.iter() {
            let mut columns = Columns::new(row, "calls");
            let (address, requests) = (columns.text()?, count(columns.number()?));
            let mut seen = Observation::Denied { count: requests, seen_before: false, claimed: Vec::new() };
            if seen.judge().is_none() {
                // Those that follow are fewer.
                break;
            }
            let of = |text| Statement::new(text).text(address).number(from.get());
            let before = self.connection.fetch(of(BEFORE)).await?;
            let named = self.connection.fetch(of(CLAIMED).number(MOST_CLAIMED)).await?;
            let named = named.iter().map(|row| Ok(Columns::new(row, "calls").text()?.to_owned()));
            let named: Result<Vec<String>, StoreError> = named.collect();
            seen = Observation::Denied { count: requests, seen_before: before.len() > 0, claimed: named? };
            findings.extend(self.finding(&seen, address));
        }
        Ok(findings)
    }

    /// Channels whose notices do not arrive.
    async fn undelivered(&mut self) -> Result<Vec<Finding>, StoreError> {
        let sums = query::deliveries(self.connection, self.now.minus(HOUR)).await?;
        let judged = sums.into_iter().filter_map(|(channel, delivered, undelivered)| {
            let seen =
                Observation::Delivered { delivered: count(delivered), undelivered: count(undelivered) };
            self.finding(&seen, &channel)
        });
        Ok(judged.collect())
    }

    /// Operators who are locked out.
    async fn locked(&mut self) -> Result<Vec<Finding>, StoreError> {
        const TEXT: &str = "SELECT login, locked_until FROM operators WHERE locked_until > $1 LIMIT $2";
        let statement = Statement::new(TEXT).number(self.now.get()).number(MOST);
        let found = self.connection.fetch(statement).await?;
        let mut findings = Vec::new();
        for row in found.iter() {
            let mut columns = Columns::new(row, "operators");
            let (login, until) = (columns.text()?, columns.time()?.shanghai_text());
            findings.extend(self.finding(&Observation::Locked { until }, login));
        }
        Ok(findings)
    }

    /// What is found in events, which are looked at once. What is old is not: a site that is brought up to date has years of them.
    pub(super) fn of_events(&self, events: &[OperatorEvent]) -> Vec<Finding> {
        let recent = self.now.minus(RECOVERY_SHOWN);
        let done = |event: &&OperatorEvent| event.outcome == Outcome::Done && event.at >= recent;
        let found = events.iter().filter(done).filter_map(|event| {
            let seen = match event.action.as_str() {
                RECOVERED => Observation::Recovered { at: event.at.shanghai_text(), by: event.actor.clone() },
                // By whoever has the link; an operator who ends an offer knows why.
                "account.void_key" if event.actor == "applicant" => {
                    Observation::KeyVoided { why: event.reason.clone() }
                }
                _ => return None,
            };
            self.finding(&seen, &event.object)
        });
        found.collect()
    }

    /// That the chain of events is broken.
    pub(super) fn of_chain(&self, how: &str) -> Option<Finding> {
        self.finding(&Observation::Broken { how: how.to_owned() }, "operator_events")
    }

    /// That a node's clock is off.
    pub(super) fn of_clock(&self, server: UnixMillis, node: i64) -> Option<Finding> {
        let ahead = self.now.get().saturating_sub(server.get());
        self.finding(&Observation::Clock { ahead }, &node.to_string())
    }

    /// Where an institution is: as registered, otherwise as its code says.
    fn place(&self, code: &OrgCode) -> Area {
        self.snapshot.institution(code).map_or_else(|| Area::of_code(code), |institution| institution.region)
    }
}

/// Findings that are the same alarm are one.
pub(super) fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let key = |finding: &Finding| (finding.alarm.rule, finding.object.clone());
    let all: BTreeMap<_, _> = findings.into_iter().map(|finding| (key(&finding), finding)).collect();
    all.into_values().collect()
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
