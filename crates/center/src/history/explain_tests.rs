//! The table of [`explain`].

use std::time::Duration;

use yanmi_protocol::{NoticeNo, SerialNo};
use yanmi_verification::{Confirmer, Undelivered};

use super::*;

const BEGUN: UnixMillis = UnixMillis::new(1_763_869_440_000);

fn at(seconds: u64) -> UnixMillis {
    BEGUN.plus(Duration::from_secs(seconds))
}

/// What happened, written as in the table: the second, a blank, and the event with its detail behind a colon or, behind an
/// exclamation mark, the code of a refusal with its cause and its detail; one from the other by a bar.
fn read(text: &str) -> Vec<Happened> {
    text.split('|').filter(|one| !one.is_empty()).map(one).collect()
}

fn one(text: &str) -> Happened {
    let (second, what) = text.split_once(' ').expect("a second");
    let mut parts = what.split(':').map(str::to_owned);
    let first = parts.next().expect("a word");
    let kind = match first.strip_prefix('!') {
        None => StepKind::Decided(Event::of_code(&first).expect("an event"), parts.next()),
        Some(code) => StepKind::Refused(Refused {
            op: "status".to_owned(),
            org_id: Some("his".to_owned()),
            proven: code != "-4",
            org_code: None,
            code: code.parse().expect("a code"),
            cause: parts.next(),
            detail: parts.next(),
            address: None,
        }),
    };
    let at = at(second.parse().expect("a number"));
    Happened { at, kind, channel: None, notice: Some(1_616_654_881_967), amount: None }
}

/// What is stored of an attempt that began at the beginning and lives five minutes.
fn stored(state: State) -> Verification {
    Verification {
        attempt: 1,
        notice: NoticeNo::from_number(1_616_654_881_967).expect("a number"),
        serial: SerialNo::from_parts(1_616_654_881_968, BEGUN).expect("a serial"),
        amount: None,
        asked_at: BEGUN,
        expires_at: at(300),
        notices: 1,
        first_at: BEGUN,
        state,
    }
}

fn verified() -> Verification {
    let way = Way::CredentialPassword;
    stored(State::Verified { way, at: at(20), valid_until: at(1_820), by: Confirmer::Holder })
}

/// What happened, what is stored, in which second it is asked; what it is, what is missing, who, and a part of what they do.
type Row = (&'static str, &'static str, u64, &'static str, Option<Step>, &'static str, &'static str);

#[rustfmt::skip]
const TABLE: [Row; 33] = [
    ("", "none", 9, "没有发起过", Some(Step::Asked), "机构系统", "yanmi denied"),
    ("0 !500316:该机构代码没有登记", "none", 9, "该机构代码没有登记", Some(Step::Asked), "机构信息系统", "国标"),
    ("0 !-4:填充不对:zero-padding", "none", 9, "填充不对", Some(Step::Asked), "机构信息系统", "PKCS7"),
    ("0 !-4", "none", 9, "-4", Some(Step::Asked), "机构信息系统", "密钥"),
    ("0 !7", "none", 9, "未知返回码", Some(Step::Asked), "中心运维", "请求日志"),
    ("0 asked", "asked", 2, "正在送往", Some(Step::Taken), "机构", "等几秒"),
    ("0 asked", "asked", 301, "没有记下", Some(Step::Taken), "经办人员", "重新发起"),
    ("0 asked", "none", 301, "没有记下", Some(Step::Taken), "经办人员", "重新发起"),
    ("0 asked|5 undelivered:unreachable", "none", 9, "连不上", Some(Step::Taken), "中心运维", "通知地址"),
    ("0 asked|5 undelivered:timed_out", "none", 9, "没有按时", Some(Step::Taken), "渠道应用", "5 秒"),
    ("0 asked|5 undelivered:refused", "none", 9, "拒收", Some(Step::Taken), "渠道应用", "换一个渠道"),
    ("0 asked|5 undelivered:refused|5 !500319:refused", "none", 9, "拒收", Some(Step::Taken), "渠道应用", "拒收"),
    ("0 asked|5 undelivered:later", "none", 9, "没有收下", Some(Step::Taken), "中心运维", "请求日志"),
    ("0 asked|1 delivered", "taken", 9, "等参保人确认", Some(Step::Answered), "参保人", "消息"),
    ("0 asked|1 delivered", "taken", 300, "没有在有效时间内", Some(Step::Answered), "经办人员", "推送"),
    ("0 asked|1 delivered", "none", 9, "没有在有效时间内", Some(Step::Answered), "经办人员", "重新发起"),
    ("0 asked|1 delivered|2 page-opened|3 wrong-password", "taken", 9, "输错过密码", Some(Step::Answered), "参保人", "确认"),
    ("0 asked|1 delivered|3 password-locked", "none", 9, "锁定", Some(Step::Answered), "参保人", "刷脸"),
    ("0 asked|1 delivered|3 cancelled", "none", 9, "取消", Some(Step::Answered), "经办人员", "线下"),
    ("0 asked|1 delivered|3 not-me", "none", 9, "非本人", Some(Step::Answered), "经办人员", "核实"),
    ("0 asked|1 delivered|3 channel-failed", "none", 9, "没有成功", Some(Step::Answered), "渠道应用", "说明"),
    ("0 asked|1 delivered|3 handed-over", "none", 9, "新的令牌", Some(Step::Answered), "经办人员", "另一条"),
    ("0 asked|1 delivered|20 confirmed-01", "verified", 30, "有效至", None, "机构", "checkStas 为 1"),
    ("0 asked|1 delivered|20 confirmed-02", "verified", 30, "刷脸", None, "机构", "checkStas 为 1"),
    ("0 asked|1 delivered|20 confirmed-01|25 stands", "verified", 30, "有效至", None, "机构", "checkStas 为 1"),
    ("0 asked|1 delivered|20 confirmed-01", "verified", 1_820, "有效时间已过", None, "经办人员", "重新发起"),
    ("0 asked|1 delivered|20 confirmed-01", "none", 30, "有效时间已过", None, "经办人员", "重新发起"),
    ("0 asked|1 delivered|20 confirmed-01|40 !500316:该机构已停用", "verified", 50, "已停用", Some(Step::Told), "机构信息系统", "国标"),
    ("0 !500001|5 asked|6 delivered|20 confirmed-01", "verified", 50, "有效至", None, "机构", "checkStas 为 1"),
    ("0 asked|1 delivered|20 confirmed-01|30 voided|31 delivered", "taken", 40, "等参保人确认", Some(Step::Answered), "参保人", "消息"),
    ("0 asked|5 undelivered:timed_out|8 asked-again|9 delivered", "taken", 10, "等参保人确认", Some(Step::Answered), "参保人", "消息"),
    ("0 free-used", "none", 9, "开通免密", None, "机构", "500320"),
    ("0 asked|1 free-on-word", "none", 9, "渠道应用的答复", None, "机构", "500320"),
];

#[test]
fn every_way_a_visit_can_go_is_explained() {
    for (happened, standing, second, now, missing, who, next) in TABLE {
        let standing = match standing {
            "asked" => Some(stored(State::Asked)),
            "taken" => Some(stored(State::Notified { taken_at: at(1) })),
            "verified" => Some(verified()),
            _ => None,
        };
        let told = explain(&read(happened), standing.as_ref(), at(second));
        assert!(told.now.contains(now), "{happened}: {told:?}");
        assert_eq!(told.missing, missing, "{happened}: {told:?}");
        assert_eq!(told.who, who, "{happened}: {told:?}");
        assert!(told.next.contains(next), "{happened}: {told:?}");
    }
}

#[test]
fn where_no_event_is_found_what_is_stored_speaks() {
    let states = [
        (State::Undelivered { reason: Undelivered::Busy, at: at(5) }, "已满"),
        (State::Declined { reason: DeclineReason::NotMe, at: at(5) }, "非本人"),
        (State::Declined { reason: DeclineReason::Cancelled, at: at(5) }, "取消"),
        (State::Declined { reason: DeclineReason::WrongPassword, at: at(5) }, "锁定"),
        (State::Declined { reason: DeclineReason::ChannelFailed, at: at(5) }, "没有成功"),
        (State::Asked, "正在送往"),
        (State::Notified { taken_at: at(1) }, "等参保人确认"),
        (verified().state, "有效至"),
    ];
    for (state, words) in states {
        let told = explain(&[], Some(&stored(state)), at(30));
        assert!(told.now.contains(words), "{told:?}");
    }
}

#[test]
fn every_failure_of_a_delivery_has_words_of_its_own() {
    use Undelivered::{
        AddressRefused, BadAnswer, Busy, Refused, Resting, ServerError, TimedOut, Unreachable,
    };
    let all = [AddressRefused, BadAnswer, Busy, Refused, Resting, ServerError, TimedOut, Unreachable];
    let words: std::collections::BTreeSet<String> =
        all.map(|it| not_taken(it.code()).now).into_iter().collect();
    assert_eq!(words.len(), all.len());
    assert!(!words.contains(&not_taken("later").now));
}
