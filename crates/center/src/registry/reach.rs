//! The newest of what somebody may see: what he brought himself, and what is in his areas.

use yanmi_onboarding::Area;

use crate::store::connection::Statement;
use crate::store::row::signed;

/// So many rows before a number, the newest first, of a table with `number`, `made_by` and `region`; `select` ends in
/// `WHERE number < $1`.
pub(super) fn newest(select: &str, areas: &[Area], own: &str, before: i64, count: usize) -> Statement {
    let within = within(4, areas.len());
    let text = format!("{select} AND (made_by = $2 OR {within}) ORDER BY number DESC LIMIT $3");
    let statement = Statement::composed(text).number(before).text(own).number(signed(count as u64));
    areas.iter().fold(statement, |statement, area| statement.text(area.as_str()))
}

/// The condition of rows within so many areas, whose values are those from this place on; of none when there is no area.
pub(super) fn within(first: usize, areas: usize) -> String {
    // An area is within another when its digits begin with the other's.
    let within = (first..first + areas).map(|at| format!("substr(region, 1, length(${at})) = ${at}"));
    let within: Vec<String> = within.collect();
    if within.is_empty() { "1 = 0".to_owned() } else { within.join(" OR ") }
}
