//! What an unknown key was probably meant to be.

use super::table::{GROUPS, settings};

/// Whether settings stand in or beneath this table.
pub(super) fn is_table(name: &str) -> bool {
    settings().any(|setting| setting.key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The message about an unknown key or table.
pub(super) fn unknown(key: &str, is_table: bool) -> String {
    let (what, meant) = if is_table {
        let names = GROUPS.iter().map(|group| group.name).filter(|name| !name.is_empty());
        (format!("不认识表 [{key}]"), nearest(key, names).map(|name| format!("[{name}]")))
    } else {
        let moved = settings().map(|setting| setting.key).filter(|known| leaf(known) == leaf(key));
        let meant = nearest(key, settings().map(|setting| setting.key));
        // The right name in the wrong table beats a similar one.
        let meant = closest(key, moved).map(|(known, _)| known).or(meant);
        (format!("不认识设置 {key}"), meant.map(str::to_owned))
    };
    match meant {
        Some(meant) => format!("{what}；是否应为 {meant}？"),
        None => what,
    }
}

fn leaf(key: &str) -> &str {
    key.rsplit_once('.').map_or(key, |(_, leaf)| leaf)
}

/// The closest name, when it is close enough to be a slip of the hand.
fn nearest(key: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let tolerated = key.chars().count().div_ceil(3).max(2);
    closest(key, names).filter(|(_, distance)| *distance <= tolerated).map(|(name, _)| name)
}

fn closest(key: &str, names: impl Iterator<Item = &'static str>) -> Option<(&'static str, usize)> {
    names.map(|name| (name, distance(key, name))).min_by_key(|(_, distance)| *distance)
}

/// How many characters must be changed, added or taken away to make one text of the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_are_recognized() {
        let table = [
            ("limits.conections", false, "不认识设置 limits.conections；是否应为 limits.connections？"),
            ("connections", false, "不认识设置 connections；是否应为 limits.connections？"),
            ("limits.timeout_milliseconds", false, "是否应为 national.timeout_milliseconds？"),
            ("listen.chanel", true, "不认识表 [listen.chanel]；是否应为 [listen.channel]？"),
            ("policies", true, "是否应为 [policy]？"),
            ("regoin", false, "是否应为 region？"),
        ];
        for (key, is_table, expected) in table {
            let said = unknown(key, is_table);
            assert!(said.ends_with(expected), "{said}");
        }
        assert_eq!(unknown("完全无关的设置名称", false), "不认识设置 完全无关的设置名称");
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("地址", "地址"), 0);
    }
}
