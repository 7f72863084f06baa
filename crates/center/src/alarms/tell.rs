//! Telling alarms to one address outside of the console: a webhook, or a syslog server.
//!
//! What is to be told is in the table of alarms, and so is what was (`told_at`): there is no queue that a restart would empty,
//! and another process does not tell again. An alarm is marked after it was taken, so it may be told twice and is not told
//! never; who gathers them knows one by its number. Whoever looks for alarms tells them, after each round, so nothing waits for
//! a target but the next alarm: a target that fails is left alone for longer and longer, and that it fails is seen at the
//! console, in a metric and in the log.

use std::time::Duration;

use serde_json::json;
use yanmi_protocol::{Region, UnixMillis};

use crate::config::{AlarmTarget, SyslogTransport};
use crate::outbound::{CallError, Outbound};
use crate::registry::AlarmRow;
use crate::registry::alarms::{self, TELL_WITHIN};
use crate::store::StoreError;
use crate::store::connection::Connection;
use crate::telemetry::chain;

/// Alarms that are told in one round; more wait for the next.
const TOLD_AT_ONCE: usize = 20;
/// How long one may take.
const CALL_WITHIN: Duration = Duration::from_secs(3);
/// How long a target is left alone after it failed once; twice as long after each further time, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_mins(1);
/// No pause is longer: within [`TELL_WITHIN`] an alarm is tried some fifty times.
const LONGEST_PAUSE: Duration = Duration::from_mins(30);
/// Facility local0, severity warning (RFC 5424, 6.2.1).
const PRIORITY: u8 = 16 * 8 + 4;

/// Why an alarm was not told. Chinese, for the log.
#[derive(Debug, thiserror::Error)]
enum TellError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("对方答 HTTP 状态 {0}")]
    Status(u16),
}

/// Tells alarms to whom the settings say.
#[derive(Debug)]
pub(crate) struct AlarmTeller {
    target: AlarmTarget,
    outbound: Outbound,
    center: Region,
    failures: u32,
    not_before: UnixMillis,
}

impl AlarmTeller {
    /// One for this target.
    ///
    /// # Errors
    /// When its address cannot be called.
    pub(crate) fn new(target: AlarmTarget, outbound: Outbound, center: Region) -> Result<Self, CallError> {
        if let AlarmTarget::Webhook(url) = &target {
            outbound.check_url(url)?;
        }
        Ok(Self { target, outbound, center, failures: 0, not_before: UnixMillis::new(0) })
    }

    /// Tells what was not told yet, unless the target is left alone.
    pub(super) async fn round(
        &mut self,
        connection: &mut Connection,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        if now < self.not_before {
            return Ok(());
        }
        for row in alarms::untold(connection, now, TOLD_AT_ONCE).await? {
            match self.tell(&row).await {
                Ok(()) => {
                    alarms::note_told(connection, row.number, now).await?;
                    if std::mem::take(&mut self.failures) > 0 {
                        tracing::info!("告警又能告知外面的告警平台");
                    }
                }
                Err(error) => {
                    self.pause(now, &error);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Leaves a target alone that failed.
    fn pause(&mut self, now: UnixMillis, error: &TellError) {
        let doubled = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        let pause = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
        if self.failures == 0 {
            let hours = TELL_WITHIN.as_secs() / 3_600;
            tracing::warn!(cause = %chain(error), "告警未能告知外面的告警平台，{hours} 小时之内隔一阵再试；管理台照常");
        }
        self.failures = self.failures.saturating_add(1).min(31);
        self.not_before = now.plus(pause);
    }

    async fn tell(&self, row: &AlarmRow) -> Result<(), TellError> {
        match &self.target {
            AlarmTarget::Webhook(url) => {
                let reply = self.outbound.post(url, json_of(row, self.center), CALL_WITHIN).await?;
                if !(200..300).contains(&reply.status) {
                    return Err(TellError::Status(reply.status));
                }
            }
            AlarmTarget::Syslog(syslog) => {
                let (to, message) = ((syslog.host.as_str(), syslog.port), message_of(row, self.center));
                match syslog.transport {
                    SyslogTransport::Udp => {
                        self.outbound.send_datagram(to, message.as_bytes(), CALL_WITHIN).await?;
                    }
                    SyslogTransport::Tcp => {
                        let framed = format!("{} {message}", message.len());
                        self.outbound.send_stream(to, framed.as_bytes(), CALL_WITHIN).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What it is, in words.
fn text(row: &AlarmRow) -> String {
    let (alarm, object) = (&row.finding.alarm, &row.finding.object);
    format!("{}：{object}，{}。{}", alarm.rule.name(), alarm.detail, alarm.rule.advice())
}

/// As a webhook gets it.
fn json_of(row: &AlarmRow, center: Region) -> String {
    let (finding, rule) = (&row.finding, row.finding.alarm.rule);
    json!({
        "center": center.as_str(),
        "number": row.number,
        "rule": rule.word(),
        "name": rule.name(),
        "objectKind": rule.object_kind(),
        "object": finding.object,
        "region": finding.region.as_str(),
        "since": row.since.get(),
        "sinceText": row.since.shanghai_text(),
        "text": text(row),
    })
    .to_string()
}

/// As a syslog server gets it (RFC 5424). The time is Shanghai's, with its offset; line breaks would end a message at some.
fn message_of(row: &AlarmRow, center: Region) -> String {
    let (finding, rule) = (&row.finding, row.finding.alarm.rule);
    let at = row.since.shanghai_text().replace(' ', "T");
    let value = |text: &str| text.replace(['\\', '"', ']'], "_");
    let text: String = text(row).chars().filter(|c| !c.is_control()).collect();
    format!(
        "<{PRIORITY}>1 {at}+08:00 - yanmi - {} [yanmi@32473 center=\"{}\" number=\"{}\" object=\"{}\" region=\"{}\"] \u{FEFF}{text}",
        rule.word(),
        center.as_str(),
        row.number,
        value(&finding.object),
        finding.region.as_str(),
    )
}

#[cfg(test)]
mod tests {
    use yanmi_onboarding::{Alarm, AlarmRule, Area};

    use super::*;

    fn row() -> AlarmRow {
        let alarm = Alarm { rule: AlarmRule::Locked, detail: "登录\n锁定".to_owned() };
        let region = Area::new("35").expect("an area");
        AlarmRow {
            number: 7,
            finding: alarms::Finding { alarm, object: "a\"b".to_owned(), region },
            since: UnixMillis::new(1_763_869_440_000),
            latest: UnixMillis::new(1_763_869_440_000),
            times: 1,
            taken: None,
            closed: None,
        }
    }

    #[test]
    fn a_message_is_one_line_of_the_form_that_servers_read() {
        let message = message_of(&row(), Region::new("350000").expect("a region"));
        assert!(
            message.starts_with(
                "<132>1 2025-11-23T11:44:00+08:00 - yanmi - locked [yanmi@32473 center=\"350000\" number=\"7\" \
                 object=\"a_b\" region=\"35\"] \u{FEFF}操作员被锁定：a\"b，登录锁定。安全管理员"
            ),
            "{message}"
        );
        assert!(!message.contains('\n'));
    }

    #[test]
    fn a_target_that_fails_is_left_alone_for_longer_each_time() {
        let network = crate::ports::Network::system();
        let settings = crate::outbound::OutboundSettings {
            allow: crate::outbound::AllowList::default(),
            roots: None,
            network,
        };
        let outbound = Outbound::new(settings).expect("nothing to read");
        let region = Region::new("350000").expect("a region");
        let target = AlarmTarget::Webhook("http://127.0.0.1:1/".parse().expect("a URL"));
        assert!(AlarmTeller::new(target, outbound.clone(), region).is_err(), "off the list");
        let target = AlarmTarget::Webhook("http://alarms.example/".parse().expect("a URL"));
        let mut teller = AlarmTeller::new(target, outbound, region).expect("a target");
        let mut pauses = Vec::new();
        for _ in 0..8 {
            teller.pause(UnixMillis::new(0), &TellError::Status(500));
            pauses.push(teller.not_before.get() / 60_000);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
    }
}
