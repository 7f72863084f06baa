//! State × command × person: what is carried out is in the table, and everything else is refused.

use yanmi_onboarding::Role;
use yanmi_onboarding::application::{Kind, Turn};

use crate::play::{
    CITY_TO_PROVINCE, COMMANDS, COUNTY_TO_CITY, DAY, OPERATORS, Play, TO_COUNTY, TO_TRIAL, area, at_province,
    everybody, in_trial, live, on_condition, way, way_of,
};

/// Every outcome that is not a refusal. A line: state, command, by whom, and what comes of it.
const TABLE: &str = include_str!("outcomes.txt");

/// One of each state there is, with what may wait in it.
pub(crate) fn states() -> Vec<(&'static str, Play)> {
    let county = way(&[&TO_COUNTY]);
    let city = way(&[&TO_COUNTY, &COUNTY_TO_CITY]);
    let attached = way_of(Kind::Attach, &[&TO_COUNTY, &COUNTY_TO_CITY, &CITY_TO_PROVINCE, &TO_TRIAL]);
    let late = |mut play: Play| {
        play.staffed = false;
        play.later(3 * DAY)
    };
    let unmet =
        on_condition().played(&[("issue", "key keeper")]).later(10 * DAY).played(&[("lapse", "center")]);
    vec![
        ("draft", Play::new(Kind::System)),
        ("draft, 30 days later", Play::new(Kind::System).later(30 * DAY)),
        ("county", county.clone()),
        ("county, claimed", county.clone().played(&[("claim", "county clerk")])),
        ("county, to pass", county.clone().played(&[("claim", "county clerk"), ("pass", "county clerk")])),
        ("county, nobody there", late(county.clone())),
        ("city, claimed", city.played(&[("claim", "city clerk")])),
        ("province", at_province()),
        ("province, claimed", at_province().played(&[("claim", "province clerk")])),
        ("province, nobody there", late(at_province())),
        ("province, to refuse", at_province().played(&[("refuse", "approver")])),
        ("province, to approve", at_province().played(&[("approve", "approver")])),
        ("returned", county.clone().played(&[("claim", "county clerk"), ("return", "county clerk")])),
        ("refused", at_province().played(&[("refuse", "approver"), ("confirm", "province reviewer")])),
        ("withdrawn", county.played(&[("withdraw", "applicant")])),
        ("done", attached),
        ("trial", in_trial()),
        ("trial, own report", in_trial().played(&[("own report", "technician")])),
        ("trial, witnessed", in_trial().played(&[("own report", "applicant"), ("witness", "city clerk")])),
        ("trial, report", in_trial().played(&[("report", "center")])),
        ("trial, 90 days later", in_trial().later(90 * DAY)),
        ("accepted", in_trial().played(&[("report", "center"), ("accept", "approver")])),
        ("accepted, on a condition", on_condition()),
        ("accepted, condition not met", on_condition().later(10 * DAY)),
        ("live", live()),
        ("live, on a condition", on_condition().played(&[("issue", "key keeper")])),
        ("live, condition not met", on_condition().played(&[("issue", "key keeper")]).later(10 * DAY)),
        ("suspended, condition not met", unmet),
        ("live, to close", live().played(&[("close", "approver")])),
        ("suspended", live().played(&[("suspend", "duty")])),
        ("suspended, 4 hours later", live().played(&[("suspend", "duty")]).later(DAY / 6)),
        ("closed", live().played(&[("close", "approver"), ("confirm", "province reviewer")])),
    ]
}

#[test]
fn what_is_not_in_the_table_is_refused() {
    let mut lines = Vec::new();
    for (name, play) in states() {
        for command in COMMANDS {
            // Those for whom the same comes of it, in the order of the list of everybody.
            let mut outcomes: Vec<(String, Vec<&str>)> = Vec::new();
            for who in everybody() {
                let mut played = play.clone();
                if played.command(command, &who).is_ok() {
                    let state = played.state_name();
                    match outcomes.iter_mut().find(|(known, _)| *known == state) {
                        Some((_, names)) => names.push(who.name),
                        None => outcomes.push((state, vec![who.name])),
                    }
                } else {
                    assert_eq!(played.application, play.application, "{name}: {command} by {}", who.name);
                }
            }
            for (state, names) in outcomes {
                lines.push(format!("{name} | {command} | {} | {state}", names.join(", ")));
            }
        }
    }
    let found = lines.join("\n") + "\n";
    assert_eq!(found, TABLE, "\n{found}");
}

/// Whose turn it is in each state.
const TURNS: [(&str, &str); 32] = [
    ("draft", "申请方"),
    ("draft, 30 days later", "申请方"),
    ("county", "县经办"),
    ("county, claimed", "县经办"),
    ("county, to pass", "县复核"),
    ("county, nobody there", "县经办"),
    ("city, claimed", "市经办"),
    ("province", "省审批"),
    ("province, claimed", "省审批"),
    ("province, nobody there", "省审批"),
    ("province, to refuse", "省复核"),
    ("province, to approve", "省复核"),
    ("returned", "申请方"),
    ("refused", "—"),
    ("withdrawn", "—"),
    ("done", "—"),
    ("trial", "申请方"),
    ("trial, own report", "省经办"),
    ("trial, witnessed", "省审批"),
    ("trial, report", "省审批"),
    ("trial, 90 days later", "申请方"),
    ("accepted", "省密钥管理"),
    ("accepted, on a condition", "省密钥管理"),
    ("accepted, condition not met", "省密钥管理"),
    ("live", "申请方"),
    ("live, on a condition", "申请方"),
    ("live, condition not met", "申请方"),
    ("suspended, condition not met", "省审批"),
    ("live, to close", "省复核"),
    ("suspended", "省审批"),
    ("suspended, 4 hours later", "省审批"),
    ("closed", "—"),
];

#[test]
fn whose_turn_it_is() {
    let turns: Vec<(&str, String)> =
        states().into_iter().map(|(name, play)| (name, play.application.turn(play.now).words())).collect();
    let turns: Vec<(&str, &str)> = turns.iter().map(|(name, turn)| (*name, turn.as_str())).collect();
    assert_eq!(turns, TURNS);
}

#[test]
fn whoever_has_the_turn_can_do_something() {
    for (name, play) in states() {
        let Turn::Operator(role, level) = play.application.turn(play.now) else { continue };
        let able = everybody().into_iter().filter(|one| {
            let is_one = |(known, _, its, place): &(&str, u64, Role, &str)| {
                *known == one.name && *its == role && area(place).level() == level
            };
            OPERATORS.iter().any(is_one)
        });
        let done = able.flat_map(|one| COMMANDS.map(|command| play.clone().command(command, &one).is_ok()));
        // What time has ended, or what was not mended in time, only waits.
        let waits = play.application.has_lapsed(play.now) || name.ends_with("not met");
        assert!(waits || done.into_iter().any(|done| done), "{name}");
    }
}
