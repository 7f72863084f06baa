//! Lists: fifty rows a page, the next one after the last key, and a box to find by.

use maud::{Markup, html};

use super::request::OperatorRequest;
use crate::percent::encoded;

pub(super) use crate::face::table::{named_table, table};

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

/// The way to what comes after the last key of this page.
pub(super) fn more(page: &OperatorRequest<'_>, name: &str, last: Option<String>) -> Markup {
    let find = page.query.text("find");
    html! {
        @if let Some(last) = last {
            p.more { a href={ (page.path) "?" (name) "=" (encoded(&last)) @if !find.is_empty() { "&find=" (encoded(find)) } } { "下一页" } }
        }
    }
}

/// That what is read may not be the latest, where that is so.
pub(super) fn age(page: &OperatorRequest<'_>) -> Markup {
    html! { @if page.site.console.reads_a_replica() { p.soft { "读自备库，可能比现在晚几秒。" } } }
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
