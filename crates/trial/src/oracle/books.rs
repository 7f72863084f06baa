//! What the center's database holds: it must be one story, and the story that was told.

use std::collections::{BTreeMap, BTreeSet};

use yanmi_protocol::NoticeNo;

use super::belief::{Deed, Said, Standing};
use super::visit::{Entry, Visit};

/// One event of the audit about a verification.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its stored code.
    pub name: String,
    /// The notice number.
    pub notice: i64,
    /// The serial number.
    pub serial: i64,
    /// The amount, in fen.
    pub amount: Option<i64>,
    /// Why a notice was not delivered.
    pub detail: Option<String>,
}

/// A verification as it is stored, or as the audit tells it: columns of the table of this name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "the columns' names, which the schema explains")]
pub struct Record {
    pub attempt: i64,
    pub notices: i64,
    pub notice: i64,
    pub serial: i64,
    pub amount: i64,
    pub state: String,
    pub reason: Option<String>,
}

/// Everything stored about one institution, by token.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// The verifications.
    pub verifications: BTreeMap<String, Record>,
    /// The events that name a token, in the order of their commits.
    pub audit: BTreeMap<String, Vec<Event>>,
    /// The tokens that are known.
    pub tokens: BTreeSet<String>,
}

impl Books {
    /// State and audit agree, and no number was given out twice.
    pub fn agree(&self) -> Vec<String> {
        let mut found = Vec::new();
        let told: BTreeSet<&String> = self.audit.keys().collect();
        for token in self.verifications.keys().filter(|token| !told.contains(token)) {
            found.push(format!("{token}: stored, and the audit knows nothing of it"));
        }
        let (mut serials, mut notices) = (BTreeSet::new(), BTreeSet::new());
        for (token, events) in &self.audit {
            match (replay(events), self.verifications.get(token)) {
                (Err(why), _) => found.push(format!("{token}: {why}")),
                (Ok(record), Some(stored)) if record == *stored => {}
                (Ok(record), stored) => {
                    found.push(format!(
                        "{token}: {stored:?} is stored, the audit says {record:?}: {events:#?}"
                    ));
                }
            }
            for event in events {
                if event.is_call() && !serials.insert(event.serial) {
                    found.push(format!("{token}: serial number {} twice", event.serial));
                }
                if event.opens() && !notices.insert(event.notice) {
                    found.push(format!("{token}: notice number {} twice", event.notice));
                }
            }
        }
        found
    }

    /// Everything this visit was told is stored, and nothing is stored that it did not do.
    pub fn tell_of(&self, visit: &Visit) -> Vec<String> {
        let mut found = Vec::new();
        let token = visit.token.as_str();
        if !self.tokens.contains(token) {
            found.push(format!("a decoded token is forgotten: {visit:#?}"));
        }
        let events = self.events(visit);
        match self.verifications.get(token).map_or(Ok(Standing::Never), Record::standing) {
            Ok(standing) if visit.belief.allows(standing) => {}
            Ok(standing) => found.push(format!("{standing:?} is stored: {events:#?} {visit:#?}")),
            Err(why) => found.push(format!("{why}: {visit:#?}")),
        }
        found.extend(tell_of_notices(visit, events));
        for (event, deed) in [("confirmed-01", Deed::Confirm), ("cancelled", Deed::Cancel)] {
            let stored = numbers(events, |e| e.name == event);
            let was = |said: Option<Said>| -> BTreeSet<i64> {
                let entries = visit.history.iter().filter(|entry| entry.deed == deed);
                let entries = entries.filter(|entry| said.is_none() || entry.said == said);
                entries.filter_map(|entry| entry.notice.map(signed)).collect()
            };
            if !stored.is_superset(&was(Some(Said::Accepted))) {
                found.push(format!("{deed:?} is forgotten: {events:#?} {visit:#?}"));
            }
            if !stored.is_subset(&was(None)) {
                found.push(format!("{deed:?} is invented: {events:#?} {visit:#?}"));
            }
        }
        if visit.was_told_to_settle() && !events.iter().any(|event| event.name.starts_with("confirmed-")) {
            found.push(format!("\"1\" was answered without a confirmation: {events:#?} {visit:#?}"));
        }
        found
    }

    /// On a person's phone is what is stored as delivered, and nothing that is not stored. `visits` are all of this
    /// person, and the phone has not forgotten any notice.
    pub fn tell_of_phone<'a>(
        &self,
        visits: impl IntoIterator<Item = &'a Visit>,
        phone: &[NoticeNo],
    ) -> Vec<String> {
        let mut found = Vec::new();
        let pushed: BTreeSet<i64> = phone.iter().copied().map(signed).collect();
        let events: Vec<&Event> = visits.into_iter().flat_map(|visit| self.events(visit)).collect();
        let numbers = |of: fn(&Event) -> bool| -> BTreeSet<i64> {
            events.iter().filter(|event| of(event)).map(|event| event.notice).collect()
        };
        if !pushed.is_subset(&numbers(Event::opens)) {
            found.push(format!("the phone shows what is not stored: {pushed:?} {events:#?}"));
        }
        if !numbers(|event| event.name == "delivered").is_subset(&pushed) {
            found.push(format!("what was delivered is on no phone: {pushed:?} {events:#?}"));
        }
        found
    }

    fn events(&self, visit: &Visit) -> &[Event] {
        self.audit.get(visit.token.as_str()).map_or(&[], Vec::as_slice)
    }
}

/// Every answered notice is stored, and there are not more than were asked for.
fn tell_of_notices(visit: &Visit, events: &[Event]) -> Vec<String> {
    let mut found = Vec::new();
    let calls: Vec<&Entry> =
        visit.history.iter().filter(|entry| matches!(entry.deed, Deed::Notify(_))).collect();
    let stored: BTreeSet<i64> = events.iter().map(|event| event.serial).collect();
    for entry in calls.iter().filter(|entry| entry.said == Some(Said::Notified)) {
        let number = entry.serial.as_ref().and_then(|serial| serial.get(..13)?.parse().ok());
        if !number.is_some_and(|number| stored.contains(&number)) {
            found.push(format!("an answered notice is forgotten: {entry:?} {visit:#?}"));
        }
    }
    if stored.len() > calls.len() {
        found.push(format!("a notice is invented: {events:#?} {visit:#?}"));
    }
    found
}

impl Event {
    /// Whether it is a call of the institution, with a serial number of its own.
    fn is_call(&self) -> bool {
        self.opens() || matches!(self.name.as_str(), "asked-again" | "stands")
    }

    /// Whether it opens an attempt, with a notice number of its own.
    fn opens(&self) -> bool {
        matches!(self.name.as_str(), "asked" | "superseded" | "voided")
    }
}

impl Record {
    fn standing(&self) -> Result<Standing, String> {
        let amount = u32::try_from(self.amount).map_err(|_| format!("no small amount in {self:?}"))?;
        Ok(match self.state.as_str() {
            "asked" | "notified" => Standing::Open(amount),
            "verified" => Standing::Confirmed(amount),
            "declined" => Standing::Declined,
            "undelivered" => Standing::Undelivered,
            other => return Err(format!("nothing here makes a verification {other}")),
        })
    }

    fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "asked" | "notified")
    }

    fn becomes(&mut self, state: &str, reason: Option<&str>) {
        state.clone_into(&mut self.state);
        self.reason = reason.map(str::to_owned);
    }

    /// Takes in the next event, if it is possible after the ones before.
    fn follow(&mut self, event: &Event) -> Option<()> {
        let (open, verified) = (self.is_open(), self.state == "verified");
        let possible = match event.name.as_str() {
            "asked" => !open && !verified,
            "superseded" | "asked-again" | "confirmed-01" | "cancelled" => open,
            "voided" | "stands" => verified,
            "delivered" => matches!(self.state.as_str(), "asked" | "undelivered"),
            "undelivered" => self.state == "asked",
            _ => false,
        };
        if !possible {
            return None;
        }
        match event.name.as_str() {
            "delivered" => self.becomes("notified", None),
            "undelivered" => self.becomes("undelivered", event.detail.as_deref()),
            "confirmed-01" => self.becomes("verified", Some("01")),
            "cancelled" => self.becomes("declined", Some("cancelled")),
            "stands" => self.serial = event.serial,
            _ => {
                self.serial = event.serial;
                self.notices += 1;
            }
        }
        if event.opens() {
            self.attempt += 1;
            self.notice = event.notice;
            self.amount = event.amount?;
            self.becomes("asked", None);
        }
        ((self.notice, self.serial) == (event.notice, event.serial)).then_some(())
    }
}

/// What the audit says has become of a verification, each event possible after the one before.
fn replay(events: &[Event]) -> Result<Record, String> {
    let mut record = Record::default();
    for event in events {
        let before = record.clone();
        record.follow(event).ok_or_else(|| format!("{event:?} after {before:?}: {events:#?}"))?;
    }
    Ok(record)
}

fn numbers(events: &[Event], of: impl Fn(&Event) -> bool) -> BTreeSet<i64> {
    events.iter().filter(|event| of(event)).map(|event| event.notice).collect()
}

fn signed(notice: NoticeNo) -> i64 {
    i64::try_from(notice.number()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::parties::Heard;
    use super::*;
    use yanmi_protocol::EcToken;

    const TOKEN: &str = "350000s1";
    const NOTICE: i64 = 1_000_000_000_002;
    const SERIAL: i64 = 1_000_000_000_001;

    fn event(name: &str) -> Event {
        Event { name: name.to_owned(), notice: NOTICE, serial: SERIAL, amount: Some(5), detail: None }
    }

    /// A notice that was confirmed.
    fn books() -> Books {
        let record = Record {
            attempt: 1,
            notices: 1,
            notice: NOTICE,
            serial: SERIAL,
            amount: 5,
            state: "verified".to_owned(),
            reason: Some("01".to_owned()),
        };
        let events = vec![event("asked"), event("delivered"), event("confirmed-01")];
        Books {
            verifications: BTreeMap::from([(TOKEN.to_owned(), record)]),
            audit: BTreeMap::from([(TOKEN.to_owned(), events)]),
            tokens: BTreeSet::from([TOKEN.to_owned()]),
        }
    }

    fn number() -> NoticeNo {
        NoticeNo::from_number(NOTICE.unsigned_abs()).expect("thirteen digits")
    }

    /// What was told of it.
    fn visit() -> Visit {
        let mut visit = Visit::new(0, EcToken::new(TOKEN).expect("a token"));
        let serial = format!("{SERIAL}20260101000000");
        let mut note = |deed, said, serial: Option<&str>, notice| {
            let heard = Heard { said, serial: serial.map(str::to_owned), notice };
            visit.note(deed, Some(&heard)).expect("nothing wrong");
        };
        note(Deed::Notify(5), Said::Notified, Some(&serial), None);
        note(Deed::Pending, Said::Listed(true), None, Some(number()));
        note(Deed::Confirm, Said::Accepted, None, Some(number()));
        note(Deed::Status, Said::Settle(true), Some(&serial), None);
        visit
    }

    fn found(books: &Books) -> String {
        let (visit, phone) = (visit(), [number()]);
        let all = [books.agree(), books.tell_of(&visit), books.tell_of_phone([&visit], &phone)];
        all.concat().join("\n")
    }

    #[test]
    fn the_story_that_was_told_is_found_to_be_right() {
        assert_eq!(found(&books()), "");
    }

    #[test]
    fn every_record_that_was_doctored_is_found() {
        type Doctor = fn(&mut Books);
        let doctored: [(&str, Doctor); 11] = [
            ("a decoded token is forgotten", |books| books.tokens.clear()),
            ("Never is stored", |books| books.verifications.clear()),
            ("the audit knows nothing of it", |books| books.audit.clear()),
            ("an answered notice is forgotten", |books| books.audit.clear()),
            ("Confirm is forgotten", |books| {
                let of = |events: &mut Vec<Event>| events.retain(|event| event.name != "confirmed-01");
                books.audit.values_mut().for_each(of);
            }),
            ("answered without a confirmation", |books| {
                books.audit.values_mut().for_each(|events| events.truncate(2));
            }),
            ("Open(5) is stored", |books| {
                books.verifications.values_mut().for_each(|record| record.becomes("notified", None));
            }),
            ("twice", |books| {
                let events = books.audit[TOKEN].clone();
                books.audit.insert("350000s2".to_owned(), events);
            }),
            ("a notice is invented", |books| {
                let more = Event { serial: SERIAL + 7, ..event("stands") };
                books.audit.values_mut().for_each(|events| events.push(more.clone()));
            }),
            ("Cancel is invented", |books| {
                books.audit.values_mut().for_each(|events| events.push(event("cancelled")));
            }),
            ("what was delivered is on no phone", |books| {
                let more = Event { notice: NOTICE + 7, ..event("delivered") };
                books.audit.values_mut().for_each(|events| events.push(more.clone()));
            }),
        ];
        for (expected, doctor) in doctored {
            let mut books = books();
            doctor(&mut books);
            let found = found(&books);
            assert!(found.contains(expected), "{expected}: {found}");
        }
    }

    #[test]
    fn an_event_that_was_not_possible_is_found() {
        for events in [["confirmed-01", "asked"], ["asked", "voided"], ["asked", "nonsense"]] {
            let events: Vec<Event> = events.iter().map(|name| event(name)).collect();
            assert!(replay(&events).is_err(), "{events:?}");
        }
    }
}
