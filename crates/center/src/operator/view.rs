//! What somebody looks at, as the address of a page: sealed, because a code stands in no history and no proxy's log, and
//! bound to who asked and to a quarter of an hour. And whose contact somebody reads in full, in the same way.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use yanmi_protocol::{EcToken, NoticeNo, OrgCode, UnixMillis, mask};

use crate::history::{Between, Outwards, Question, When};
use crate::sealing::{Cell, Sealer};

/// How long it can be looked at.
const SHOWN: Duration = Duration::from_mins(15);
/// Characters of an address that is opened at all.
const MAX_ADDRESS: usize = 1_024;

/// A question that was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct View {
    /// A code, a serial, a notice's number or an institution's code.
    pub(super) number: String,
    /// In which time.
    pub(super) when: Option<When>,
    /// The code whose holder is shown in full.
    pub(super) full: Option<EcToken>,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct SealedView {
    number: String,
    when: Option<SealedWhen>,
    full: Option<String>,
    until: i64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SealedWhen {
    Between(i64, i64),
    /// A moment, and the hours around it that were searched.
    Around(i64, u32),
}

impl SealedWhen {
    const fn of(when: When) -> Self {
        match when {
            When::Between(Between { from, to }) => Self::Between(from.get(), to.get()),
            When::Around(Outwards { moment, done }) => Self::Around(moment.get(), done),
        }
    }

    const fn opened(self) -> When {
        match self {
            Self::Between(from, to) => {
                When::Between(Between { from: UnixMillis::new(from), to: UnixMillis::new(to) })
            }
            Self::Around(moment, done) => When::Around(Outwards { moment: UnixMillis::new(moment), done }),
        }
    }
}

fn cell(login: &str) -> Cell<'_> {
    Cell { table: "views", row: login, column: "query" }
}

/// The cell of an institution whose contact somebody reads in full: no question, so what opens for one opens for no other.
fn contact_cell(login: &str) -> Cell<'_> {
    Cell { table: "views", row: login, column: "contact" }
}

/// The part of an address with which somebody reads the contact of an institution in full, for as long as any view.
pub(super) fn contact_view(sealer: &Sealer, login: &str, code: &OrgCode, now: UnixMillis) -> String {
    let text = format!("{} {}", code.as_str(), now.plus(SHOWN).get());
    BASE64.encode(sealer.seal(contact_cell(login), text.as_bytes()))
}

/// Whether a part of an address is that of this institution, of who asks and of now.
pub(super) fn opens_contact(
    sealer: &Sealer,
    login: &str,
    view: &str,
    code: &OrgCode,
    now: UnixMillis,
) -> bool {
    let opened = view.get(..view.len().min(MAX_ADDRESS)).and_then(|view| BASE64.decode(view).ok());
    let opened = opened.and_then(|bytes| sealer.open(contact_cell(login), &bytes).ok());
    let text = opened.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.and_then(|text| text.split_once(' ')).is_some_and(|(of, until)| {
        of == code.as_str() && until.parse::<i64>().is_ok_and(|until| now.get() < until)
    })
}

impl View {
    /// The last part of the address.
    pub(super) fn address(&self, sealer: &Sealer, login: &str, now: UnixMillis) -> String {
        let inside = SealedView {
            number: self.number.clone(),
            when: self.when.map(SealedWhen::of),
            full: self.full.map(|token| token.as_str().to_owned()),
            until: now.plus(SHOWN).get(),
        };
        // Texts and numbers always have a JSON text.
        let text = serde_json::to_vec(&inside).unwrap_or_default();
        BASE64.encode(sealer.seal(cell(login), &text))
    }

    /// What an address is of; nothing for one of somebody else, of an earlier time, or of nobody.
    pub(super) fn open(sealer: &Sealer, login: &str, address: &str, now: UnixMillis) -> Option<Self> {
        let bytes = BASE64.decode(address.get(..address.len().min(MAX_ADDRESS))?).ok()?;
        let text = sealer.open(cell(login), &bytes).ok()?;
        let inside: SealedView = serde_json::from_slice(&text).ok()?;
        if inside.until <= now.get() {
            return None;
        }
        Some(Self {
            number: inside.number,
            when: inside.when.map(SealedWhen::opened),
            full: inside.full.as_deref().map(EcToken::new).transpose().ok()?,
        })
    }

    /// What is asked; the shapes of the four numbers tell them apart. A document's number is no question: people are not
    /// looked up, and what is asked becomes an event.
    pub(super) fn question(&self) -> Option<Question> {
        let text = self.number.as_str();
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        match text.len() {
            13 if digits => NoticeNo::new(text).ok().map(Question::Notice),
            27 if digits => Question::serial(text).ok(),
            12 => OrgCode::new(text).ok().map(Question::Org),
            18 if text.bytes().take(17).all(|b| b.is_ascii_digit()) => None,
            _ if digits => None,
            _ => EcToken::new(text).ok().map(Question::Token),
        }
    }

    /// What an event calls it.
    pub(super) fn about(&self) -> String {
        match self.question() {
            Some(Question::Token(token)) => mask::token(token.as_str()),
            _ => self.number.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Entropy;
    use yanmi_protocol::Sm4Key;

    const NOW: UnixMillis = UnixMillis::new(1_763_881_224_000);

    fn view(number: &str) -> View {
        View { number: number.to_owned(), when: None, full: None }
    }

    #[test]
    fn an_address_is_opened_by_who_asked_for_a_quarter_of_an_hour() {
        let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
        let when = Some(When::Between(Between { from: UnixMillis::new(1), to: UnixMillis::new(2) }));
        let around =
            View { when: Some(When::Around(Outwards { moment: NOW, done: 3 })), ..view("1616654881967") };
        let searching = around.address(&sealer, "duty", NOW);
        assert_eq!(View::open(&sealer, "duty", &searching, NOW), Some(around));
        let asked = View { when, ..view("1616654881967") };
        let address = asked.address(&sealer, "duty", NOW);
        assert!(!address.contains("1616654881967"));
        let open = |login: &str, address: &str, after: Duration| {
            View::open(&sealer, login, address, NOW.plus(after))
        };
        assert_eq!(open("duty", &address, Duration::from_mins(14)), Some(asked));
        assert_eq!(open("duty", &address, SHOWN), None, "too late");
        assert_eq!(open("other", &address, Duration::ZERO), None, "somebody else's");
        for wrong in ["", "x", &address[1..], &"A".repeat(5_000), "编"] {
            assert_eq!(open("duty", wrong, Duration::ZERO), None, "{wrong}");
        }
    }

    #[test]
    fn a_contact_is_read_by_who_asked_of_one_institution_for_a_quarter_of_an_hour() {
        let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
        let code = |text: &str| OrgCode::new(text).expect("a code");
        let (here, there) = (code("H35010000001"), code("H35010000002"));
        let view = contact_view(&sealer, "duty", &here, NOW);
        let opens = |login: &str, view: &str, code: &OrgCode, after: Duration| {
            opens_contact(&sealer, login, view, code, NOW.plus(after))
        };
        assert!(opens("duty", &view, &here, Duration::from_mins(14)));
        assert!(!opens("duty", &view, &here, SHOWN), "too late");
        assert!(!opens("other", &view, &here, Duration::ZERO), "somebody else's");
        assert!(!opens("duty", &view, &there, Duration::ZERO), "another institution");
        assert_eq!(View::open(&sealer, "duty", &view, NOW), None, "no question");
        let question = View { number: here.as_str().to_owned(), when: None, full: None };
        let question = question.address(&sealer, "duty", NOW);
        assert!(!opens("duty", &question, &here, Duration::ZERO), "a question is none");
        for wrong in ["", "x", &view[1..], "编"] {
            assert!(!opens("duty", wrong, &here, Duration::ZERO), "{wrong}");
        }
    }

    #[test]
    fn a_number_tells_by_its_shape_what_it_is() {
        let question = |text: &str| view(text).question();
        assert!(matches!(question("1616654881967"), Some(Question::Notice(_))));
        assert!(matches!(question("161665488196720210609155618"), Some(Question::Serial(..))));
        assert!(matches!(question("H35010000001"), Some(Question::Org(_))));
        assert!(matches!(question("630000ec7ioqup8p1o0761820a0000f1f8b13d"), Some(Question::Token(_))));
        for wrong in
            ["", "161665488196720211309155618", "X35010000001", "<b>", "35050119991117351X", "13800000000"]
        {
            assert!(question(wrong).is_none(), "{wrong}");
        }
    }
}
