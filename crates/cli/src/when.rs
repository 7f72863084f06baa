//! Times as operators write them: of the clock at the wall, or so long ago.

use std::time::Duration;

use yanmi_center::history::{Between, moment};
use yanmi_protocol::UnixMillis;

use crate::failure::Failure;

/// Reads the value of an option.
pub(crate) fn read(option: &str, text: &str, now: UnixMillis) -> Result<UnixMillis, Failure> {
    moment(text, now).ok_or_else(|| {
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
