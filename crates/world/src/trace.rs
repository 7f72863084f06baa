//! What happens in a world, in order: one number for all of it, and the newest lines in full.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// Lines that are kept for who wants to read them.
const KEPT: usize = 200_000;

/// Somebody in the world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Party {
    /// The one who makes faults.
    World,
    /// The system of an account.
    Institution(u16),
    /// The center, in one of its lives.
    Center,
    /// A channel app's server.
    App(u16),
    /// The national center.
    National,
    /// An insured person.
    Person(u32),
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World => f.write_str("world"),
            Self::Institution(number) => write!(f, "institution {number}"),
            Self::Center => f.write_str("center"),
            Self::App(number) => write!(f, "app {number}"),
            Self::National => f.write_str("national"),
            Self::Person(number) => write!(f, "person {number}"),
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) struct TraceLine {
    pub(crate) at: Duration,
    pub(crate) from: Party,
    pub(crate) to: Party,
    /// What it is about: a visit's number, or 0.
    pub(crate) visit: u64,
    pub(crate) what: String,
}

/// A moment, by how much time has passed before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockTime(pub(crate) Duration);

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        let (seconds, millis) = (millis / 1_000 % 60, millis % 1_000);
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}.{millis:03}")
    }
}

impl fmt::Display for TraceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, from) = (ClockTime(self.at), self.from.to_string());
        write!(f, "{at}  {from:>14} -> {:<14}", self.to.to_string())?;
        if self.visit > 0 {
            write!(f, "  visit {}", self.visit)?;
        }
        write!(f, "  {}", self.what)
    }
}

/// Everything that happened.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    count: u64,
    lines: VecDeque<TraceLine>,
}

impl Default for Trace {
    fn default() -> Self {
        Self { hash: FNV_OFFSET, count: 0, lines: VecDeque::new() }
    }
}

const FNV_OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01B3;

/// Takes bytes into a hash (Fowler, Noll and Vo, 1a).
pub(crate) fn hash(onto: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(onto, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

/// The hash of nothing.
pub(crate) const fn empty_hash() -> u64 {
    FNV_OFFSET
}

impl Trace {
    pub(crate) fn note(&mut self, line: TraceLine) {
        let millis = u64::try_from(line.at.as_millis()).unwrap_or(u64::MAX);
        self.hash = hash(self.hash, &millis.to_be_bytes());
        for party in [line.from, line.to] {
            let (kind, number) = match party {
                Party::World => (0_u32, 0),
                Party::Institution(number) => (1, u32::from(number)),
                Party::Center => (2, 0),
                Party::App(number) => (3, u32::from(number)),
                Party::National => (4, 0),
                Party::Person(number) => (5, number),
            };
            self.hash = hash(self.hash, &(kind << 24 | number).to_be_bytes());
        }
        self.hash = hash(self.hash, &line.visit.to_be_bytes());
        self.hash = hash(self.hash, line.what.as_bytes());
        self.count += 1;
        if self.lines.len() >= KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn lines(&self) -> impl DoubleEndedIterator<Item = &TraceLine> {
        self.lines.iter()
    }
}
