//! Refusals counted by their causes, and who has to do what about each, as a table.

use maud::{Markup, html};

use super::table::table;
use crate::history::{DenialGroup, Denials};

/// Causes on a page; the most frequent ones.
const SHOWN: usize = 100;

/// The table, with what is left out.
pub(crate) fn counted(denials: &Denials) -> Markup {
    let mut groups = denials.groups();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    let total: u64 = groups.iter().map(|group| group.count).sum();
    let more = groups.len().saturating_sub(SHOWN);
    let rows: Vec<Markup> = groups.iter().take(SHOWN).map(row).collect();
    html! {
        p { "共拒绝 " strong { (total) } " 次，" (groups.len()) " 种。" }
        (table(&["次数", "谁", "返回码", "原因", "推测或成员", "最早", "最近", "来源地址", "谁去做什么"], &rows))
        @if more > 0 { p.soft { "另有 " (more) " 种较少的没有列出，请写明编码。" } }
    }
}

fn row(group: &DenialGroup) -> Markup {
    let sample = &group.sample;
    let (who, advice) = sample.advice();
    html! {
        td { (group.count) }
        td { (sample.asker()) @if let Some(code) = sample.org_code { br; span.soft { "例如 " (code.as_str()) } } }
        td { (sample.code) }
        td { (sample.why()) }
        td { (sample.particular()) }
        td { (group.first.shanghai_text()) }
        td { (group.last.shanghai_text()) }
        td { (group.places()) }
        td { @if !sample.is_summed() { strong { (who) } "：" (advice) } }
    }
}
