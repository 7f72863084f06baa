//! When something is an alarm, what is said of it, who does what about it.
//!
//! Whoever watches the center counts, and hands what he counted in as an [`Observation`]. Whether that is an alarm, and its
//! words, follow from the numbers alone ([`Observation::judge`]), so the table of cases is the test.

use std::fmt::Write;
use std::time::Duration;

use crate::action::Action;
use crate::role::Role;

/// Persons who say within an hour that it was not them before an institution is an alarm: nobody errs together with two
/// others. The metric's alert has the same number.
pub const NOT_ME_PERSONS: u64 = 3;
/// Requests of a strange address under a wrong key, within ten minutes. Who sets a system up makes a few by hand; twenty are
/// made by a program.
pub const MOST_DENIED: u64 = 20;
/// Notices from which on a share says something.
pub const FEWEST_NOTICES: u64 = 20;
/// Percent of a channel's notices that have to arrive.
pub const ARRIVING_PERCENT: u64 = 80;
/// Days of business, one after the other, after which a day without any is strange. A week has a Sunday in it: who is closed
/// on Sundays is never looked at.
pub const BUSY_DAYS: u64 = 7;
/// Notices of those days together, at least: twenty a day. Of fewer a day without any is chance.
pub const BUSY_NOTICES: u64 = 140;
/// How far a clock may be off.
pub const CLOCK_OFF: Duration = Duration::from_secs(5);
/// Characters of what is said of an alarm.
pub const MAX_DETAIL: usize = 200;
/// Accounts that are named of those a strange address says to be.
const NAMED: usize = 3;

/// A kind of alarm.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AlarmRule {
    /// Persons at an institution say that it was not them.
    NotMe,
    /// An address that was never seen tries keys.
    Probing,
    /// An institution that was busy every day has had a day without anything.
    Silent,
    /// A channel does not take its notices.
    Undelivered,
    /// The link of a key was opened by somebody else after the key was taken.
    KeyReopened,
    /// The handing over of a key ended by wrong passcodes or wrong check values.
    KeyVoided,
    /// An operator is locked out after wrong logins.
    Locked,
    /// An operator was invited anew on the machine itself.
    Recovered,
    /// What operators did is not recorded as it was written.
    Chain,
    /// A node's clock is off.
    Clock,
    /// A day's statistics are not what the audit says.
    Recount,
}

/// What was counted or seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Observation {
    /// So many persons of an institution said within an hour that it was not them.
    NotMe {
        /// How many, each once.
        persons: u64,
    },
    /// So many requests under a wrong key came from an address within ten minutes.
    Denied {
        /// How many.
        count: u64,
        /// Whether anything was known of the address before that.
        seen_before: bool,
        /// Whose they say to be, in some order, each once.
        claimed: Vec<String>,
    },
    /// What an institution asked for on the days before, and on the day itself.
    Asked {
        /// The day, as people write it.
        day: String,
        /// On how many of the [`BUSY_DAYS`] before it asked for anything.
        days_before: u64,
        /// How much on all of them.
        before: u64,
        /// How much on the day.
        that_day: u64,
    },
    /// So many institutions at once are as [`Observation::Asked`] of one.
    SilentTogether {
        /// The day, as people write it.
        day: String,
        /// How many.
        institutions: u64,
    },
    /// What became of a channel's notices in this hour and the one before.
    Delivered {
        /// Taken.
        delivered: u64,
        /// Not taken.
        undelivered: u64,
    },
    /// A link was opened after the key was taken.
    KeyOpened {
        /// When it was taken, as people write it.
        taken_at: String,
        /// From which address.
        taken_from: String,
        /// From which it is opened now.
        opened_from: String,
    },
    /// An offer of a key ended by itself.
    KeyVoided {
        /// Why, in words.
        why: String,
    },
    /// An operator is locked.
    Locked {
        /// Until when, as people write it.
        until: String,
    },
    /// An operator was invited anew on the machine.
    Recovered {
        /// When, as people write it.
        at: String,
        /// By whom.
        by: String,
    },
    /// The chain of events is broken.
    Broken {
        /// Where and how, in words.
        how: String,
    },
    /// A node's clock against that of the database.
    Clock {
        /// How far it is ahead, in milliseconds; less than nothing when it is behind.
        ahead: i64,
    },
    /// A day was counted again.
    Recounted {
        /// The day, as people write it.
        day: String,
        /// Institutions of which another number came out.
        institutions: u64,
        /// One of them.
        example: String,
        /// What is different of it, in words.
        difference: String,
    },
}

/// An alarm: of which kind, and what is said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    /// Of which kind.
    pub rule: AlarmRule,
    /// Numbers and names of the moment, at most [`MAX_DETAIL`] characters; nobody insured among them.
    pub detail: String,
}

impl AlarmRule {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::NotMe,
        Self::Probing,
        Self::Silent,
        Self::Undelivered,
        Self::KeyReopened,
        Self::KeyVoided,
        Self::Locked,
        Self::Recovered,
        Self::Chain,
        Self::Clock,
        Self::Recount,
    ];

    /// The stored word, which is the metric's label too.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotMe => "not_me",
            Self::Probing => "probing",
            Self::Silent => "silent",
            Self::Undelivered => "undelivered",
            Self::KeyReopened => "key_reopened",
            Self::KeyVoided => "key_voided",
            Self::Locked => "locked",
            Self::Recovered => "recovered",
            Self::Chain => "chain",
            Self::Clock => "clock",
            Self::Recount => "recount",
        }
    }

    /// The rule of a stored word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }

    /// What operators read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotMe => "多人表示非本人",
            Self::Probing => "陌生地址试密钥",
            Self::Silent => "机构一整天没有业务",
            Self::Undelivered => "渠道送达率低",
            Self::KeyReopened => "密钥领走之后链接又被打开",
            Self::KeyVoided => "密钥交付因输错而作废",
            Self::Locked => "操作员被锁定",
            Self::Recovered => "在主机上重新邀请了操作员",
            Self::Chain => "操作记录不完整",
            Self::Clock => "节点时钟不准",
            Self::Recount => "统计与审计不一致",
        }
    }

    /// What kind of thing it is about, as events name it.
    pub const fn object_kind(self) -> &'static str {
        match self {
            Self::NotMe | Self::Silent => "institution",
            Self::Probing => "address",
            Self::Undelivered => "channel",
            Self::KeyReopened | Self::KeyVoided => "account",
            Self::Locked | Self::Recovered => "operator",
            Self::Chain => "events",
            Self::Clock => "node",
            Self::Recount => "day",
        }
    }

    /// What somebody must be allowed to do who takes and closes it.
    pub const fn handling(self) -> Action {
        match self {
            Self::Locked | Self::Recovered | Self::Chain => Action::HandleSecurityAlarm,
            Self::Clock | Self::Recount => Action::HandleNodeAlarm,
            _ => Action::HandleAlarm,
        }
    }

    /// Whether somebody of this role sees it, where he is. Who looks after machines sees what is about them, and no institution
    /// or colleague.
    pub fn is_seen_by(self, role: Role) -> bool {
        let sees = Action::ViewAlarms.roles().contains(&role);
        sees && (role != Role::SystemAdmin || self.handling().roles().contains(&role))
    }

    /// How long nothing more is said of the same thing after it was closed: what was seen before has gone by then.
    pub const fn quiet(self) -> Duration {
        match self {
            // Each time it happens it is another.
            Self::KeyReopened | Self::KeyVoided | Self::Recovered => Duration::ZERO,
            // As long as a lock.
            Self::Locked => Duration::from_mins(30),
            Self::NotMe | Self::Probing | Self::Clock => Duration::from_hours(1),
            // Whoever knows of it has some hours in which to do something about it.
            Self::Undelivered => Duration::from_hours(4),
            // A day is looked at once. A broken chain does not mend, and is not to be forgotten.
            Self::Silent | Self::Chain | Self::Recount => Duration::from_hours(24),
        }
    }

    /// Who does what.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NotMe => {
                "值班：电话核实机构窗口；疑似冒用就紧急停用该机构并报告。参保人不认的每一次在审计里。"
            }
            Self::Probing => {
                "值班：在“为什么失败”看它自称谁、错在哪里；像接入配置错误就联系对方，不认识就请网络管理员封堵。"
            }
            Self::Silent => "值班：电话问机构是停业还是系统、网络故障；是故障就看“为什么失败”。",
            Self::Undelivered => {
                "值班：看“为什么失败”中该渠道的原因，联系渠道；机构可引导参保人换用其他渠道应用。"
            }
            Self::KeyReopened => {
                "值班：电话问对方密钥是不是本人领的；不是就立即紧急停用该业务系统，由密钥管理另发一次。"
            }
            Self::KeyVoided => {
                "值班：电话问对方是不是本人输错；是就由密钥管理另发一次，不是就查链接从哪里泄露。"
            }
            Self::Locked => "安全管理员：问本人是不是自己输错；不是就查来源地址（操作记录），不要先解锁。",
            Self::Recovered => "安全管理员：向本人与主机管理员核实；不是本人要的，让系统管理员注销该操作员。",
            Self::Chain => "安全管理员：保留数据库与备份，与审计员抄录的末尾摘要核对，查明谁改动过数据库。",
            Self::Clock => {
                "值班或系统管理员：查该节点的时间同步（chronyc tracking）；差得多会让通知提早或推迟失效。"
            }
            Self::Recount => {
                "值班或系统管理员：保留数据库与备份，查审计是否被改动或清理；统计保留原数，不会自动改。"
            }
        }
    }
}

impl Observation {
    /// The alarm it is, if it is one.
    pub fn judge(&self) -> Option<Alarm> {
        let (rule, detail) = match self {
            Self::NotMe { persons } => {
                let said = format!("最近一小时有 {persons} 人表示不是本人在办");
                (*persons >= NOT_ME_PERSONS).then_some((AlarmRule::NotMe, said))
            }
            Self::Denied { count, seen_before, claimed } => {
                let is_burst = *count >= MOST_DENIED && !seen_before;
                is_burst.then(|| (AlarmRule::Probing, denied(*count, claimed)))
            }
            Self::Asked { day, days_before, before, that_day } => {
                let was_busy = *days_before >= BUSY_DAYS && *before >= BUSY_NOTICES;
                let said = format!("{day} 一整天没有发起，此前 {BUSY_DAYS} 天每天都有，共 {before} 次");
                (was_busy && *that_day == 0).then_some((AlarmRule::Silent, said))
            }
            Self::SilentTogether { day, institutions } => {
                let said = format!(
                    "{day} 有 {institutions} 家平时天天有业务的机构一整天没有发起：是节假日，还是网络或中心的故障"
                );
                (*institutions > 0).then_some((AlarmRule::Silent, said))
            }
            Self::Delivered { delivered, undelivered } => {
                let all = delivered + undelivered;
                let is_low = all >= FEWEST_NOTICES && delivered * 100 < all * ARRIVING_PERCENT;
                let said = format!("本小时与上一小时 {all} 次投递，送达 {delivered} 次");
                is_low.then_some((AlarmRule::Undelivered, said))
            }
            Self::KeyOpened { taken_at, taken_from, opened_from } => {
                let said = format!("密钥已于 {taken_at} 由 {taken_from} 领走，链接又被 {opened_from} 打开");
                // Whoever took it comes back to tell the check value.
                (taken_from != opened_from).then_some((AlarmRule::KeyReopened, said))
            }
            Self::Clock { ahead } => {
                let is_off = u128::from(ahead.unsigned_abs()) > CLOCK_OFF.as_millis();
                let (way, tenths) = (if *ahead > 0 { "快" } else { "慢" }, ahead.unsigned_abs() / 100);
                let said = format!("比数据库的时钟{way} {}.{} 秒", tenths / 10, tenths % 10);
                is_off.then_some((AlarmRule::Clock, said))
            }
            Self::Recounted { day, institutions, example, difference } => {
                let said =
                    format!("{day} 重数之后 {institutions} 家机构的数不同，例如 {example}：{difference}");
                (*institutions > 0).then_some((AlarmRule::Recount, said))
            }
            Self::KeyVoided { why } => Some((AlarmRule::KeyVoided, why.clone())),
            Self::Locked { until } => Some((AlarmRule::Locked, format!("连续输错，锁定至 {until}"))),
            Self::Recovered { at, by } => Some((AlarmRule::Recovered, format!("{by} 于 {at}"))),
            Self::Broken { how } => Some((AlarmRule::Chain, how.clone())),
        }?;
        Some(Alarm { rule, detail: detail.chars().take(MAX_DETAIL).collect() })
    }
}

fn denied(count: u64, claimed: &[String]) -> String {
    let mut said = format!("十分钟内 {count} 个请求密钥不对，此前没有见过这个地址");
    if !claimed.is_empty() {
        let named = claimed.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("、");
        // Writing to a text does not fail.
        let _ = write!(said, "；自称 {named}");
    }
    if claimed.len() > NAMED {
        let _ = write!(said, " 等 {} 个", claimed.len());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule, and a part of its words; nothing for what is no alarm.
    type Case = (Observation, Option<(AlarmRule, &'static str)>);

    fn counted() -> Vec<Case> {
        let denied = |count, seen_before, claimed: &[&str]| Observation::Denied {
            count,
            seen_before,
            claimed: claimed.iter().map(|&name| name.to_owned()).collect(),
        };
        let asked = |days_before, before, that_day| Observation::Asked {
            day: "2026-11-28".to_owned(),
            days_before,
            before,
            that_day,
        };
        let delivered = |delivered, undelivered| Observation::Delivered { delivered, undelivered };
        let alarm = |rule, words| Some((rule, words));
        vec![
            (Observation::NotMe { persons: 2 }, None),
            (Observation::NotMe { persons: 3 }, alarm(AlarmRule::NotMe, "有 3 人")),
            (denied(19, false, &[]), None),
            (denied(20, true, &["a"]), None),
            (denied(20, false, &[]), alarm(AlarmRule::Probing, "没有见过这个地址")),
            (denied(500, false, &["a", "b"]), alarm(AlarmRule::Probing, "自称 a、b")),
            (denied(20, false, &["a", "b", "c", "d"]), alarm(AlarmRule::Probing, "a、b、c 等 4 个")),
            (asked(7, 140, 0), alarm(AlarmRule::Silent, "2026-11-28 一整天没有发起")),
            (asked(7, 140, 1), None),
            (asked(6, 9_000, 0), None),
            (asked(7, 139, 0), None),
            (delivered(0, 19), None),
            (delivered(16, 4), None),
            (delivered(15, 5), alarm(AlarmRule::Undelivered, "20 次投递，送达 15 次")),
            (delivered(0, 0), None),
            (delivered(799, 200), alarm(AlarmRule::Undelivered, "999 次投递")),
            (Observation::Clock { ahead: 5_000 }, None),
            (Observation::Clock { ahead: -5_000 }, None),
            (Observation::Clock { ahead: 5_001 }, alarm(AlarmRule::Clock, "快 5.0 秒")),
            (Observation::Clock { ahead: -61_250 }, alarm(AlarmRule::Clock, "慢 61.2 秒")),
            (Observation::Clock { ahead: i64::MIN }, alarm(AlarmRule::Clock, "慢")),
        ]
    }

    fn seen() -> Vec<Case> {
        let text = str::to_owned;
        let opened = |taken: &str, now: &str| Observation::KeyOpened {
            taken_at: text("2026-11-28 10:00:00"),
            taken_from: text(taken),
            opened_from: text(now),
        };
        let recounted = |institutions| Observation::Recounted {
            day: text("2026-11-28"),
            institutions,
            example: text("H35010000001"),
            difference: text("发起 3，审计 4"),
        };
        let together = |institutions| Observation::SilentTogether { day: text("2026-10-01"), institutions };
        let alarm = |rule, words| Some((rule, words));
        vec![
            (opened("10.0.0.1", "10.0.0.1"), None),
            (opened("10.0.0.1", "10.0.0.2"), alarm(AlarmRule::KeyReopened, "又被 10.0.0.2 打开")),
            (recounted(0), None),
            (recounted(2), alarm(AlarmRule::Recount, "H35010000001：发起 3，审计 4")),
            (together(0), None),
            (together(101), alarm(AlarmRule::Silent, "有 101 家")),
            (Observation::KeyVoided { why: text("提取码连续输错") }, alarm(AlarmRule::KeyVoided, "提取码")),
            (Observation::Locked { until: text("10:30") }, alarm(AlarmRule::Locked, "锁定至 10:30")),
            (
                Observation::Recovered { at: text("10:30"), by: text("host:root") },
                alarm(AlarmRule::Recovered, "host:root 于 10:30"),
            ),
            (Observation::Broken { how: text("第 3 条") }, alarm(AlarmRule::Chain, "第 3 条")),
        ]
    }

    #[test]
    fn the_numbers_alone_make_an_alarm_and_its_words() {
        for (observation, expected) in counted().into_iter().chain(seen()) {
            let found = observation.judge();
            let Some((rule, words)) = expected else {
                assert_eq!(found, None, "{observation:?}");
                continue;
            };
            let alarm = found.unwrap_or_else(|| panic!("no alarm: {observation:?}"));
            assert_eq!(alarm.rule, rule, "{observation:?}");
            assert!(alarm.detail.contains(words), "{alarm:?}");
        }
        // Every rule has a case that is one.
        for rule in AlarmRule::ALL {
            let cases = counted().into_iter().chain(seen());
            assert!(cases.filter_map(|(case, _)| case.judge()).any(|alarm| alarm.rule == rule), "{rule:?}");
        }
    }

    #[test]
    fn what_is_said_is_bounded_whatever_was_claimed() {
        let claimed = vec!["很长的编码".repeat(100)];
        let alarm = Observation::Denied { count: 99, seen_before: false, claimed }.judge().expect("an alarm");
        assert_eq!(alarm.detail.chars().count(), MAX_DETAIL);
    }

    #[test]
    fn every_rule_has_a_word_of_its_own_words_and_somebody_who_handles_it() {
        for rule in AlarmRule::ALL {
            assert_eq!(AlarmRule::of_word(rule.word()), Some(rule));
            let names = AlarmRule::ALL.iter().filter(|other| other.name() == rule.name()).count();
            assert_eq!(names, 1, "{rule:?}");
            assert!(!rule.handling().roles().is_empty() && rule.advice().contains('：'), "{rule:?}");
            // Whoever handles it sees it.
            assert!(rule.handling().roles().iter().all(|role| rule.is_seen_by(*role)), "{rule:?}");
            assert!(rule.is_seen_by(Role::Approver) && !rule.is_seen_by(Role::Clerk), "{rule:?}");
            let of_machines = matches!(rule, AlarmRule::Clock | AlarmRule::Recount);
            assert_eq!(rule.is_seen_by(Role::SystemAdmin), of_machines, "{rule:?}");
        }
        assert_eq!(AlarmRule::of_word("nothing"), None);
    }
}
