//! Advice that can be done: every medium, way and situation at every kind of site, and each step that is advised is taken.

use super::*;

/// Sites: what they list, and nothing at all.
fn sites() -> Vec<Rules> {
    use Way::{LibraryPassword, Online, TerminalFace, TerminalPassword};
    let lists: [&[Way]; 7] = [
        &[Online, TerminalFace, TerminalPassword, LibraryPassword],
        &[LibraryPassword, TerminalPassword, Online],
        &[Online],
        &[TerminalFace],
        &[TerminalPassword, Online],
        &[LibraryPassword],
        &[],
    ];
    lists.into_iter().map(|ways| Rules { ways: Ways::of(ways), ..Rules::default() }).collect()
}

/// What the center may have said: every code, every stage, and what is no answer.
fn situations() -> Vec<(String, Visit)> {
    let sent = || scanned().noticed(Some("100"), notified(SERIAL));
    let mut out = Vec::new();
    for code in yanmi_protocol::Code::ALL.into_iter().map(|code| i64::from(code.number())) {
        if code == 0 || code == 500_320 {
            continue;
        }
        let notice = scanned().noticed(Some("100"), Err(super::code(code)));
        out.push((format!("notice {code}"), notice.clone().answered(stas(false, SERIAL, None))));
        out.push((format!("notice and status {code}"), notice.answered(Err(super::code(code)))));
        out.push((format!("status {code}"), sent().answered(Err(super::code(code)))));
    }
    for stage in
        "none asked notified lapsed cancelled notMe wrongPassword failed expired undelivered new".split(' ')
    {
        let mut visit = sent();
        for notices in 1..=4 {
            out.push((format!("{stage} after {notices}"), visit.clone().at_stage(stage)));
            visit = visit.noticed(Some("100"), notified(SERIAL));
        }
    }
    for (what, visit) in [
        ("quiet", sent().noticed(None, Err(quiet())).answered(Err(quiet()))),
        ("pending", pending().answered(stas(false, SERIAL, None))),
        ("late", scanned().noticed(None, Err(trouble(Trouble::TimedOut)))),
        ("unreachable", sent().answered(Err(trouble(Trouble::Unreachable)))),
        ("foreign", sent().answered(Err(Failure::Foreign("旧应答")))),
        ("not asked", sent()),
        ("another amount", scanned().noticed(Some("1"), notified(SERIAL)).answered(stas(true, SERIAL, None))),
        ("chosen", scanned().chose(Way::Online)),
        (
            "old",
            scanned()
                .noticed_at(Some("100"), notified(SERIAL), before(61))
                .answered(stas(true, SERIAL, None)),
        ),
    ] {
        out.push((what.to_owned(), visit));
    }
    out
}

/// Every visit the walk begins from.
fn visits() -> Vec<(String, Visit)> {
    let mut out = situations();
    let passed =
        |serial: Option<&str>| OfflineOutcome::Passed { serial: serial.map(str::to_owned), token: None };
    for medium in Medium::ALL {
        out.push((format!("{medium:?}"), came(medium)));
        for way in Way::ALL.into_iter().filter(|way| *way != Way::Online) {
            let mut more = |what: &str, visit: Visit| out.push((format!("{medium:?} {way:?} {what}"), visit));
            more("chosen", came(medium).chose(way));
            more("failed", came(medium).checked(way, false));
            let broken = OfflineOutcome::Unavailable { message: "未连接".to_owned() };
            more("unavailable", came(medium).checked_as(way, broken, before(2)));
            more("claimed", came(medium).checked_as(way, passed(None), before(2)));
            more("old", came(medium).checked_as(way, passed(Some("S")), before(61)));
            let other = OfflineOutcome::Passed { serial: Some("S".to_owned()), token: Some(token("T9")) };
            more("another's", came(medium).checked_as(way, other, before(2)));
        }
    }
    out
}

/// Does what is advised, and has it go well. Nothing for a step that is not the gate's.
fn taken(mut visit: Visit, step: NextStep) -> Option<Visit> {
    match step {
        NextStep::Identify | NextStep::Inform => return None,
        NextStep::Wait | NextStep::Ask => {}
        NextStep::Notify | NextStep::Rescan => {
            if step == NextStep::Rescan {
                visit.switch_token(token("T2")).expect("advised");
            }
            let epoch = visit.begin_notice(Some(yuan("100")), before(0)).expect("advised");
            visit.end_notice(epoch, notified(OTHER_SERIAL).as_ref(), before(0));
        }
        step => {
            let passed = OfflineOutcome::Passed { serial: Some("S2".to_owned()), token: None };
            let way = step.way().expect("an offline way");
            visit.record_offline(way, passed, Source::Caller, NOW).expect("advised");
            return Some(visit);
        }
    }
    Some(visit.answered(stas(true, OTHER_SERIAL, None)))
}

#[test]
fn whatever_is_advised_can_be_done_and_leads_to_a_settlement() {
    let mut walked = 0;
    for rules in sites() {
        let listed: Vec<Way> = rules.ways.iter().collect();
        for (what, visit) in visits() {
            let what = format!("{what} at {listed:?}");
            let (advice, falls_back) = match decide(&visit, &hundred(), &rules, NOW) {
                Verdict::Settle(_) => continue,
                Verdict::Refuse(advice) => (advice, false),
                Verdict::FallBack(advice) => (advice, true),
            };
            assert!(!advice.steps.is_empty() && advice.next.ends_with('。'), "{what}: {advice:?}");
            let offline: Vec<Way> = advice.steps.iter().filter_map(|step| step.way()).collect();
            assert!(!falls_back || !offline.is_empty(), "{what}: {advice:?}");
            // A way is advised when the site has it, or when the visit is on it; the library after all others.
            for way in &offline {
                let own = visit.way().unwrap_or(Way::TerminalFace);
                assert!(listed.contains(way) || own == *way, "{what}: {advice:?}");
            }
            // What is written names nothing that the steps do not.
            let (next, _) = advice.next.split_once("告知信息科").unwrap_or((&advice.next, ""));
            let names = |word: &str| next.contains(word);
            let steps = |some: &[NextStep]| some.iter().any(|step| advice.steps.contains(step));
            assert!(
                !names("展码渠道应用") || steps(&[NextStep::Wait, NextStep::Notify]),
                "{what}: {advice:?}"
            );
            assert!(!names("重新展码") || steps(&[NextStep::Rescan]), "{what}: {advice:?}");
            assert!(!names("发起") || steps(&[NextStep::Notify, NextStep::Rescan]), "{what}: {advice:?}");
            assert_eq!(
                names("终端刷脸") || names("终端重新刷脸"),
                steps(&[NextStep::TerminalFace]),
                "{what}: {advice:?}"
            );
            assert_eq!(names("医保终端密码"), steps(&[NextStep::TerminalPassword]), "{what}: {advice:?}");
            assert_eq!(names("动态库密码"), steps(&[NextStep::LibraryPassword]), "{what}: {advice:?}");
            assert!(!names("线下"), "no general word for what the site may not have: {what}: {advice:?}");
            if advice.reason == Reason::NotMe {
                let online = steps(&[NextStep::Notify, NextStep::Rescan, NextStep::Wait]);
                assert!(!online && !names("通知"), "{what}: {advice:?}");
            }
            for step in &advice.steps {
                let Some(after) = taken(visit.clone(), *step) else { continue };
                let verdict = decide(&after, &hundred(), &rules, NOW);
                assert!(verdict.settles(), "{what}: {step:?} of {advice:?} led to {verdict:?}");
                walked += 1;
            }
        }
    }
    assert!(walked > 1_500, "{walked}");
}

#[test]
fn ways_are_advised_in_the_sites_order_and_the_library_last() {
    use Way::{LibraryPassword, Online, TerminalFace, TerminalPassword};
    let ordered = |ways: &[Way]| Ways::of(ways).iter().collect::<Vec<_>>();
    assert_eq!(
        ordered(&[LibraryPassword, TerminalPassword, Online, Online]),
        [TerminalPassword, Online, LibraryPassword]
    );
    let rules = Rules { ways: Ways::of(&[LibraryPassword, TerminalFace, Online]), ..Rules::default() };
    let Verdict::Refuse(advice) = decide(&scanned(), &hundred(), &rules, NOW) else { panic!("no way yet") };
    assert_eq!(advice.next, "请采用医保终端刷脸、线上认证通知或动态库密码。");
    assert_eq!(advice.steps, [NextStep::TerminalFace, NextStep::Notify, NextStep::LibraryPassword]);
    let Verdict::Refuse(card) = decide(&came(Medium::SocialSecurityCard), &hundred(), &rules, NOW) else {
        panic!("no way yet")
    };
    assert_eq!(card.next, "请采用医保终端刷脸或动态库密码。");
}

#[test]
fn what_nobody_showed_is_told_where_the_site_believes_it() {
    let rules = Rules { bare_claims: true, ..Rules::default() };
    let passed = OfflineOutcome::Passed { serial: Some("  ".to_owned()), token: None };
    let visit = scanned().checked_as(Way::TerminalFace, passed, before(1));
    assert_eq!(Expected::of(&decide(&visit, &hundred(), &Rules::default(), NOW)), Refuse(Reason::NoEvidence));
    let Verdict::Settle(grounds) = decide(&visit, &hundred(), &rules, NOW) else { panic!("believed") };
    assert!(matches!(&grounds, Grounds::Proven(proof) if proof.claimed));
    assert_eq!(grounds.words(), "医保终端刷脸（无流水号，仅凭登记，本机构设置采信）");
    let kept = serde_json::to_string(&grounds).expect("JSON");
    assert!(kept.contains("\"claimed\":true"), "{kept}");
}
