//! State × command × person: what is carried out is in the table, and everything else is refused.

use yanmi_onboarding::application::Kind;

use crate::play::{
    CITY_TO_PROVINCE, COMMANDS, COUNTY_TO_CITY, DAY, Play, TO_COUNTY, TO_TRIAL, at_province, everybody,
    in_trial, live, on_condition, way, way_of,
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
