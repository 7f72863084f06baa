//! Whether the chain of operator events is whole.

use std::fmt;

use super::event::{BEGINNING, Hash, OperatorEvent};
use super::operator_events;
use yanmi_protocol::hex;

use crate::store::StoreError;
use crate::store::connection::Connection;

/// What there is of operator events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainReport {
    /// How many were looked at; when one is broken, those before it.
    pub whole: u64,
    /// The hash of the last one that is whole, to be noted elsewhere; zeros when there is none.
    pub last: [u8; 32],
    /// The first that is not as it was written.
    pub broken: Option<BrokenLink>,
}

/// An event that does not fit into the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BrokenLink {
    /// Its number.
    pub seq: i64,
    /// What is wrong.
    pub how: Break,
}

/// How a chain is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Break {
    /// The number before it is missing.
    Gap,
    /// It does not follow what stands before it.
    Order,
    /// It does not say what it said when it was written.
    Content,
    /// It was there, and is no longer.
    Gone,
}

impl ChainReport {
    /// The last hash as people note it down, in hexadecimal digits.
    pub fn last_text(&self) -> String {
        hex::encode(&self.last).to_ascii_lowercase()
    }
}

/// What an operator is told.
impl fmt::Display for BrokenLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            Break::Gap => "之前的记录缺失",
            Break::Order => "与前一条接不上",
            Break::Content => "内容与写入时不符",
            Break::Gone => "已经不在",
        };
        write!(f, "操作记录不完整：第 {} 条{how}", self.seq)
    }
}

/// A part of the chain that was looked at.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// The events after the one it began behind.
    pub(crate) events: Vec<OperatorEvent>,
    /// The number of the last of them; where it began when there is none.
    pub(crate) upto: i64,
    /// The first that is not as it was written.
    pub(crate) broken: Option<BrokenLink>,
}

/// Looks at the next of them behind a number, a page at most, and that what stood there still does. Behind 0 it is the beginning.
pub(crate) async fn stretch(connection: &mut Connection, behind: i64) -> Result<Stretch, StoreError> {
    let mut links = operator_events::page(connection, (behind - 1).max(0)).await?.into_iter().peekable();
    let (mut seq, mut last, mut broken) = (0, BEGINNING, None);
    if behind > 0 {
        match links.next_if(|link| link.event.seq == behind) {
            Some(link) => (seq, last) = (behind, link.hash),
            None => broken = Some(BrokenLink { seq: behind, how: Break::Gone }),
        }
    }
    let (mut events, mut upto) = (Vec::new(), behind);
    for link in links {
        if broken.is_none()
            && let Some(how) = wrong(&link.event, (&link.prev, &link.hash), seq, &last)
        {
            broken = Some(BrokenLink { seq: link.event.seq, how });
        }
        (seq, last, upto) = (link.event.seq, link.hash, link.event.seq);
        events.push(link.event);
    }
    Ok(Stretch { events, upto, broken })
}

/// Looks through all of them, in their order.
pub(crate) async fn verify(connection: &mut Connection) -> Result<ChainReport, StoreError> {
    let (mut whole, mut last, mut seq) = (0, BEGINNING, 0);
    loop {
        let page = operator_events::page(connection, seq).await?;
        if page.is_empty() {
            return Ok(ChainReport { whole, last, broken: None });
        }
        for link in page {
            if let Some(how) = wrong(&link.event, (&link.prev, &link.hash), seq, &last) {
                let broken = Some(BrokenLink { seq: link.event.seq, how });
                return Ok(ChainReport { whole, last, broken });
            }
            (whole, last, seq) = (whole + 1, link.hash, link.event.seq);
        }
    }
}

fn wrong(event: &OperatorEvent, (prev, hash): (&Hash, &Hash), before: i64, last: &Hash) -> Option<Break> {
    if event.seq != before + 1 {
        return Some(Break::Gap);
    }
    if prev != last {
        return Some(Break::Order);
    }
    (event.hash(prev) != *hash).then_some(Break::Content)
}
