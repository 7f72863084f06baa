//! Times as operators write them: of the clock at the wall, or so long ago.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

/// The longest that may be asked back: longer than anything is kept.
const MOST_SECONDS: u64 = 200 * 366 * 24 * 60 * 60;

/// Reads `2026-11-23`, `2026-11-23T15:00` or `2026-11-23T15:00:30` of Beijing time, or how long ago: `90s`, `30m`, `1h`, `7d`.
/// Nothing for what is neither.
pub fn moment(text: &str, now: UnixMillis) -> Option<UnixMillis> {
    ago(text).map(|span| now.minus(span)).or_else(|| of_clock(text))
}

/// `30m`.
fn ago(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let count = text.get(..text.len() - 1)?;
    let seconds = number(count)?.checked_mul(unit).filter(|seconds| *seconds <= MOST_SECONDS)?;
    Some(Duration::from_secs(seconds))
}

fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

/// `2026-11-23T15:00`.
fn of_clock(text: &str) -> Option<UnixMillis> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00"),
    };
    let (date, mut time) = (parts(date, '-', [4, 2, 2])?, time.to_owned());
    if time.len() == 5 {
        time.push_str(":00");
    }
    let time = parts(&time, ':', [2, 2, 2])?;
    UnixMillis::from_shanghai([date[0], date[1], date[2], time[0], time[1], time[2]])
}

/// Three numbers, each of so many digits.
fn parts(text: &str, by: char, digits: [usize; 3]) -> Option<[u32; 3]> {
    let mut out = [0; 3];
    let mut given = text.split(by);
    for (slot, digits) in out.iter_mut().zip(digits) {
        let part = given.next().filter(|part| part.len() == digits)?;
        *slot = u32::try_from(number(part)?).ok()?;
    }
    given.next().is_none().then_some(out)
}
