//! What goes wrong, when, and for how long: a plan that a seed draws, that is printed, and that can be read again.
//!
//! A line of a plan is `<begin> <length> <fault>`, both times in milliseconds since the world began:
//!
//! ```text
//! 125000 30000 national silent
//! 410000 0 power 17
//! ```

use std::fmt;
use std::time::Duration;

use crate::chance::Chance;
use crate::network::Line;

/// How the national center is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum NationalMood {
    /// It answers.
    #[default]
    Fine,
    /// It answers late.
    Slow,
    /// It does not answer.
    Silent,
    /// It answers 503.
    Broken,
    /// It answers that it cannot.
    Failing,
}

/// How a channel app is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum AppMood {
    /// It takes notices.
    #[default]
    Fine,
    /// It takes them late.
    Slow,
    /// It does not answer, and may have taken the notice.
    Silent,
    /// It answers 500.
    Broken,
    /// It refuses.
    Refusing,
    /// It ends the connection when the notice is on the phone.
    Hangup,
    /// It answers what is no answer.
    Nonsense,
}

/// What kind of a line is in what state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LineState {
    /// Segments are lost and sent again.
    Lossy,
    /// Everything takes long, in small pieces.
    Slow,
    /// Connections break in the middle.
    Breaking,
    /// Connections fall silent in one direction, or are refused.
    HalfCut,
    /// Nothing passes.
    Down,
}

/// How the server of a shared database is, or the way to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ServerState {
    /// Everything takes long.
    Slow,
    /// Sessions break in the middle, and commits are done of which nobody hears.
    Breaking,
    /// Sessions fall silent, and nobody is told.
    Silent,
    /// What centers tell each other is late.
    LateNews,
    /// It ended, and nobody is let in.
    Down,
}

/// One thing that goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    Line(Line, LineState),
    National(NationalMood),
    App(u16, AppMood),
    /// The process of a center dies, and is started again after the fault's length.
    Kill(u16),
    /// The power fails at the so-many-th operation of the disk from then on; it comes back after the length.
    Power(u64),
    /// A center is stopped, and started again after the length.
    Stop(u16),
    /// The database is brought up to what the next version needs; a center that has it alone is stopped for it, and comes back
    /// after the length.
    Upgrade,
    /// The server of the database that several centers share.
    Server(ServerState),
    /// The centers' clock is set by so many milliseconds.
    Clock(i64),
    /// The disk is full but for so many bytes.
    Full(u64),
    /// An account gets another key, and the older one is retired at the end.
    Rotate(u16),
    /// An institution of this place in the first account is switched off.
    SwitchOff(u16),
}

/// A fault with its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PlannedFault {
    pub(crate) begin: Duration,
    pub(crate) length: Duration,
    pub(crate) fault: Fault,
}

/// Everything that goes wrong in a world, by the time it begins.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Plan(pub(crate) Vec<PlannedFault>);

/// A line of a plan that is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct PlanError {
    /// The line's number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Words of the faults that are one word and a word.
const NATIONAL: [(&str, NationalMood); 4] = [
    ("slow", NationalMood::Slow),
    ("silent", NationalMood::Silent),
    ("broken", NationalMood::Broken),
    ("failing", NationalMood::Failing),
];
const APP: [(&str, AppMood); 6] = [
    ("slow", AppMood::Slow),
    ("silent", AppMood::Silent),
    ("broken", AppMood::Broken),
    ("refusing", AppMood::Refusing),
    ("hangup", AppMood::Hangup),
    ("nonsense", AppMood::Nonsense),
];
const LINES: [(&str, LineState); 5] = [
    ("lossy", LineState::Lossy),
    ("slow", LineState::Slow),
    ("breaking", LineState::Breaking),
    ("half-cut", LineState::HalfCut),
    ("down", LineState::Down),
];

const SERVER: [(&str, ServerState); 5] = [
    ("slow", ServerState::Slow),
    ("breaking", ServerState::Breaking),
    ("silent", ServerState::Silent),
    ("late-news", ServerState::LateNews),
    ("down", ServerState::Down),
];

fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, known)| known == value).map_or("fine", |(word, _)| word)
}

fn value<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(Line::Institutions, state) => {
                write!(f, "line institutions {}", word(&LINES, state))
            }
            Self::Line(Line::National, state) => write!(f, "line national {}", word(&LINES, state)),
            Self::Line(Line::App(app), state) => write!(f, "line app{app} {}", word(&LINES, state)),
            Self::National(mood) => write!(f, "national {}", word(&NATIONAL, mood)),
            Self::App(app, mood) => write!(f, "app{app} {}", word(&APP, mood)),
            // The one there is needs no number.
            Self::Kill(0) => f.write_str("kill"),
            Self::Kill(node) => write!(f, "kill {node}"),
            Self::Power(operation) => write!(f, "power {operation}"),
            Self::Stop(0) => f.write_str("stop"),
            Self::Stop(node) => write!(f, "stop {node}"),
            Self::Upgrade => f.write_str("upgrade"),
            Self::Server(state) => write!(f, "server {}", word(&SERVER, state)),
            Self::Clock(millis) => write!(f, "clock {millis}"),
            Self::Full(bytes) => write!(f, "full {bytes}"),
            Self::Rotate(account) => write!(f, "rotate {account}"),
            Self::SwitchOff(institution) => write!(f, "switch-off {institution}"),
        }
    }
}

impl Fault {
    fn read(words: &[&str]) -> Option<Self> {
        let app = |word: &str| word.strip_prefix("app")?.parse().ok();
        Some(match words {
            ["line", "institutions", state] => Self::Line(Line::Institutions, value(&LINES, state)?),
            ["line", "national", state] => Self::Line(Line::National, value(&LINES, state)?),
            ["line", line, state] => Self::Line(Line::App(app(line)?), value(&LINES, state)?),
            ["national", mood] => Self::National(value(&NATIONAL, mood)?),
            ["kill"] => Self::Kill(0),
            ["kill", node] => Self::Kill(node.parse().ok()?),
            ["stop"] => Self::Stop(0),
            ["upgrade"] => Self::Upgrade,
            ["stop", node] => Self::Stop(node.parse().ok()?),
            ["server", state] => Self::Server(value(&SERVER, state)?),
            ["power", operation] => Self::Power(operation.parse().ok()?),
            ["clock", millis] => Self::Clock(millis.parse().ok()?),
            ["full", bytes] => Self::Full(bytes.parse().ok()?),
            ["rotate", account] => Self::Rotate(account.parse().ok()?),
            ["switch-off", institution] => Self::SwitchOff(institution.parse().ok()?),
            [line, mood] => Self::App(app(line)?, value(&APP, mood)?),
            _ => return None,
        })
    }

    /// One of them, where there are so many centers.
    fn draw(chance: &mut Chance, centers: u16) -> Self {
        let app = u16::from(chance.permille(500));
        let several = centers > 1;
        let node = |chance: &mut Chance| {
            if several { u16::try_from(chance.below(u64::from(centers))).unwrap_or(0) } else { 0 }
        };
        match chance.below(21) {
            0..=5 => {
                let line = match chance.below(4) {
                    0 => Line::Institutions,
                    1 => Line::National,
                    _ => Line::App(app),
                };
                Self::Line(line, LINES[chance.place(LINES.len())].1)
            }
            6 | 7 => Self::National(NATIONAL[chance.place(NATIONAL.len())].1),
            8..=10 => Self::App(app, APP[chance.place(APP.len())].1),
            11 | 12 => Self::Kill(node(chance)),
            13..=15 | 18 if several => Self::Server(SERVER[chance.place(SERVER.len())].1),
            13..=15 => Self::Power(1 + chance.below(60)),
            16 => Self::Stop(node(chance)),
            17 => {
                let millis = i64::try_from(chance.below(600_000)).unwrap_or(0);
                Self::Clock(if chance.permille(500) { millis } else { -millis })
            }
            18 => Self::Full(chance.below(40_000)),
            20 => Self::Upgrade,
            // The third account's key is in its desks' configuration.
            _ if chance.permille(500) => Self::Rotate(u16::try_from(chance.below(2)).unwrap_or(0)),
            _ => Self::SwitchOff(u16::try_from(chance.below(3)).unwrap_or(0)),
        }
    }

    /// How long it lasts, in milliseconds.
    const fn length_millis(self) -> (u64, u64) {
        match self {
            Self::Kill(_) | Self::Stop(_) | Self::Upgrade | Self::Power(_) => (200, 20_000),
            Self::Server(ServerState::Down) => (200, 8_000),
            Self::Server(_) => (2_000, 60_000),
            Self::Clock(_) => (0, 0),
            Self::Full(_) => (5_000, 60_000),
            Self::Rotate(_) | Self::SwitchOff(_) => (30_000, 300_000),
            Self::Line(..) | Self::National(_) | Self::App(..) => (2_000, 120_000),
        }
    }
}

impl Plan {
    /// What goes wrong with so many centers within this time, so far apart on the average.
    pub(crate) fn draw(chance: &Chance, centers: u16, within: Duration, mean_millis: u64) -> Self {
        let mut chance = chance.fork("plan", 0);
        let mut faults = Vec::new();
        let mut begin = chance.gap(mean_millis);
        while begin < within {
            let fault = Fault::draw(&mut chance, centers);
            let length = chance.millis(fault.length_millis());
            faults.push(PlannedFault { begin, length, fault });
            begin += chance.gap(mean_millis);
        }
        Self(faults)
    }

    /// Reads a plan as it is printed.
    ///
    /// # Errors
    /// The first line that is none.
    pub fn read(text: &str) -> Result<Self, PlanError> {
        let mut faults = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if words.is_empty() || words[0].starts_with('#') {
                continue;
            }
            let wrong = |what: String| PlanError { line: at + 1, what };
            let [begin, length, fault @ ..] = words.as_slice() else {
                return Err(wrong(format!("`{line}` is not `<begin ms> <length ms> <fault>`")));
            };
            let millis = |word: &str| {
                let millis = word.parse().map(Duration::from_millis);
                millis.map_err(|_| wrong(format!("`{word}` is not a number of milliseconds")))
            };
            let (begin, length) = (millis(begin)?, millis(length)?);
            let fault = Fault::read(fault)
                .ok_or_else(|| wrong(format!("there is no fault `{}`", fault.join(" "))))?;
            faults.push(PlannedFault { begin, length, fault });
        }
        faults.sort_by_key(|planned| planned.begin);
        Ok(Self(faults))
    }

    /// How many faults there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing goes wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Without so many of its faults, from a place on.
    pub(crate) fn without(&self, at: usize, count: usize) -> Self {
        let kept = self.0.iter().enumerate().filter(|(place, _)| !(at..at + count).contains(place));
        Self(kept.map(|(_, planned)| *planned).collect())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for PlannedFault { begin, length, fault } in &self.0 {
            writeln!(f, "{} {} {fault}", begin.as_millis(), length.as_millis())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_is_printed() {
        for centers in [1, 3] {
            let plan = Plan::draw(&Chance::new(11), centers, Duration::from_hours(200), 60_000);
            assert!(plan.0.len() > 5_000, "{}", plan.0.len());
            assert_eq!(Plan::read(&plan.to_string()), Ok(plan));
        }
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let wrong = |text: &str| Plan::read(text).expect_err("wrong").to_string();
        assert_eq!(wrong("\n1 2 kill\n3 4 explode"), "line 3: there is no fault `explode`");
        assert_eq!(wrong("soon 2 kill"), "line 1: `soon` is not a number of milliseconds");
        assert_eq!(wrong("# a plan\n7"), "line 2: `7` is not `<begin ms> <length ms> <fault>`");
        assert_eq!(wrong("1 2 app7x slow"), "line 1: there is no fault `app7x slow`");
    }
}
