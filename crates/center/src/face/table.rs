//! Tables of a page.

use maud::{Markup, html};

/// A table with a heading; nothing found is said.
pub(crate) fn table(heading: &[&str], rows: &[Markup]) -> Markup {
    named_table("列表", heading, rows)
}

/// The same where there are several on a page, each of another name.
pub(crate) fn named_table(name: &str, heading: &[&str], rows: &[Markup]) -> Markup {
    html! {
        @if rows.is_empty() {
            p.box { "没有符合的记录。" }
        } @else {
            div.scroll tabindex="0" role="region" aria-label=(name) {
                table {
                    thead { tr { @for name in heading { th scope="col" { (name) } } } }
                    tbody { @for row in rows { tr { (row) } } }
                }
            }
        }
    }
}
