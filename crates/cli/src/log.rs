//! Where log lines go: to the standard error, many at a time.
//!
//! A line a request is a system call a request if nobody gathers them. Lines are gathered in memory and written when
//! there are enough of them or a moment has passed. A process that is killed loses at most that moment; the audit,
//! which must not lose anything, is in the database.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use yanmi_center::config::LogLevel;
use yanmi_protocol::UnixMillis;

use crate::ambient;

/// Bytes that are gathered at most.
const GATHERED_BYTES: usize = 64 * 1024;
/// The longest a line waits.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// The lines gathered so far.
#[derive(Clone, Debug)]
struct Gathered(Arc<Mutex<Vec<u8>>>);

/// Writes out what is gathered when dropped, so that the last lines of a process are not lost.
#[derive(Debug)]
pub(crate) struct Log(Gathered);

/// Begins to log to the standard error, from this level on. Keep the value until the process ends.
pub(crate) fn to_stderr(level: LogLevel) -> Log {
    let gathered = Gathered(Arc::new(Mutex::new(Vec::with_capacity(GATHERED_BYTES))));
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // A second subscriber in one process is a bug; the first stays.
    let _ = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(gathered.clone())
        .with_timer(BothTimes)
        .with_ansi(false)
        .try_init();
    let ticking = gathered.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(LONGEST_WAIT);
            ticking.write_out();
        }
    });
    Log(gathered)
}

/// What a line begins with: the moment in UTC, by which lines of several machines are put in order, and the time of day that
/// the clock at the wall shows, by which people ask for them.
struct BothTimes;

impl FormatTime for BothTimes {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        out.write_str(&both(ambient::clock().now()))
    }
}

/// Hours Beijing is ahead.
const EAST: Duration = Duration::from_hours(8);

fn both(now: UnixMillis) -> String {
    let utc = now.minus(EAST).shanghai_text();
    let millis = now.get().rem_euclid(1_000);
    let local = now.shanghai_text();
    format!(
        "{}.{millis:03}Z {}+08:00",
        utc.replacen(' ', "T", 1),
        local.split(' ').next_back().unwrap_or_default()
    )
}

impl Gathered {
    fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_out(&self) {
        // The lock is held while writing, so that lines stay in order.
        let mut lines = self.lines();
        // There is nobody to tell that the standard error is gone.
        let _ = io::stderr().write_all(&lines);
        lines.clear();
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.write_out();
    }
}

/// One line being written.
struct LogLine<'a>(&'a Gathered);

impl Write for LogLine<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lines();
        let full = lines.len() + bytes.len() > GATHERED_BYTES;
        lines.extend_from_slice(bytes);
        drop(lines);
        if full {
            self.0.write_out();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Gathered {
    type Writer = LogLine<'a>;

    fn make_writer(&'a self) -> LogLine<'a> {
        LogLine(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_the_moment_and_the_time_of_day() {
        assert_eq!(both(UnixMillis::new(1_763_881_224_409)), "2025-11-23T07:00:24.409Z 15:00:24+08:00");
        assert_eq!(both(UnixMillis::new(1_763_827_200_007)), "2025-11-22T16:00:00.007Z 00:00:00+08:00");
    }
}
