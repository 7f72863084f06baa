//! Counting events of the audit, in their order. A pure function of what it is given: the same events give the same counts.

use std::collections::{BTreeMap, HashMap};

use yanmi_onboarding::Area;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{EcToken, OrgCode, UnixMillis};
use yanmi_verification::Event;

use super::figure::{Figure, Figures};

/// Notices whose answer is waited for, to know how long it took. One more forgets all of them: their answers are counted then, and
/// their times are not.
const MOST_ASKED: usize = 200_000;

/// An event of the audit, as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountedEvent<'a> {
    pub(crate) at: UnixMillis,
    pub(crate) event: Event,
    pub(crate) token: Option<EcToken>,
    pub(crate) org_code: OrgCode,
    pub(crate) channel: &'a str,
    /// In fen.
    pub(crate) amount: i64,
}

/// Institution and day (20261123).
pub(crate) type OrgDay = (i64, OrgCode);
/// Hour (2026112315), city of four digits, and channel.
pub(crate) type CityHour = (i64, String, String);

/// What some events come to.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) by_org: BTreeMap<OrgDay, Figures>,
    pub(crate) by_city: BTreeMap<CityHour, Figures>,
}

/// When notices were asked for that were not answered so far.
#[derive(Debug, Default)]
pub(crate) struct AskedTimes(HashMap<(EcToken, OrgCode), UnixMillis>);

impl AskedTimes {
    /// Sees one event, and tells how long a confirmation took.
    pub(crate) fn see(&mut self, one: &CountedEvent<'_>) -> Option<Figure> {
        let key = (one.token?, one.org_code);
        match one.event {
            Event::Asked | Event::Superseded | Event::TookOver | Event::Voided => {
                if self.0.len() >= MOST_ASKED {
                    self.0.clear();
                }
                self.0.insert(key, one.at);
                None
            }
            Event::Confirmed(_) => {
                self.0.remove(&key).map(|at| Figure::of_wait(one.at.since(at).as_millis()))
            }
            Event::Cancelled | Event::NotMe | Event::ChannelFailed | Event::PasswordLocked => {
                self.0.remove(&key);
                None
            }
            _ => None,
        }
    }
}

impl Counts {
    /// Counts one event; `place` is where the institution is.
    pub(crate) fn take(&mut self, one: &CountedEvent<'_>, place: Area, asked: &mut AskedTimes) {
        let wait = asked.see(one);
        let Some((figure, fen)) = figure_of(one.event) else { return };
        let mut figures = Figures::default();
        figures[figure] = 1;
        if let Some(fen) = fen {
            figures[fen] = one.amount;
        }
        if let Some(wait) = wait {
            figures[wait] = 1;
        }
        let day = i64::from(one.at.shanghai_day());
        *self.by_org.entry((day, one.org_code)).or_default() += figures;
        let city = place.as_str().get(..4).unwrap_or_default().to_owned();
        *self.by_city.entry((hour_of(one.at), city, one.channel.to_owned())).or_default() += figures;
    }
}

/// The hour of a moment: 2026112315.
pub(crate) fn hour_of(at: UnixMillis) -> i64 {
    let digits = at.shanghai_digits();
    digits[..10].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// What an event is counted as, and what its amount is.
const fn figure_of(event: Event) -> Option<(Figure, Option<Figure>)> {
    Some(match event {
        Event::Asked | Event::Superseded | Event::TookOver | Event::Voided => (Figure::Asked, None),
        Event::AskedAgain => (Figure::Reminded, None),
        Event::Delivered => (Figure::Delivered, None),
        Event::Undelivered => (Figure::Undelivered, None),
        Event::Confirmed(Way::CredentialPassword) => (Figure::Password, Some(Figure::ConfirmedFen)),
        Event::Confirmed(Way::Face) => (Figure::Face, Some(Figure::ConfirmedFen)),
        Event::Confirmed(Way::ChannelPassword) => (Figure::App, Some(Figure::ConfirmedFen)),
        Event::Cancelled => (Figure::Cancelled, None),
        Event::NotMe => (Figure::NotMe, None),
        Event::ChannelFailed => (Figure::Failed, None),
        Event::PasswordLocked => (Figure::Locked, None),
        Event::FreeUsed | Event::FreeOnWord => (Figure::Free, Some(Figure::FreeFen)),
        Event::HandedOver
        | Event::Stands
        | Event::WrongPassword
        | Event::FreeOn
        | Event::FreeOff
        | Event::PageOpened
        | Event::LinkUnknown
        | Event::LinkExpired
        | Event::LinkShared => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, event: Event, amount: i64) -> CountedEvent<'static> {
        CountedEvent {
            at: UnixMillis::new(at),
            event,
            token: EcToken::new("630000ec7ioqup8p1o0761820a0000f1f8b13d").ok(),
            org_code: OrgCode::new("H35010000001").expect("a code"),
            channel: "C",
            amount,
        }
    }

    #[test]
    fn events_are_counted_by_day_and_hour_with_the_time_of_answers() {
        // 2025-11-23 15:00:24 in Shanghai.
        let start = 1_763_881_224_000;
        let place = Area::new("350102").expect("an area");
        let (mut counts, mut asked) = (Counts::default(), AskedTimes::default());
        for one in [
            event(start, Event::Asked, 1_000),
            event(start + 100, Event::Delivered, 0),
            event(start + 5_000, Event::AskedAgain, 1_000),
            event(start + 9_000, Event::Confirmed(Way::Face), 1_000),
            event(start + 9_500, Event::Confirmed(Way::Face), 1_000),
            event(start + 9_600, Event::PageOpened, 0),
            // The next hour, and its beginning unknown.
            event(start + 3_600_000, Event::FreeUsed, 250),
        ] {
            counts.take(&one, place, &mut asked);
        }
        let day = counts.by_org[&(20_251_123, event(0, Event::Asked, 0).org_code)];
        for (figure, count) in [
            (Figure::Asked, 1),
            (Figure::Reminded, 1),
            (Figure::Delivered, 1),
            (Figure::Face, 2),
            (Figure::ConfirmedFen, 2_000),
            (Figure::Within10, 1),
            (Figure::Free, 1),
            (Figure::FreeFen, 250),
        ] {
            assert_eq!(day[figure], count, "{figure:?}");
        }
        let hours: Vec<&CityHour> = counts.by_city.keys().collect();
        let hour = |hour: i64| (hour, "3501".to_owned(), "C".to_owned());
        assert_eq!(hours, [&hour(2_025_112_315), &hour(2_025_112_316)]);
        let sum: i64 = counts.by_city.values().map(|figures| figures[Figure::Face]).sum();
        assert_eq!(sum, 2);
    }

    #[test]
    fn every_event_is_counted_as_one_thing_or_none() {
        let counted = Event::ALL.iter().filter(|event| figure_of(**event).is_some()).count();
        assert_eq!(counted, Event::ALL.len() - 9);
    }
}
