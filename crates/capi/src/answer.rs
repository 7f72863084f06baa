//! What a call answers: one number, words for the clerk, and the visit as JSON.

use serde_json::{Map, Value, json};
use yanmi_client::gate::{Advice, Decision, Grounds, Proof, Verdict, Visit};

use crate::fault::Fault;

/// Settle; or: it went well.
pub const DONE: i32 = 0;
/// Do not settle, or not yet.
pub const REFUSE: i32 = 1;
/// Do not settle; take an offline way.
pub const FALL_BACK: i32 = 2;
/// Characters of a text for the clerk, so that an answer fits the buffers programs have.
pub const MAX_WORDS: usize = 120;

/// An answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// [`DONE`], [`REFUSE`], [`FALL_BACK`] or the number of a fault.
    pub code: i32,
    /// What to tell the clerk.
    pub message: String,
    /// The one next step; empty when there is none.
    pub next: String,
    /// The rest.
    pub data: Map<String, Value>,
}

impl Answer {
    /// A good answer with these words.
    pub fn done(message: impl Into<String>) -> Self {
        Self { code: DONE, message: message.into(), next: String::new(), data: Map::new() }
    }

    /// The same about a visit.
    #[must_use]
    pub fn about(mut self, visit: &Visit) -> Self {
        self.data.insert("visit".to_owned(), visit.id().to_string().into());
        self.data.insert("reference".to_owned(), visit.reference().into());
        self.data.insert("medium".to_owned(), name_of(&visit.medium()));
        let token = visit.token();
        self.data.insert("ecToken".to_owned(), token.map_or(Value::Null, |token| token.as_str().into()));
        self.data.insert("way".to_owned(), visit.way().map_or(Value::Null, |way| name_of(&way)));
        self.data.insert("notices".to_owned(), visit.notices().into());
        self.data.insert("checkNo".to_owned(), visit.check_number().into());
        self
    }

    /// The same with another member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }

    /// The same with a verdict, which decides the number and the words.
    #[must_use]
    pub fn deciding(mut self, verdict: &Verdict) -> Self {
        let (word, advice) = match verdict {
            Verdict::Settle(grounds) => {
                (self.code, self.message, self.next) =
                    (DONE, format!("可以结算：{}", grounds.words()), String::new());
                let own = self.with("verdict", "settle");
                return match grounds {
                    Grounds::Proven(proof) => own.with("proof", proven(proof)),
                    Grounds::NotGated(exemption) => own.with("exemption", name_of(exemption)),
                };
            }
            Verdict::Refuse(advice) => ("refuse", advice),
            Verdict::FallBack(advice) => ("fallBack", advice),
        };
        self.code = if word == "refuse" { REFUSE } else { FALL_BACK };
        self.advised(advice).with("verdict", word)
    }

    fn advised(mut self, advice: &Advice) -> Self {
        (self.message, self.next) = (cut(&advice.why), cut(&advice.next));
        let steps: Vec<Value> = advice.steps.iter().map(name_of).collect();
        self.with("reason", name_of(&advice.reason)).with("centerCode", advice.code).with("steps", steps)
    }

    /// The same with what was decided last, whose words it takes, but not its number.
    #[must_use]
    pub fn recalling(self, decision: Option<&Decision>) -> Self {
        let Some(decision) = decision else { return self };
        let code = self.code;
        let own = self.deciding(&decision.verdict);
        let own = Self { code, message: format!("最近一次判断：{}", own.message), ..own };
        own.with("amount", decision.amount.to_string()).with("settlement", name_of(&decision.kind))
    }

    /// One line for a screen: what is, and what to do.
    pub fn line(&self) -> String {
        if self.next.is_empty() { self.message.clone() } else { format!("{}。{}", self.message, self.next) }
    }

    /// The same with words of so many characters at most.
    #[must_use]
    pub fn cut_to(&self, characters: usize) -> Self {
        let cut = |words: &str| match words.char_indices().nth(characters) {
            Some((at, _)) => format!("{}…", &words[..at]),
            None => words.to_owned(),
        };
        Self { message: cut(&self.message), next: cut(&self.next), ..self.clone() }
    }

    /// As JSON, on one line.
    pub fn json(&self) -> String {
        json!({"code": self.code, "message": self.message, "next": self.next, "data": self.data}).to_string()
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.kind.number(),
            message: cut(&fault.message),
            next: String::new(),
            data: Map::new(),
        }
    }
}

fn proven(proof: &Proof) -> Value {
    json!({
        "way": name_of(&proof.way),
        "time": proof.at.to_string(),
        "resBizNo": proof.serial,
        "passwordFree": proof.password_free,
        "covers": proof.covers.map(|amount| amount.to_string()),
        "claimed": proof.claimed,
    })
}

/// The name of a variant without content, as the records have it.
fn name_of(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

pub(crate) fn cut(text: &str) -> String {
    text.chars().take(MAX_WORDS).collect()
}
