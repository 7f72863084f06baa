//! The situations, a table for each kind of trouble.

mod answers;
mod network;
mod ordinary;
mod person;
mod refusals;
mod visit;

use crate::situation::Situation;

/// The tables, in the order they are played.
const TABLES: [&[Situation]; 6] =
    [&person::TABLE, &visit::TABLE, &refusals::TABLE, &network::TABLE, &answers::TABLE, &refusals::LAST];

pub(crate) use refusals::{SHIFT, WINDOW};

impl Situation {
    /// Every situation, in the order in which they are best played: the one that moves clocks comes last.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        TABLES.iter().flat_map(|table| table.iter())
    }

    /// The one of this name.
    pub fn named(id: &str) -> Option<usize> {
        Self::all().position(|situation| situation.id == id)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::path::Path;

    use super::*;
    use crate::rule::Rule;

    #[test]
    fn the_table_is_whole() {
        let all: Vec<_> = Situation::all().collect();
        assert!(all.len() >= 25, "{}", all.len());
        let ids: std::collections::BTreeSet<_> = all.iter().map(|situation| situation.id).collect();
        assert_eq!(ids.len(), all.len());
        for situation in &all {
            assert!(!situation.steps.is_empty(), "{}", situation.id);
            assert!(situation.first_amount().is_some() && situation.final_amount().is_some());
            assert_eq!(Situation::named(situation.id).map(|at| all[at].id), Some(situation.id));
        }
        assert_eq!(all.last().map(|situation| situation.id), Some("clock-drift"));
    }

    fn tables() -> String {
        let mut out = "\n## 规则\n\n| 名称 | 章节 | 规则 | 判定 |\n|---|---|---|---|\n".to_owned();
        for rule in Rule::ALL {
            let (id, section, title, kind) = (rule.id(), rule.section(), rule.title(), rule.kind().name());
            let _ = writeln!(out, "| `{id}` | {section} | {title} | {kind} |");
        }
        out.push_str("\n## 情形\n\n| | 名称 | 情形 | 章节 | 没有依据而结算 | 有依据而不结算 | 可自动转线下 |\n|---|---|---|---|---|---|---|\n");
        for (at, situation) in Situation::all().enumerate() {
            let duty = situation.duty.map_or_else(|| "—".to_owned(), |duty| format!("`{}`", duty.id()));
            let (id, title, section, blame) =
                (situation.id, situation.title, situation.section, situation.blame.id());
            let offline = if situation.offline { "是" } else { "否" };
            let number = at + 1;
            let _ =
                writeln!(out, "| {number} | `{id}` | {title} | {section} | `{blame}` | {duty} | {offline} |");
        }
        out
    }

    /// The reference's tables are these; with `UPDATE_REFERENCE=1` they are written anew.
    #[test]
    fn the_page_of_the_acceptance_is_a_reference() {
        const BEGIN: &str = "<!-- 以下表格由测试生成 -->\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/acceptance.md");
        let page = std::fs::read_to_string(&path).expect("the page");
        let (head, found) = page.split_once(BEGIN).expect("the mark");
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::write(&path, format!("{head}{BEGIN}{}", tables())).expect("written");
        } else {
            assert!(found == tables(), "docs/reference/acceptance.md is out of date: cargo xtask references");
        }
    }
}
