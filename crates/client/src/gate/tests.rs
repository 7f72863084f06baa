//! The gate's table, which is the table of the guide as well, and what holds for every record.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use yanmi_protocol::{Amount, EcToken, UnixMillis};

mod binding;
mod offline;
mod online;
mod properties;
mod row;
mod steps;
mod story;
mod switches;
mod walk;

use self::row::{Expected, Row, row};
use self::story::{
    NOW, OTHER_SERIAL, SERIAL, ask, before, came, code, hundred, notified, pending, quiet, scanned, stas,
    token, told, trouble, yuan,
};
use super::*;
use crate::answer::{NoticeAnswer, StatusAnswer, StatusExtension};
use crate::failure::Failure;
use crate::transport::{TransportError, Trouble};

use Expected::{Exempt, FallBack, Free, Proven, Refuse};

fn groups() -> [(&'static str, Vec<Row>); 5] {
    [
        ("线上方式：通知与查询", online::online_rows()),
        ("线上方式：没有成功的通知与查询", online::failing_rows()),
        ("线上方式：是不是这一次、这个人、这么多钱", binding::binding_rows()),
        ("线下方式与其他介质", offline::offline_rows()),
        ("本机构的开关", switches::switch_rows()),
    ]
}

#[test]
fn every_row_of_the_table() {
    for (group, rows) in groups() {
        for row in rows {
            let verdict = decide(&row.visit, &row.ask, &row.rules, NOW);
            assert_eq!(Expected::of(&verdict), row.expected, "{group}: {}: {verdict:?}", row.what);
        }
    }
}

#[test]
fn every_reason_to_refuse_is_in_the_table() {
    let shown: Vec<Expected> =
        groups().into_iter().flat_map(|(_, rows)| rows).map(|row| row.expected).collect();
    for reason in Reason::ALL {
        let there = shown.iter().any(|shown| *shown == Refuse(reason) || *shown == FallBack(reason));
        assert!(there, "{reason:?}");
    }
}

fn words(verdict: &Verdict) -> (String, String) {
    match verdict {
        Verdict::Settle(grounds) => ("**结算**".to_owned(), grounds.words()),
        Verdict::Refuse(advice) => ("不结算".to_owned(), format!("{}。{}", advice.why, advice.next)),
        Verdict::FallBack(advice) => ("转线下".to_owned(), format!("{}。{}", advice.why, advice.next)),
    }
}

/// The tables of the guide.
fn page_part() -> String {
    let mut out = String::new();
    for (group, rows) in groups() {
        let _ = write!(
            out,
            "\n### {group}\n\n| 情形 | 结论 | 依据，或原因与下一步 | 出处 |\n|---|---|---|---|\n"
        );
        for row in rows {
            let (answer, why) = words(&decide(&row.visit, &row.ask, &row.rules, NOW));
            let _ = writeln!(out, "| {} | {answer} | {why} | {} |", row.what, row.section);
        }
    }
    out
}

/// The guide's table is this one; with `UPDATE_REFERENCE=1` it is written anew.
#[test]
fn the_page_of_the_gate_is_a_reference() {
    const BEGIN: &str = "<!-- 以下表格由测试生成 -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/gate.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let (head, table) = page.split_once(BEGIN).expect("the mark");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{}", page_part())).expect("written");
    } else {
        assert!(table == page_part(), "docs/guide/gate.md is out of date: cargo xtask references");
    }
}
