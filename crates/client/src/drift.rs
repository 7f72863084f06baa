//! How far the machine's clock is from the center's.
//!
//! A center refuses an envelope whose timestamp is too far from its own clock (code -2), and says in the refusal what
//! time it is there. Counters have clocks nobody set for years, and an institution that cannot call cannot settle, so
//! the client corrects its timestamps by what it learned and says so until somebody sets the clock.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use yanmi_protocol::UnixMillis;

/// A difference below this is the network's, not the clock's.
pub const WORTH_TELLING: Duration = Duration::from_mins(1);
/// What stands before the 13 digits in a refusal.
const MARK: &str = "服务器时间为";

/// The center's time less the machine's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drift {
    /// Milliseconds to add to the machine's clock; above zero when it is slow.
    pub millis: i64,
    /// Whether requests are stamped with the corrected time.
    pub compensated: bool,
}

impl Drift {
    /// The difference of two clocks read at the same moment.
    pub(crate) const fn between(center: UnixMillis, machine: UnixMillis) -> Self {
        Self { millis: center.get() - machine.get(), compensated: false }
    }

    /// Whole seconds, without sign.
    pub const fn seconds(self) -> u64 {
        self.millis.unsigned_abs() / 1_000
    }

    pub(crate) fn is_worth_telling(self) -> bool {
        Duration::from_millis(self.millis.unsigned_abs()) >= WORTH_TELLING
    }

    /// The machine's time, corrected.
    pub(crate) const fn correct(self, machine: UnixMillis) -> UnixMillis {
        UnixMillis::new(machine.get().saturating_add(self.millis))
    }
}

/// The warning, in Chinese, with the number of seconds.
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.millis > 0 { "慢" } else { "快" };
        write!(f, "本机时钟比中心{way} {} 秒", self.seconds())?;
        f.write_str(if self.compensated {
            "，已按中心时间发送请求；请立即校准本机时钟"
        } else {
            "；请立即校准本机时钟"
        })
    }
}

/// The center's time, when a refusal (-2) is about the timestamp: from its words, or else from the header `Date`.
pub(crate) fn told(message: &str, date: Option<UnixMillis>) -> Option<UnixMillis> {
    if let Some((_, rest)) = message.split_once(MARK) {
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        if let (13, Ok(millis)) = (digits.len(), digits.parse()) {
            return Some(UnixMillis::new(millis));
        }
    }
    let about_time = message.contains("timestamp") || message.contains("时间戳");
    date.filter(|_| about_time)
}

/// What the client has learned about the clock.
#[derive(Debug, Default)]
pub(crate) struct Clockwork(Mutex<Option<Drift>>);

impl Clockwork {
    pub(crate) fn drift(&self) -> Option<Drift> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn learn(&self, drift: Option<Drift>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = drift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centers_words_are_understood() {
        let refused = "请求参数异常：timestamp 与服务器时间相差超过 600 秒，服务器时间为 1763869440000";
        let center = UnixMillis::new(1_763_869_440_000);
        assert_eq!(told(refused, None), Some(center));
        let date = Some(UnixMillis::new(5));
        assert_eq!(told("请求参数异常：timestamp 超差", date), date);
        assert_eq!(told("请求参数异常：token 缺失或为空", date), None);
        assert_eq!(told("服务器时间为 17638", None), None);

        let mut drift = Drift::between(center, UnixMillis::new(1_763_869_440_000 - 723_000));
        assert_eq!(drift.to_string(), "本机时钟比中心慢 723 秒；请立即校准本机时钟");
        drift = Drift { millis: -60_000, compensated: true };
        assert!(drift.to_string().starts_with("本机时钟比中心快 60 秒，已按中心时间"));
        assert!(drift.is_worth_telling());
        assert_eq!(drift.correct(center), UnixMillis::new(1_763_869_380_000));
    }
}
