//! The newest of what somebody may see: what he brought himself, and what is in his areas.

use yanmi_onboarding::Area;

use crate::store::connection::Statement;
use crate::store::row::signed;

/// So many rows before a number, the newest first, of a table with `number`, `made_by` and `region`; `select` ends in
/// `WHERE number < $1`.
pub(super) fn newest(select: &str, areas: &[Area], own: &str, before: i64, count: usize) -> Statement {
    // An area is within another when its digits begin with the other's.
    let within = (0..areas.len()).map(|at| format!("OR substr(region, 1, length(${0})) = ${0}", at + 4));
    let within: Vec<String> = within.collect();
    let text = format!("{select} AND (made_by = $2 {}) ORDER BY number DESC LIMIT $3", within.join(" "));
    let statement = Statement::composed(text).number(before).text(own).number(signed(count as u64));
    areas.iter().fold(statement, |statement, area| statement.text(area.as_str()))
}
