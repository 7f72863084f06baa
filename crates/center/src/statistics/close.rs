//! Counting yesterday again, at two in the morning, and comparing: what the tables say is what the audit says, or it is an alarm.
//!
//! The numbers stay as they were counted when things happened. They are the witness: who took rows out of the audit, or put some
//! in, would have them follow if they were written anew. Compared is what was counted, and not how long people took: that
//! depends on what was remembered of the minutes before.
//!
//! When the day is closed it is also known who did nothing in it.

use std::collections::BTreeMap;
use std::time::Duration;

use yanmi_onboarding::alarm::BUSY_DAYS;
use yanmi_onboarding::{Area, Observation};
use yanmi_protocol::{OrgCode, UnixMillis};

use super::count::{AskedTimes, Counts};
use super::figure::{Figure, Figures};
use super::marks::{self, CountMark, MarkSource};
use super::query::{self, Days};
use super::read::each;
use crate::registry::Snapshot;
use crate::registry::alarms::{self, Finding};
use crate::store::StoreError;
use crate::store::connection::Connection;
use crate::store::span::{AUDIT, OUT_OF_ORDER, PART};

/// The hour from which on yesterday is counted again: nothing of it comes any more, and nobody is at the counters.
const AT_HOUR: u32 = 2;
/// Nights that are made up for, when nobody was there.
const NIGHTS: u32 = 7;
/// A day in Shanghai, which sets no clocks.
const DAY: Duration = Duration::from_hours(24);
/// Between two parts of the audit.
const PAUSE: Duration = Duration::from_millis(50);
/// Institutions that are named one by one when nothing came of them: more at once have one cause.
const MOST_SILENT: usize = 100;
/// What is compared: all but the times.
const COMPARED: [Figure; 14] = [
    Figure::Asked,
    Figure::Reminded,
    Figure::Delivered,
    Figure::Undelivered,
    Figure::Password,
    Figure::Face,
    Figure::App,
    Figure::Cancelled,
    Figure::NotMe,
    Figure::Failed,
    Figure::Locked,
    Figure::Free,
    Figure::ConfirmedFen,
    Figure::FreeFen,
];

/// Who closes a day, and what he knows.
pub(super) struct Closer<'a> {
    pub(super) node: i64,
    pub(super) now: UnixMillis,
    pub(super) snapshot: &'a Snapshot,
    pub(super) province: Area,
}

/// A day that is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct PastDay {
    day: u32,
    from: UnixMillis,
    to: UnixMillis,
}

/// Closes the oldest day that is not closed, if it is time and the audit is counted beyond it; the day that is closed now. `known`
/// is the day the caller knows to be closed, and the last key that is counted.
pub(super) async fn close_day(
    connection: &mut Connection,
    closer: &Closer<'_>,
    known: (u32, i64),
) -> Result<Option<u32>, StoreError> {
    if due(closer.now, known.0).is_none() {
        return Ok(None);
    }
    let mark = marks::read(connection, MarkSource::Day).await?;
    let newest = u32::try_from(mark.upto).unwrap_or(u32::MAX);
    let Some(past) = due(closer.now, newest).filter(|_| mark.is_for(closer.node, closer.now)) else {
        return Ok(Some(newest));
    };
    let Some(last) = AUDIT.last(connection).await? else { return Ok(None) };
    let end = AUDIT.key_at(connection, last, past.to.plus(OUT_OF_ORDER)).await?;
    if known.1 + 1 < end {
        return Ok(None);
    }
    // It takes a while, and need not be done twice.
    if !marks::advance(connection, (MarkSource::Day, mark), mark.upto, closer.node, closer.now).await? {
        return Ok(None);
    }
    let mark = marks::read(connection, MarkSource::Day).await?;
    let found = closer.look(connection, past, (last, end)).await?;
    connection.begin().await?;
    let written = closer.write(connection, mark, past, &found).await;
    Ok(connection.settle(written).await?.then_some(past.day))
}

/// The oldest day that is to be closed when all up to one are; of a site that never closed one it is yesterday.
fn due(now: UnixMillis, closed: u32) -> Option<PastDay> {
    let digits = now.shanghai_digits();
    let number = |from: usize, to: usize| {
        digits[from..to].iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
    };
    if number(8, 10) < AT_HOUR {
        return None;
    }
    let today = UnixMillis::from_shanghai([number(0, 4), number(4, 6), number(6, 8), 0, 0, 0])?;
    let nights = if closed == 0 { 1 } else { NIGHTS };
    let past = |days: u32| {
        let from = today.minus(DAY * days);
        PastDay { day: from.shanghai_day(), from, to: from.plus(DAY) }
    };
    (1..=nights).rev().map(past).find(|past| past.day > closed)
}

impl Closer<'_> {
    async fn look(
        &self,
        connection: &mut Connection,
        past: PastDay,
        (last, end): (i64, i64),
    ) -> Result<Vec<Finding>, StoreError> {
        let recounted = recount(connection, past, (last, end)).await?;
        let counted = query::of_day(connection, past.day).await?;
        let day = past.from.shanghai_date();
        let mut found = Vec::new();
        if let Some(seen) = difference(&day, &counted, &recounted) {
            let alarm = seen.judge();
            let object = past.day.to_string();
            found.extend(alarm.map(|alarm| Finding { alarm, object, region: self.province }));
        }
        found.extend(self.silent(connection, past, &day).await?);
        Ok(found)
    }

    /// Institutions that are served, were busy on the days before, and asked for nothing in this one.
    async fn silent(
        &self,
        connection: &mut Connection,
        past: PastDay,
        day: &str,
    ) -> Result<Vec<Finding>, StoreError> {
        let week = DAY * u32::try_from(BUSY_DAYS).unwrap_or(u32::MAX);
        let before =
            Days { first: past.from.minus(week).shanghai_day(), last: past.from.minus(DAY).shanghai_day() };
        let fewest = i64::try_from(BUSY_DAYS).unwrap_or(i64::MAX);
        let silent = query::silent(connection, before, past.day, fewest).await?;
        let mut found = Vec::new();
        for one in silent {
            let Some(institution) = self.snapshot.institution(&one.code).filter(|one| one.active) else {
                continue;
            };
            let seen = Observation::Asked {
                day: day.to_owned(),
                days_before: u64::try_from(one.days).unwrap_or(0),
                before: u64::try_from(one.asked).unwrap_or(0),
                that_day: 0,
            };
            let (object, region) = (one.code.as_str().to_owned(), institution.region);
            found.extend(seen.judge().map(|alarm| Finding { alarm, object, region }));
        }
        if found.len() <= MOST_SILENT {
            return Ok(found);
        }
        let institutions = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let alarm = Observation::SilentTogether { day: day.to_owned(), institutions }.judge();
        let object = self.province.as_str().to_owned();
        Ok(alarm.map(|alarm| Finding { alarm, object, region: self.province }).into_iter().collect())
    }

    /// Says that a day is closed, and what was found; false when somebody else has.
    async fn write(
        &self,
        connection: &mut Connection,
        mark: CountMark,
        past: PastDay,
        found: &[Finding],
    ) -> Result<bool, StoreError> {
        let upto = i64::from(past.day);
        if !marks::advance(connection, (MarkSource::Day, mark), upto, self.node, self.now).await? {
            return Ok(false);
        }
        let new = alarms::raise(connection, found, self.now).await?;
        alarms::tell(&new);
        Ok(true)
    }
}

/// Counts a day from the audit, whose keys end before one.
async fn recount(
    connection: &mut Connection,
    past: PastDay,
    (last, end): (i64, i64),
) -> Result<BTreeMap<OrgCode, Figures>, StoreError> {
    let (mut counts, mut asked) = (Counts::default(), AskedTimes::default());
    let mut next = AUDIT.key_at(connection, last, past.from.minus(OUT_OF_ORDER)).await?;
    while next < end {
        let behind = next.saturating_add(PART).min(end);
        each(connection, next, behind, |one| {
            if one.at >= past.from && one.at < past.to {
                // By city and channel nothing is compared: an institution may have moved since.
                counts.take(one, Area::of_code(&one.org_code), &mut asked);
            }
        })
        .await?;
        next = behind;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(counts.by_org.into_iter().map(|((_, code), figures)| (code, figures)).collect())
}

/// What is different between what was counted when things happened and what is counted now; nothing when nothing is.
fn difference(
    day: &str,
    counted: &BTreeMap<OrgCode, Figures>,
    recounted: &BTreeMap<OrgCode, Figures>,
) -> Option<Observation> {
    let nothing = Figures::default();
    let of = |figures: &BTreeMap<OrgCode, Figures>, code: &OrgCode| *figures.get(code).unwrap_or(&nothing);
    let codes: std::collections::BTreeSet<&OrgCode> = counted.keys().chain(recounted.keys()).collect();
    let different = codes.into_iter().filter_map(|code| {
        let (was, is) = (of(counted, code), of(recounted, code));
        let figure = COMPARED.into_iter().find(|figure| was[*figure] != is[*figure])?;
        Some((code, figure, was[figure], is[figure]))
    });
    let different: Vec<(&OrgCode, Figure, i64, i64)> = different.collect();
    let (code, figure, was, is) = different.first()?;
    Some(Observation::Recounted {
        day: day.to_owned(),
        institutions: u64::try_from(different.len()).unwrap_or(u64::MAX),
        example: code.as_str().to_owned(),
        difference: format!("{} 统计 {was}、审计 {is}", figure.column()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(parts: [u32; 6]) -> UnixMillis {
        UnixMillis::from_shanghai(parts).expect("a moment")
    }

    #[test]
    fn yesterday_is_closed_after_two_and_nights_that_were_missed_are_made_up_for() {
        for (now, closed, expected) in [
            ([2026, 11, 29, 1, 59, 59], 0, None),
            ([2026, 11, 29, 2, 0, 0], 0, Some(20_261_128)),
            ([2026, 11, 29, 23, 0, 0], 20_261_128, None),
            ([2026, 12, 1, 2, 0, 0], 20_261_128, Some(20_261_129)),
            ([2026, 12, 31, 2, 0, 0], 20_261_128, Some(20_261_224)),
            ([2027, 1, 1, 5, 0, 0], 20_261_230, Some(20_261_231)),
        ] {
            assert_eq!(due(at(now), closed).map(|past| past.day), expected, "{now:?} {closed}");
        }
        let past = due(at([2026, 11, 29, 2, 30, 0]), 0).expect("a day");
        assert_eq!((past.from, past.to), (at([2026, 11, 28, 0, 0, 0]), at([2026, 11, 29, 0, 0, 0])));
    }

    #[test]
    fn what_is_missing_on_either_side_is_different_and_times_are_not() {
        let code = |text: &str| OrgCode::new(text).expect("a code");
        let figures = |asked: i64, within: i64| {
            let mut figures = Figures::default();
            figures[Figure::Asked] = asked;
            figures[Figure::Within5] = within;
            figures
        };
        let (one, other) = (code("H35010000001"), code("H35010000002"));
        let counted = BTreeMap::from([(one, figures(3, 1)), (other, figures(1, 0))]);
        assert_eq!(difference("d", &counted, &counted), None);
        assert_eq!(difference("d", &BTreeMap::from([(one, figures(0, 0))]), &BTreeMap::new()), None);
        let times = BTreeMap::from([(one, figures(3, 3)), (other, figures(1, 1))]);
        assert_eq!(difference("d", &counted, &times), None);
        let fewer = BTreeMap::from([(one, figures(3, 1))]);
        for (was, is, words) in
            [(&counted, &fewer, "asked 统计 1、审计 0"), (&fewer, &counted, "asked 统计 0、审计 1")]
        {
            let Some(Observation::Recounted { institutions, example, difference, .. }) =
                difference("d", was, is)
            else {
                panic!("no difference")
            };
            assert_eq!((institutions, example.as_str(), difference.as_str()), (1, "H35010000002", words));
        }
    }
}
