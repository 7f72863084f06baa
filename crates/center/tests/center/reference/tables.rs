//! The tables of the institution's messages in `messages.md`, between two marks.

use std::fmt::Write as _;

use super::schemas::{Schema, messages};

const BEGIN: &str = "<!-- 以下各表由代码生成（cargo xtask references） -->\n";
const END: &str = "<!-- 生成的表到此为止 -->\n";

/// The page with its tables as they should be.
pub(super) fn within(page: &str) -> String {
    let (before, rest) = page.split_once(BEGIN).expect("a mark before the tables");
    let (_, after) = rest.split_once(END).expect("a mark behind the tables");
    let tables: String = messages().iter().map(table).collect();
    format!("{before}{BEGIN}\n{tables}{END}{after}")
}

fn table(schema: &Schema) -> String {
    let mut out = format!(
        "#### {}\n\n| 成员 | 必有 | 含义 | 形式与限度 | 出处 |\n|---|---|---|---|---|\n",
        schema.title
    );
    for member in &schema.members {
        let required = if member.required { "是" } else { "" };
        let _ = writeln!(
            out,
            "| `{}` | {required} | {} | {} | {} |",
            member.name, member.meaning, member.form, member.section
        );
    }
    out.push('\n');
    out
}
