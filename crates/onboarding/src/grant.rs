//! Whether: what an operator may do with the grants he has.

use std::fmt;

use yanmi_protocol::UnixMillis;

use crate::action::Action;
use crate::area::Area;
use crate::role::Role;

/// A role that an operator has in an area.
///
/// That there is this role in areas of this level, and that it goes with the others he has, is checked when it is granted
/// ([`may_grant`]), and not again when it is used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Grant {
    /// What he is.
    pub role: Role,
    /// Where he is.
    pub area: Area,
    /// The moment from which on he is no longer; nothing when no end is set.
    pub until: Option<UnixMillis>,
}

impl Grant {
    /// Whether it counts at `now`.
    pub fn holds(&self, now: UnixMillis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Why not. What is displayed is for operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Denied {
    /// He has none of the roles this is for.
    NoRole,
    /// He has such a role, but not there.
    OutOfReach,
    /// He would grant to himself.
    Himself,
    /// He has proposed it himself.
    Maker,
    /// The receiver has a role that the new one may not be together with.
    Excluded,
    /// There is no such role in areas of this level.
    Level,
}

impl fmt::Display for Denied {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoRole => "没有可以办理此事的角色",
            Self::OutOfReach => "不在辖区之内",
            Self::Himself => "不能给自己授予角色",
            Self::Maker => "不能复核自己提出的更改",
            Self::Excluded => "与对方已有的角色互斥，不能由一人兼任",
            Self::Level => "这一级辖区不设该角色",
        })
    }
}

impl std::error::Error for Denied {}

/// Decides whether somebody with these grants may do this at `place`, at `now`.
///
/// A place that is larger than every area he has is out of his reach: who has a city may not act on its province.
///
/// # Errors
/// [`Denied::NoRole`] when no grant that holds has a role of the action, otherwise [`Denied::OutOfReach`] when none of those
/// covers the place.
pub fn may(grants: &[Grant], action: Action, place: &Area, now: UnixMillis) -> Result<(), Denied> {
    let mut areas = areas(grants, action, now).peekable();
    if areas.peek().is_none() {
        return Err(Denied::NoRole);
    }
    if areas.any(|area| area.covers(place)) { Ok(()) } else { Err(Denied::OutOfReach) }
}

/// The areas in which somebody with these grants may do this at `now`, for the queries of lists: sorted, and none of them
/// covered by another, so nothing is listed twice. Empty when he may do it nowhere.
pub fn reach(grants: &[Grant], action: Action, now: UnixMillis) -> Vec<Area> {
    let mut areas: Vec<Area> = areas(grants, action, now).collect();
    // What an area covers follows right after it.
    areas.sort_unstable();
    areas.dedup_by(|area, before| before.covers(area));
    areas
}

/// Decides whether somebody with the grants `giver` may grant `new` to somebody with the grants `receiver`, at `now`.
///
/// Giving a grant a later end is granting it anew: while it did not hold, another role may have been granted that it
/// excludes. Decide and store in one transaction, for two grants at the same time may exclude each other.
///
/// # Errors
/// The first that applies: [`Denied::NoRole`] or [`Denied::OutOfReach`] when the giver may not grant at that area;
/// [`Denied::Himself`]; [`Denied::Level`]; [`Denied::Excluded`] when the receiver holds a role that excludes the new one,
/// wherever. Who may not grant is told nothing about the receiver.
pub fn may_grant(
    giver: &[Grant],
    giver_is_receiver: bool,
    receiver: &[Grant],
    new: &Grant,
    now: UnixMillis,
) -> Result<(), Denied> {
    may(giver, Action::GrantRole, &new.area, now)?;
    if giver_is_receiver {
        return Err(Denied::Himself);
    }
    if !new.role.may_have(new.area.level()) {
        return Err(Denied::Level);
    }
    let mut held = receiver.iter().filter(|grant| grant.holds(now));
    if held.any(|grant| grant.role.excludes(new.role)) { Err(Denied::Excluded) } else { Ok(()) }
}

/// Decides whether somebody with these grants may be the second person of a change at `place` that he has proposed himself
/// or not.
///
/// # Errors
/// Those of [`may`] for [`Action::DecideChange`], then [`Denied::Maker`]: there is no role that may do both.
pub fn may_decide(grants: &[Grant], is_maker: bool, place: &Area, now: UnixMillis) -> Result<(), Denied> {
    may(grants, Action::DecideChange, place, now)?;
    if is_maker { Err(Denied::Maker) } else { Ok(()) }
}

/// The areas of the grants that hold at `now` and have a role of the action.
fn areas(grants: &[Grant], action: Action, now: UnixMillis) -> impl Iterator<Item = Area> {
    let fit = move |grant: &&Grant| grant.holds(now) && action.roles().contains(&grant.role);
    grants.iter().filter(fit).map(|grant| grant.area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: UnixMillis = UnixMillis::new(1_700_000_000_000);

    fn area(text: &str) -> Area {
        Area::new(text).expect(text)
    }

    fn grant(role: Role, text: &str) -> Grant {
        Grant { role, area: area(text), until: None }
    }

    /// A letter for each role an action is for, in the order of `Role::ALL`: System, secUrity, Auditor, Clerk, Reviewer,
    /// apProver, Key, Duty, Helpdesk.
    const TABLE: [(Action, &str); 37] = [
        (Action::ViewRegistry, "...CRPKDH"),
        (Action::EditEntry, "...C.P..."),
        (Action::EditContact, "...C.P..."),
        (Action::StopEntry, ".....P.D."),
        (Action::SwitchEntry, ".....P..."),
        (Action::CloseEntry, ".....P..."),
        (Action::RotateKey, "......K.."),
        (Action::ViewImports, "...CRP..."),
        (Action::ImportEntries, "...C.P..."),
        (Action::ReviewImport, "....RP..."),
        (Action::ViewEvents, "..A......"),
        (Action::VerifyEvents, "..A......"),
        (Action::ViewOperators, "SUA......"),
        (Action::InviteOperator, "S........"),
        (Action::CloseOperator, "S........"),
        (Action::GrantRole, ".U......."),
        (Action::RevokeRole, ".U......."),
        (Action::UnlockOperator, ".U......."),
        (Action::ViewSettings, "S........"),
        (Action::ViewHealth, "S......D."),
        (Action::ViewErrors, ".....P.DH"),
        (Action::TraceNumber, ".....P.DH"),
        (Action::TraceInstitution, ".....P.D."),
        (Action::Unmask, ".....P.D."),
        (Action::Redeliver, ".......D."),
        (Action::TestChannel, ".....P.D."),
        (Action::ViewStatistics, ".....P.D."),
        (Action::ViewApplications, "...CRPK.."),
        (Action::FileApplication, "...C....."),
        (Action::ViewApplicants, "...CRP..."),
        (Action::EditApplicant, "...C....."),
        (Action::ViewPending, "...CRP..."),
        (Action::DecideChange, "....RP..."),
        (Action::ViewAlarms, "SU...P.D."),
        (Action::HandleAlarm, ".......D."),
        (Action::HandleSecurityAlarm, ".U......."),
        (Action::HandleNodeAlarm, "S......D."),
    ];

    #[test]
    fn nobody_is_the_second_person_of_his_own_change() {
        for (role, is_maker, place, expected) in [
            (Role::Reviewer, false, "350102", Ok(())),
            (Role::Approver, false, "350102", Ok(())),
            (Role::Reviewer, true, "350102", Err(Denied::Maker)),
            (Role::Approver, true, "350102", Err(Denied::Maker)),
            (Role::Clerk, false, "350102", Err(Denied::NoRole)),
            (Role::Clerk, true, "350102", Err(Denied::NoRole)),
            (Role::Reviewer, false, "360102", Err(Denied::OutOfReach)),
            (Role::Reviewer, true, "360102", Err(Denied::OutOfReach)),
        ] {
            let decided = may_decide(&[grant(role, "35")], is_maker, &area(place), NOW);
            assert_eq!(decided, expected, "{role:?} {is_maker} {place}");
        }
    }

    #[test]
    fn every_role_and_every_action_within_the_area_and_outside_of_it() {
        assert_eq!(TABLE.map(|(action, _)| action), Action::ALL);
        let places = [
            ("35", ["35", "3501", "350102"], ["36", "3401", "360102"]),
            ("3501", ["3501", "350102", "350199"], ["35", "3502", "350202"]),
            ("350102", ["350102", "350102", "350102"], ["35", "3501", "350103"]),
        ];
        for ((action, row), (of, inside, outside)) in
            TABLE.into_iter().flat_map(|row| places.map(|places| (row, places)))
        {
            assert_eq!(row.len(), Role::ALL.len(), "{action:?}");
            for (role, mark) in Role::ALL.into_iter().zip(row.chars()) {
                let fits = mark != '.';
                let check = |place: &str| may(&[grant(role, of)], action, &area(place), NOW);
                let expected = |yes: Result<(), Denied>| if fits { yes } else { Err(Denied::NoRole) };
                for place in inside {
                    assert_eq!(check(place), expected(Ok(())), "{role:?} of {of}, {action:?} at {place}");
                }
                for place in outside {
                    let no = expected(Err(Denied::OutOfReach));
                    assert_eq!(check(place), no, "{role:?} of {of}, {action:?} at {place}");
                }
            }
        }
        for action in Action::ALL {
            assert_eq!(may(&[], action, &area("35"), NOW), Err(Denied::NoRole));
        }
        // One more action is one more in `ALL`, and so in the table.
        let source = include_str!("action.rs");
        let variants = source.split("pub enum Action {").nth(1).and_then(|rest| rest.split('}').next());
        let written = variants.into_iter().flat_map(str::lines).filter(|line| line.ends_with(',')).count();
        assert_eq!(written, Action::ALL.len());
    }

    #[test]
    fn grants_that_are_over_do_not_count() {
        let ends = |millis: i64| Some(UnixMillis::new(NOW.get() + millis));
        for (until, holds) in [(None, true), (ends(1), true), (ends(0), false), (ends(-1), false)] {
            let duty = Grant { until, ..grant(Role::Duty, "35") };
            assert_eq!(duty.holds(NOW), holds, "{until:?}");
            let said = may(&[duty], Action::StopEntry, &area("3501"), NOW);
            assert_eq!(said, if holds { Ok(()) } else { Err(Denied::NoRole) }, "{until:?}");
            assert_eq!(reach(&[duty], Action::StopEntry, NOW).len(), usize::from(holds), "{until:?}");
        }
        let over = Grant { until: ends(0), ..grant(Role::Duty, "35") };
        let said = may(&[over, grant(Role::Duty, "36")], Action::StopEntry, &area("35"), NOW);
        assert_eq!(said, Err(Denied::OutOfReach));
    }

    #[test]
    fn what_is_covered_is_not_listed_twice() {
        let of = |texts: &[&str]| texts.iter().map(|text| grant(Role::Clerk, text)).collect::<Vec<_>>();
        for (grants, expected) in [
            (&[][..], &[][..]),
            (&["3501", "35", "350102", "35"], &["35"]),
            (&["3502", "350102", "3401", "350101"], &["3401", "350101", "350102", "3502"]),
        ] {
            let expected: Vec<Area> = expected.iter().map(|text| area(text)).collect();
            assert_eq!(reach(&of(grants), Action::ViewRegistry, NOW), expected);
            assert_eq!(reach(&of(grants), Action::SwitchEntry, NOW), []);
        }
    }

    #[test]
    fn granting() {
        use Role::{Approver, Auditor, Clerk, Helpdesk, SecurityAdmin, SystemAdmin};
        let over = Grant { until: Some(NOW), ..grant(SystemAdmin, "35") };
        let security = grant(SecurityAdmin, "35");
        let cases = [
            (security, false, None, grant(Clerk, "350102"), Ok(())),
            (security, false, None, grant(SecurityAdmin, "35"), Ok(())),
            (security, false, Some(grant(Clerk, "3501")), grant(Approver, "35"), Ok(())),
            (security, false, Some(grant(Auditor, "3501")), grant(Auditor, "3502"), Ok(())),
            (security, false, Some(over), grant(Clerk, "3501"), Ok(())),
            (security, false, None, grant(Clerk, "3601"), Err(Denied::OutOfReach)),
            (over, false, None, grant(Clerk, "3501"), Err(Denied::NoRole)),
            (grant(SystemAdmin, "35"), true, None, grant(Clerk, "3501"), Err(Denied::NoRole)),
            (security, true, Some(security), grant(SecurityAdmin, "35"), Err(Denied::Himself)),
            (security, true, Some(security), grant(Clerk, "3501"), Err(Denied::Himself)),
            (security, false, None, grant(Approver, "3501"), Err(Denied::Level)),
            (security, false, None, grant(Auditor, "350102"), Err(Denied::Level)),
            (security, false, Some(grant(Auditor, "3501")), grant(Helpdesk, "35"), Err(Denied::Excluded)),
            (security, false, Some(grant(Helpdesk, "34")), grant(SystemAdmin, "35"), Err(Denied::Excluded)),
            (security, false, Some(security), grant(SystemAdmin, "35"), Err(Denied::Excluded)),
        ];
        for (giver, himself, receiver, new, expected) in cases {
            let held: Vec<Grant> = receiver.into_iter().collect();
            let said = may_grant(&[giver], himself, &held, &new, NOW);
            assert_eq!(said, expected, "{giver:?} grants {new:?} to {held:?}");
        }
    }

    #[test]
    fn denials_are_told_in_words() {
        let all = [Denied::NoRole, Denied::OutOfReach, Denied::Himself, Denied::Excluded, Denied::Level];
        let told = all.map(|denied| denied.to_string());
        for (at, text) in told.iter().enumerate() {
            assert!(!text.is_empty() && !told[..at].contains(text), "{text}");
        }
    }

    /// Areas of few digits, so that some cover others.
    fn any_area() -> impl Strategy<Value = Area> {
        "3[45](0[12](0[12])?)?".prop_map(|text| area(&text))
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        let until = prop::option::of((-1_i64..3).prop_map(|millis| UnixMillis::new(NOW.get() + millis)));
        let role = prop::sample::select(&Role::ALL[..]);
        (role, any_area(), until).prop_map(|(role, area, until)| Grant { role, area, until })
    }

    proptest! {
        #[test]
        fn lists_and_single_things_agree(
            grants in prop::collection::vec(any_grant(), 0..12),
            action in prop::sample::select(&Action::ALL[..]),
            place in any_area(),
        ) {
            let reach = reach(&grants, action, NOW);
            let said = may(&grants, action, &place, NOW);
            prop_assert_eq!(said.is_ok(), reach.iter().any(|area| area.covers(&place)));
            prop_assert_eq!(said == Err(Denied::NoRole), reach.is_empty());
            for (at, one) in reach.iter().enumerate() {
                prop_assert!(reach[at + 1..].iter().all(|other| one < other && !one.covers(other)));
            }
        }

        #[test]
        fn nobody_comes_to_roles_that_exclude_each_other(
            wishes in prop::collection::vec(any_grant(), 0..20),
        ) {
            let giver = ["34", "35"].map(|text| grant(Role::SecurityAdmin, text));
            let mut held: Vec<Grant> = Vec::new();
            for new in wishes {
                if may_grant(&giver, false, &held, &new, NOW).is_ok() {
                    held.push(new);
                }
            }
            let now: Vec<Role> = held.iter().filter(|held| held.holds(NOW)).map(|held| held.role).collect();
            prop_assert!(now.iter().all(|one| now.iter().all(|other| !one.excludes(*other))));
            prop_assert!(held.iter().all(|held| held.role.may_have(held.area.level())));
        }
    }
}
