//! Lists: fifty rows a page, the next one after the last key, and a box to find by.

use maud::{Markup, html};

use super::request::OperatorRequest;
use crate::percent::encoded;

/// Rows of one page.
pub(super) const ROWS: usize = 50;

/// The box, with what is looked for.
pub(super) fn find_box(page: &OperatorRequest<'_>, what: &str) -> Markup {
    html! {
        form.find method="get" action=(page.path) role="search" {
            input name="find" value=(page.query.text("find")) aria-label=(what) placeholder=(what) maxlength="60";
            button { "查找" }
        }
    }
}

/// A table with a heading; nothing found is said.
pub(super) fn table(heading: &[&str], rows: &[Markup]) -> Markup {
    named_table("列表", heading, rows)
}

/// The same where there are several on a page, each of another name.
pub(super) fn named_table(name: &str, heading: &[&str], rows: &[Markup]) -> Markup {
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

/// The way to what comes after the last key of this page.
pub(super) fn more(page: &OperatorRequest<'_>, name: &str, last: Option<String>) -> Markup {
    let find = page.query.text("find");
    html! {
        @if let Some(last) = last {
            p.more { a href={ (page.path) "?" (name) "=" (encoded(&last)) @if !find.is_empty() { "&find=" (encoded(find)) } } { "下一页" } }
        }
    }
}

/// The rows of one page out of all, and the key after which the next begins.
pub(super) fn part<T>(all: Vec<T>, after: &str, key: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
    let mut rest = all.into_iter().skip_while(|row| !after.is_empty() && key(row) <= after);
    let rows: Vec<T> = rest.by_ref().take(ROWS).collect();
    let last = rows.last().map(|row| key(row).to_owned());
    let more = rest.next().and(last);
    (rows, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_the_last_leads_nowhere() {
        let all: Vec<String> = (0..101).map(|n| format!("{n:03}")).collect();
        let (first, after) = part(all.clone(), "", String::as_str);
        assert_eq!((first.len(), after.as_deref()), (50, Some("049")));
        let (second, after) = part(all.clone(), "049", String::as_str);
        assert_eq!((second[0].as_str(), after.as_deref()), ("050", Some("099")));
        let (third, after) = part(all, "099", String::as_str);
        assert_eq!((third, after), (vec!["100".to_owned()], None));
    }
}
