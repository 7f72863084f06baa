//! The pages: what is going on, and the report. One text each, nothing loaded from elsewhere, everything escaped.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::brief::{Brief, Scene};
use crate::judge::{Conclusion, Verdict};
use crate::report::{Cell, Line, Report, RuleRow, SituationRow, Totals};
use crate::rule::{Kind, Rulebook};

/// What the live page does: shows the progress, and tells decisions that somebody clicks.
pub(crate) const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// A whole page, with its style in it.
pub fn frame(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
    .into_string()
}

/// The report.
pub(crate) fn report(report: &Report) -> String {
    let body = html! {
        main {
            header {
                p.over { "医保电子凭证线上密码核验认证" }
                h1 { "接入验收报告" }
                (facts(report))
                (seal(report.conclusion))
            }
            (summary(totals(report)))
            h2 { "一、规范要求" }
            (rules(&report.rules, Kind::Required))
            h2 { "二、安全建议" }
            p.meta { "规范没有写明、由本项目建议的做法。不影响结论。" }
            (rules(&report.rules, Kind::Advised))
            h2 { "三、情形" }
            @for row in &report.situations { (situation(row)) }
            (others(&report.others))
            footer {
                "由 yanmi " (report.yanmi_version) " 生成。结论只说明所列情形中观察到的行为；报文已解密并脱敏。"
            }
        }
    };
    frame("接入验收报告", &body)
}

fn facts(report: &Report) -> Markup {
    let or_dash = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
    html! {
        dl.facts {
            div { dt { "厂商" } dd { (or_dash(&report.vendor)) } }
            div { dt { "产品与版本" } dd { (or_dash(&report.product)) } }
            div { dt { "业务系统编码" } dd { (report.org_id) "（密钥校验值 " (report.kcv) "）" } }
            div { dt { "定点医药机构代码" } dd { (report.org_codg) } }
            div { dt { "开始" } dd { (report.started_at) } }
            div { dt { "本报告" } dd { (report.written_at) } }
            div { dt { "决定的报送" } dd { "程序 " (report.decisions.by_program) " 次，页面点击 " (report.decisions.by_page) " 次" } }
        }
    }
}

/// The conclusion, to be seen from afar.
pub fn seal(conclusion: Conclusion) -> Markup {
    let class = match conclusion {
        Conclusion::Passed => "passed",
        Conclusion::Failed => "failed",
        Conclusion::Incomplete => "open",
    };
    html! { p.seal.(class) { "结论：" strong { (conclusion.name()) } } }
}

const fn totals(report: &Report) -> [Totals; 3] {
    [report.rule_totals, report.advice_totals, report.situation_totals]
}

/// How many of the rules, of the advice and of the situations came to what.
pub fn summary([rules, advice, situations]: [Totals; 3]) -> Markup {
    let line = |what: &str, totals: Totals| {
        html! {
            tr {
                th { (what) }
                td { (totals.passed) } td { (totals.failed) } td { (totals.not_observed) }
            }
        }
    };
    html! {
        table.summary {
            thead { tr { th {} th { "通过" } th { "不通过（建议为未采纳）" } th { "未观察到" } } }
            tbody { (line("规范要求", rules)) (line("安全建议", advice)) (line("情形", situations)) }
        }
    }
}

/// A verdict with its sign.
pub fn mark(verdict: Verdict) -> Markup {
    mark_of(verdict, Kind::Required)
}

fn mark_of(verdict: Verdict, kind: Kind) -> Markup {
    let (class, sign) = match (verdict, kind) {
        (Verdict::Passed, _) => ("passed", "✓"),
        (Verdict::Failed, Kind::Required) => ("failed", "✗"),
        (Verdict::Failed, Kind::Advised) => ("open", "!"),
        (Verdict::NotObserved, _) => ("open", "–"),
    };
    html! { span.mark.(class) { (sign) " " (verdict.of(kind)) } }
}

/// The rules of a kind, what came of each, and where it was broken.
pub fn rules(rows: &[RuleRow], kind: Kind) -> Markup {
    html! {
        table.rules {
            thead { tr { th { "章节" } th { "规则" } th { "判定" } } }
            tbody {
                @for row in rows.iter().filter(|row| row.kind == kind) {
                    tr {
                        td.section { (row.section) }
                        td {
                            (row.title) " " code { (row.id) }
                            @for evidence in &row.evidence {
                                p.why {
                                    @if let Some(id) = evidence.situation { code { (id) } " " }
                                    (evidence.why)
                                }
                            }
                        }
                        td.verdict { (mark_of(row.verdict, kind)) }
                    }
                }
            }
        }
    }
}

fn situation(row: &SituationRow) -> Markup {
    html! {
        section.situation {
            h3 { (row.number) ". " (row.title) (mark(row.verdict)) }
            p.meta { code { (row.id) } " · " (row.section) }
            (broken(&row.rules))
            @if row.events.is_empty() {
                p.none { "没有收到请求或决定。" }
            } @else {
                (events(&row.events))
            }
        }
    }
}

/// The rules that were broken in a situation, and how.
pub fn broken<R: Rulebook>(cells: &[Cell<R>]) -> Markup {
    html! {
        @for cell in cells {
            @if let Some(why) = &cell.why {
                @let broken = if cell.rule.kind() == Kind::Required { "违反 " } else { "建议 " };
                p.why { (broken) (cell.rule.section()) "：" (cell.rule.title()) "。" (why) }
            }
        }
    }
}

/// Calls nobody knows the situation of.
fn others(lines: &[Line]) -> Markup {
    html! {
        @if !lines.is_empty() {
            section.situation {
                h3 { "不属于任何情形的请求" }
                p.meta { "报文无法解开，或令牌不是本次验收的令牌；只列出最先的 " (lines.len()) " 次。" }
                (events(lines))
            }
        }
    }
}

fn events(lines: &[Line]) -> Markup {
    html! {
        table.events {
            thead { tr { th { "时间" } th { "事件" } th { "机构" } th { "中心的应答" } } }
            tbody {
                @for line in lines {
                    tr {
                        td.time { (line.at.get(11..).unwrap_or_default()) }
                        td.what { (line.what) }
                        @if line.answered.is_empty() {
                            td colspan="2" { strong { (line.said) } }
                        } @else {
                            td.wire { (line.said) }
                            td.wire { (line.answered) }
                        }
                    }
                }
            }
        }
    }
}

/// The page on which a run is followed.
pub(crate) fn live(brief: &Brief, report: &Report) -> String {
    let body = html! {
        main.live {
            header {
                p.over { "医保电子凭证线上密码核验认证" }
                h1 { "接入验收" }
                dl.facts {
                    div { dt { "中心地址" } dd { code { (brief.center_url) } } }
                    div { dt { "orgId" } dd { code { (brief.org_id) } } }
                    div { dt { "密钥" } dd { code { (brief.key) } } }
                    div { dt { "密钥校验值" } dd { code { (brief.kcv) } } }
                    div { dt { "orgCodg" } dd { code { (brief.org_codg) } } }
                    div { dt { "reqtType" } dd { code { "sys&" (brief.region) } } }
                    div { dt { "决定报送" } dd { code { "POST " (brief.settle_url) } } }
                }
            }
            p.how {
                "依次办理下列情形：把令牌当作扫码所得，按步骤操作，最后由系统报送决定，或在此点击机构信息系统的决定。"
                "报告：" a href="report.html" { "网页" } "、" a href="report.json" { "JSON" } "。"
            }
            div #progress { (parts(brief, report)) }
        }
        script src="acceptance/page.js" {}
    };
    frame("接入验收", &body)
}

/// The part of the live page that changes.
pub(crate) fn progress(brief: &Brief, report: &Report) -> String {
    parts(brief, report).into_string()
}

fn parts(brief: &Brief, report: &Report) -> Markup {
    html! {
        (seal(report.conclusion))
        (summary(totals(report)))
        (others(&report.others))
        @for (scene, row) in brief.situations.iter().zip(&report.situations) { (scene_of(scene, row)) }
    }
}

fn scene_of(scene: &Scene, row: &SituationRow) -> Markup {
    let token = scene.tokens.last().map(String::as_str).unwrap_or_default();
    html! {
        section.situation {
            h3 { (row.number) ". " (row.title) (mark(row.verdict)) }
            div.scene {
                ol { @for step in &scene.steps { li { (step) } } }
                dl.facts {
                    @for token in &scene.tokens { div { dt { "令牌" } dd { code { (token) } } } }
                    div { dt { "金额" } dd {
                        (scene.amount) @if scene.amount != scene.final_amount { " → " (scene.final_amount) } " 元"
                    } }
                    div { dt { "mdtrt_cert_type" } dd { (scene.mdtrt_cert_type) } }
                    div { dt { "中心地址" } dd { code { (scene.center_url) } } }
                }
            }
            @if !row.events.is_empty() { (events(&row.events)) }
            (broken(&row.rules))
            div.decide data-token=(token) data-situation=(scene.id) {
                input type="text" name="reason" maxlength="500" placeholder="系统给经办人员的提示"
                    aria-label=(format!("{}：系统给经办人员的提示", row.title));
                input.money type="text" name="amount" value=(scene.final_amount) inputmode="decimal"
                    aria-label=(format!("{}：金额", row.title));
                button type="button" value="settled" { "已结算" }
                button type="button" value="refused" { "不结算" }
                button type="button" value="offline" { "转线下" }
                button.quiet type="button" value="again" { "重来" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::UnixMillis;

    use super::*;
    use crate::report::Decisions;

    #[test]
    fn what_an_institution_sends_is_only_text() {
        let evil = "<script>alert(1)</script>";
        let line = Line {
            at: "2025-11-23 12:00:00".to_owned(),
            what: "机构的决定",
            said: evil.to_owned(),
            answered: String::new(),
        };
        let row = SituationRow {
            number: 1,
            id: "confirmed",
            title: "参保人已确认",
            section: "1.6.2",
            verdict: Verdict::Passed,
            decision: Some("settled"),
            rules: Vec::new(),
            events: vec![line],
        };
        let report = Report {
            schema: 2,
            yanmi_version: "0",
            vendor: evil.to_owned(),
            product: "\"><b>".to_owned(),
            org_id: "acceptance".to_owned(),
            kcv: "ABCDEF".to_owned(),
            org_codg: "H35010000001".to_owned(),
            started_at: String::new(),
            written_at: String::new(),
            written: UnixMillis::new(0),
            conclusion: Conclusion::Passed,
            rule_totals: Totals::default(),
            advice_totals: Totals::default(),
            situation_totals: Totals::default(),
            decisions: Decisions::default(),
            rules: Vec::new(),
            situations: vec![row],
            others: Vec::new(),
        };
        let page = super::report(&report);
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 2);
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing is loaded");
    }
}
