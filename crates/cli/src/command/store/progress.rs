//! How far a copy is: on a terminal one line that is written over, elsewhere a line for each table and every few
//! seconds.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use yanmi_center::copy::{Progress, Stage};

/// The bar's characters.
const WIDTH: u64 = 24;
/// How often the line on a terminal is written over at most.
const REDRAW: Duration = Duration::from_millis(100);
/// How long nothing is said elsewhere at most, as long as rows are done.
const REPEAT: Duration = Duration::from_secs(5);

/// How long it takes until a rate says something.
const SETTLED: Duration = Duration::from_secs(1);

/// Writes progress to the standard error.
#[derive(Debug)]
pub(super) struct Bar {
    terminal: bool,
    /// When something was last said.
    said: Duration,
    /// Which stage this is, and since when.
    stage: Option<(Stage, Duration)>,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), said: Duration::ZERO, stage: None }
    }

    /// Says how far it is, if it is time to; `now` is the time since the beginning.
    pub(super) fn show(&mut self, progress: &Progress, now: Duration) {
        let since = match self.stage {
            Some((stage, since)) if stage == progress.stage => since,
            _ => self.stage.insert((progress.stage, now)).1,
        };
        let every = if self.terminal { REDRAW } else { REPEAT };
        let due = now.saturating_sub(self.said) >= every;
        let whole = progress.table_done && (!self.terminal || progress.done == progress.total);
        if !due && !whole {
            return;
        }
        self.said = now;
        let line = line(progress, now.saturating_sub(since));
        let mut err = std::io::stderr().lock();
        // There is nobody to tell that the standard error is gone.
        let _ = if self.terminal {
            write!(err, "\r{line}\u{1b}[K").and_then(|()| err.flush())
        } else {
            writeln!(err, "{line}")
        };
    }

    /// Leaves the line.
    pub(super) fn end(&self) {
        if self.terminal && self.said > Duration::ZERO {
            eprintln!();
        }
    }
}

fn line(progress: &Progress, took: Duration) -> String {
    let Progress { done, total, kept, table, .. } = *progress;
    let what = match progress.stage {
        Stage::Copying => "复制",
        Stage::Verifying => "核对",
    };
    let full = done.saturating_mul(WIDTH).checked_div(total).unwrap_or(WIDTH).min(WIDTH);
    let bar: String = (0..WIDTH).map(|at| if at < full { '#' } else { '.' }).collect();
    let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100).min(100);
    let table = if progress.table_done { format!("{table} 完成") } else { table.to_owned() };
    // What was there already says nothing about the rate, and neither does the first moment.
    let fresh = done.saturating_sub(kept);
    let rate = fresh.saturating_mul(1_000).checked_div(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    let rate = rate.filter(|rate| *rate > 0 && took >= SETTLED);
    let how_fast = rate.map_or_else(String::new, |rate| {
        let left = match total.saturating_sub(done) / rate {
            0 => String::new(),
            seconds => format!("，还需 {}", span(seconds)),
        };
        format!("，每秒 {rate} 行{left}")
    });
    format!("{what} [{bar}] {percent}%  {done}/{total} 行{how_fast}  {table}")
}

fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} 秒"),
        60..3_600 => format!("{} 分 {} 秒", seconds / 60, seconds % 60),
        _ => format!("{} 小时 {} 分", seconds / 3_600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRESS: Progress = Progress {
        stage: Stage::Copying,
        table: "audit",
        table_done: false,
        done: 500,
        total: 2_000,
        kept: 100,
    };

    #[test]
    fn a_line_says_how_much_how_fast_and_how_long() {
        assert_eq!(
            line(&PROGRESS, Duration::from_secs(20)),
            "复制 [######..................] 25%  500/2000 行，每秒 20 行，还需 1 分 15 秒  audit"
        );
        let end = Progress { stage: Stage::Verifying, table_done: true, done: 2_000, kept: 0, ..PROGRESS };
        assert_eq!(
            line(&end, Duration::from_secs(2)),
            "核对 [########################] 100%  2000/2000 行，每秒 1000 行  audit 完成"
        );
        assert!(line(&PROGRESS, Duration::from_millis(900)).ends_with(" 500/2000 行  audit"));
        let kept = Progress { kept: 500, ..PROGRESS };
        assert!(line(&kept, Duration::from_secs(9)).ends_with(" 500/2000 行  audit"));
        let nothing = Progress { done: 0, total: 0, kept: 0, ..PROGRESS };
        assert!(line(&nothing, Duration::ZERO).contains("100%  0/0 行"));
        assert_eq!([59, 60, 7_260].map(span), ["59 秒", "1 分 0 秒", "2 小时 1 分"]);
    }
}
