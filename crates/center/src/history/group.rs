//! Refusals of one kind, counted: what fails, since when, from where, and who does what about it.

use std::collections::{BTreeMap, BTreeSet};

use yanmi_protocol::{Code, UnixMillis};

use super::{Denial, Denials, Refused};

/// Addresses of one group that are named.
const NAMED: usize = 3;

/// By what refusals are told apart: who, whether that is proven, code, cause, guess or member, whether it is a sum.
type GroupKey = (Option<String>, bool, i64, Option<String>, Option<String>, bool);

/// Refusals of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DenialGroup {
    /// How many.
    pub count: u64,
    /// When the first one was.
    pub first: UnixMillis,
    /// When the last one was.
    pub last: UnixMillis,
    /// Where they came from.
    pub addresses: BTreeSet<String>,
    /// One of them.
    pub sample: Refused,
}

impl Denials {
    /// The refusals by their kinds, those of one caller beside each other.
    pub fn groups(&self) -> Vec<DenialGroup> {
        let mut groups = BTreeMap::<GroupKey, DenialGroup>::new();
        for Denial { at, refused } in &self.rows {
            let summed = refused.is_summed();
            let detail = refused.detail.clone().filter(|_| !summed);
            let (org_id, cause) = (refused.org_id.clone(), refused.cause.clone());
            let key = (org_id, refused.proven, refused.code, cause, detail, summed);
            let group = groups.entry(key).or_insert_with(|| DenialGroup {
                count: 0,
                first: *at,
                last: *at,
                addresses: BTreeSet::new(),
                sample: refused.clone(),
            });
            group.count += refused.count();
            group.first = group.first.min(*at);
            group.last = group.last.max(*at);
            group.addresses.extend(refused.address.clone());
        }
        groups.into_values().collect()
    }
}

impl DenialGroup {
    /// Where they came from, in words: a few addresses, and how many there are.
    pub fn places(&self) -> String {
        let named: Vec<&str> = self.addresses.iter().take(NAMED).map(String::as_str).collect();
        let more = if self.addresses.len() > NAMED {
            format!(" 等 {} 个", self.addresses.len())
        } else {
            String::new()
        };
        format!("{}{more}", named.join("、"))
    }
}

impl Refused {
    /// Who asked, in words; what nobody has proven is said to be a claim.
    pub fn asker(&self) -> String {
        match (&self.org_id, self.proven) {
            (None, _) => "（没有自称）".to_owned(),
            (Some(id), true) => id.clone(),
            (Some(id), false) => format!("{id}（自称）"),
        }
    }

    /// What is said of it beside its code.
    pub fn why(&self) -> String {
        if self.is_summed() {
            return "（未逐条记下的合计）".to_owned();
        }
        let message = || Code::from_number(self.code).map_or("", Code::message).to_owned();
        self.cause.clone().unwrap_or_else(message)
    }

    /// The wrong member, or what the doctor guesses.
    pub fn particular(&self) -> &str {
        self.detail.as_deref().filter(|_| !self.is_summed()).unwrap_or_default()
    }
}
