//! The table is whole, and the reference is made of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use yanmi_acceptance::Rulebook;

use super::*;
use crate::act::Act;
use crate::rule::Rule;
use crate::situation::Expect;

#[test]
fn the_table_is_whole() {
    let all: Vec<_> = Situation::all().collect();
    assert!(all.len() >= 30, "{}", all.len());
    let ids: BTreeSet<_> = all.iter().map(|situation| situation.id).collect();
    assert_eq!(ids.len(), all.len());
    for situation in &all {
        let id = situation.id;
        assert!(situation.acts.contains(&Act::Begin), "{id}");
        assert_eq!(situation.acts.contains(&Act::Next), !situation.then.is_empty(), "{id}");
        assert_eq!(situation.acts.contains(&Act::Tell), !situation.told().is_empty(), "{id}");
        assert_eq!(Situation::named(id).map(|at| all[at].id), Some(id));
        // Of what nobody tells nothing can be expected.
        let silent = situation.told().is_empty();
        assert!(!silent || situation.expects.is_empty(), "{id}");
    }
}

#[test]
fn every_rule_that_a_screen_shows_is_expected_somewhere() {
    let expected: BTreeSet<Rule> = Situation::all()
        .flat_map(|situation| {
            let rules = situation.expects.iter().filter_map(|expect| match expect {
                Expect::Alerts(_, _, rule)
                | Expect::State(_, _, rule)
                | Expect::Did(_, _, rule)
                | Expect::NoConfirmation(_, rule)
                | Expect::Untrusted(rule)
                | Expect::Words(rule) => Some(*rule),
                _ => None,
            });
            rules.chain([situation.about])
        })
        .collect();
    for rule in Rule::ALL.iter().filter(|rule| {
        ["show", "alert", "order", "report"].iter().any(|family| rule.id().starts_with(family))
    }) {
        let on_the_wire = [Rule::ReportFields, Rule::ReportWay, Rule::ReportDigest, Rule::ReportFace];
        assert!(expected.contains(rule) || on_the_wire.contains(rule), "{}", rule.id());
    }
}

fn tables() -> String {
    let mut out = "\n## 规则\n\n| 名称 | 章节 | 规则 | 判定 |\n|---|---|---|---|\n".to_owned();
    for rule in Rule::ALL {
        let (id, section, title, kind) = (rule.id(), rule.section(), rule.title(), rule.kind().name());
        let _ = writeln!(out, "| `{id}` | {section} | {title} | {kind} |");
    }
    out.push_str("\n## 情形\n\n| | 名称 | 情形 | 操作 | 验的规则 | 何时才有 |\n|---|---|---|---|---|---|\n");
    for (at, situation) in Situation::all().enumerate() {
        let needs = match situation.needs {
            Needs::Nothing => "—".to_owned(),
            Needs::Way(way) => format!("支持{}", way.name()),
            Needs::AnotherWay => "支持凭证密码与另一种方式".to_owned(),
            Needs::Mac => "mac 必需".to_owned(),
            Needs::Switch => "`--pwd-free`".to_owned(),
            Needs::Word => "`--limit`".to_owned(),
        };
        let acts: Vec<String> = situation.acts.iter().map(|act| format!("`{}`", act.coded())).collect();
        let (id, title, about, acts) = (situation.id, situation.title, situation.about.id(), acts.join(" "));
        let _ = writeln!(out, "| {} | `{id}` | {title} | {acts} | `{about}` | {needs} |", at + 1);
    }
    out
}

/// The reference's tables are these; with `UPDATE_REFERENCE=1` they are written anew.
#[test]
fn the_page_of_the_acceptance_is_a_reference() {
    const BEGIN: &str = "<!-- 以下表格由测试生成 -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/channel-acceptance.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let (head, found) = page.split_once(BEGIN).expect("the mark");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{}", tables())).expect("written");
        return;
    }
    assert!(found == tables(), "docs/reference/channel-acceptance.md is out of date: cargo xtask references");
}
