//! Times as operators write them: of the clock at the wall, or so long ago.

use std::time::Duration;

use yanmi_center::history::Between;
use yanmi_protocol::UnixMillis;

use crate::failure::Failure;

/// The longest that may be asked back: longer than anything is kept.
const MOST_SECONDS: u64 = 200 * 366 * 24 * 60 * 60;

/// Reads the value of an option.
pub(crate) fn read(option: &str, text: &str, now: UnixMillis) -> Result<UnixMillis, Failure> {
    ago(text).map(|span| now.minus(span)).or_else(|| moment(text)).ok_or_else(|| {
        Failure::new(format!(
            "选项 {option} 的值 {text} 不是时间：应为北京时间 2026-11-23、2026-11-23T15:00 或 2026-11-23T15:00:30，\
             或距现在多久，如 90s、30m、1h、7d"
        ))
    })
}

/// Two options as a span of time; `--to` is the moment itself, and now where it is not given.
pub(crate) fn between(from: UnixMillis, to: Option<&str>, now: UnixMillis) -> Result<Between, Failure> {
    // What happened in this moment belongs to it.
    let to = to.map_or(Ok(now.plus(Duration::from_secs(1))), |text| read("--to", text, now))?;
    if from >= to {
        return Err(Failure::new(format!(
            "--from（{}）须早于 --to（{}）",
            from.shanghai_text(),
            to.shanghai_text()
        )));
    }
    Ok(Between { from, to })
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
fn moment(text: &str) -> Option<UnixMillis> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_763_881_224_000);

    #[test]
    fn times_of_the_wall_and_times_ago_are_read() {
        for (text, expected) in [
            ("2025-11-23", "2025-11-23 00:00:00"),
            ("2025-11-23T15:00", "2025-11-23 15:00:00"),
            ("2025-11-23T15:00:24", "2025-11-23 15:00:24"),
            ("2025-11-23 15:00:24", "2025-11-23 15:00:24"),
            ("24s", "2025-11-23 15:00:00"),
            ("30m", "2025-11-23 14:30:24"),
            ("1h", "2025-11-23 14:00:24"),
            ("7d", "2025-11-16 15:00:24"),
        ] {
            assert_eq!(read("--from", text, NOW).expect("a time").shanghai_text(), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_in_words_that_name_the_option() {
        for text in [
            "",
            "h",
            "yesterday",
            "1w",
            "-1h",
            "+1h",
            "2025-11-31",
            "2025-1-1",
            "2025-11-23T25:00",
            "2025-11-23T15",
            "2025-11-23T15:00:00Z",
            "2025-11-23T15:00+08:00",
            "99999999999999999999d",
            "９h",
            "1.5h",
            "小时",
        ] {
            let refused = read("--from", text, NOW).expect_err(text).to_string();
            assert!(refused.contains("--from") && refused.contains("1h"), "{refused}");
        }
        let turned = between(NOW, Some("1h"), NOW).expect_err("turned").to_string();
        assert!(turned.contains("须早于"), "{turned}");
    }
}
