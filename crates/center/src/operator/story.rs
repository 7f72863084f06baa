//! How a page tells what happened: a timeline, the first step that did not happen, and who does what next.

use maud::{Markup, html};
use yanmi_protocol::{UnixMillis, mask};

use super::list;
use crate::history::{Step, Story, Trace, TraceLine};

/// A person in full, for whom somebody had a reason to look.
pub(super) struct FullHolder {
    pub(super) name: String,
    pub(super) id_type: String,
    pub(super) id_no: String,
}

/// One story; what `more` adds comes behind the person.
pub(super) fn story(story: &Story, trace: &Trace, full: Option<&FullHolder>, more: &Markup) -> Markup {
    let told = &story.explanation;
    let token = story.token.map_or_else(|| "没有令牌".to_owned(), |token| mask::token(token.as_str()));
    let lines: Vec<TraceLine> =
        story.happened.iter().map(|one| TraceLine::of(one, story, &trace.channels)).collect();
    let rows: Vec<Markup> = story
        .happened
        .iter()
        .zip(&lines)
        .map(|(one, line)| {
            html! {
                td.code { (one.at.shanghai_text()) }
                td { (line.who) " → " (line.whom) }
                td { (line.what) @if let Some(amount) = one.amount { "，" (amount) " 元" } }
                td { @if let Some(code) = line.code { (code) } }
                td { (line.reason) }
            }
        })
        .collect();
    html! {
        section.story {
            h2 { (story.institution()) " · 令牌 " (token) }
            div.box {
                p.now { strong { (told.now) } }
                (chain(told.missing))
                p { "下一步：" strong { (told.who) } "，" (told.next) }
                @match (full, &story.holder) {
                    (Some(full), _) => p { "参保人 " strong { (full.name) } "，证件类型 " (full.id_type) "，证件号码 " strong { (full.id_no) } },
                    (None, Some((name, number))) => p { "参保人 " (name) "，证件号码 " (number) },
                    (None, None) => {}
                }
                (more)
            }
            (list::table(&["时间", "谁 → 谁", "做什么", "返回码", "方式或原因"], &rows))
            details {
                summary { "转给别人的文字（没有个人信息）" }
                textarea readonly rows="8" aria-label="转给别人的文字" { (for_others(story, &lines)) }
            }
        }
    }
}

/// The steps of a verification, with the first that did not happen marked.
fn chain(missing: Option<Step>) -> Markup {
    let stopped = Step::ALL.into_iter().position(|step| Some(step) == missing).unwrap_or(Step::ALL.len());
    html! {
        ol.chain aria-label="核验的步骤" {
            @for (at, step) in Step::ALL.into_iter().enumerate() {
                @match at.cmp(&stopped) {
                    std::cmp::Ordering::Less => li.done { "✓ " (step.words()) },
                    std::cmp::Ordering::Equal => li.stopped { "✗ " (step.words()) "：停在这里" },
                    std::cmp::Ordering::Greater => li { (step.words()) },
                }
            }
        }
    }
}

/// What can be passed on: numbers, times, steps and codes.
fn for_others(story: &Story, lines: &[TraceLine]) -> String {
    let told = &story.explanation;
    let mut out = vec![story.institution()];
    out.extend(story.token.map(|token| format!("令牌 {}", mask::token(token.as_str()))));
    for (one, line) in story.happened.iter().zip(lines) {
        let code = line.code.map(|code| format!(" {code}")).unwrap_or_default();
        let notice = one.notice.map(|notice| format!(" 通知 {notice:013}")).unwrap_or_default();
        out.push(format!(
            "{} {}→{} {}{code}{notice} {}",
            time(one.at),
            line.who,
            line.whom,
            line.what,
            line.reason
        ));
    }
    out.push(format!("现在：{}", told.now));
    out.push(format!("停在：{}", told.missing.map_or("没有停下", Step::words)));
    out.push(format!("下一步：{}，{}", told.who, told.next));
    out.join("\n")
}

fn time(at: UnixMillis) -> String {
    at.shanghai_text()
}
