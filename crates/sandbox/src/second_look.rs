//! A second look at what did not open: what a program did wrong, in the words of `yanmi open`, for whoever watches the page.
//!
//! It is taken after the answer has gone, on a thread for such work, and so many times a minute: who learns to seal sends a
//! handful, and a flood is like its first drops.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;
use yanmi_doctor::{advice, diagnose};
use yanmi_protocol::Sm4Key;

/// Looks a minute; each takes some milliseconds.
const MOST: u32 = 120;
const MINUTE: Duration = Duration::from_mins(1);

/// What a request says of itself before it is opened.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outside {
    org_id: String,
    enc_data: String,
}

/// What an answer says, when it is one.
#[derive(Deserialize)]
struct Said {
    code: i64,
}

/// Counts the looks.
#[derive(Debug)]
pub(crate) struct SecondLook {
    since: Mutex<(Instant, u32)>,
}

impl SecondLook {
    pub(crate) fn new() -> Self {
        Self { since: Mutex::new((Instant::now(), 0)) }
    }

    /// Whether an answer is a refusal, and another look may be taken at what was refused, which is counted.
    pub(crate) fn is_due(&self, answer: &[u8]) -> bool {
        serde_json::from_slice::<Said>(answer).is_ok_and(|said| said.code != 0) && self.may()
    }

    fn may(&self) -> bool {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.0.elapsed() >= MINUTE {
            *since = (Instant::now(), 0);
        }
        since.1 += 1;
        since.1 <= MOST
    }
}

/// What is wrong with a request, under the keys of its account; nothing where it opens.
pub(crate) fn look_at(request: &[u8], keys_of: &dyn Fn(&str) -> Vec<Sm4Key>) -> Option<String> {
    let Outside { org_id, enc_data } = serde_json::from_slice(request).ok()?;
    let found = keys_of(&org_id).iter().find_map(|key| diagnose(key, &enc_data));
    found.and_then(|found| advice(&found.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_named_and_what_opens_is_not() {
        let key = Sm4Key::from_ascii("yanmi-test-key-1").expect("a key");
        let sealed = yanmi_protocol::envelope::seal(&key, br#"{"token":"T1"}"#);
        let request = |enc_data: &str| serde_json::json!({ "orgId": "his", "encData": enc_data }).to_string();
        let keys = |org_id: &str| if org_id == "his" { vec![key.clone()] } else { Vec::new() };
        let at = |request: &str| look_at(request.as_bytes(), &keys);
        let spaced = request(&format!("{} {}", &sealed[..8], &sealed[8..]));
        assert!(at(&spaced).expect("named").contains("换行或空格"));
        assert_eq!(at(&request(&sealed)), None, "it opens: something else was wrong");
        assert_eq!(at(&spaced.replace("his", "none")), None);
        assert_eq!(at("nonsense"), None);
    }

    #[test]
    fn only_refusals_are_looked_at_and_so_many_a_minute() {
        let look = SecondLook::new();
        assert!(!look.is_due(br#"{"code":0}"#) && !look.is_due(b"<html>"));
        assert!((0..MOST).all(|_| look.is_due(br#"{"code":-4}"#)));
        assert!(!look.is_due(br#"{"code":-4}"#), "enough for this minute");
    }
}
