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
use yanmi_center::config::LogLevel;

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
struct Line<'a>(&'a Gathered);

impl Write for Line<'_> {
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
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}
