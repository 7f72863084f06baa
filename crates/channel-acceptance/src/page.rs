//! The pages: what is going on, and the report. Every address in them is relative, everything is escaped.

use maud::{Markup, html};
use yanmi_acceptance::Kind;
use yanmi_acceptance::page::{broken, frame, mark, rules, seal, summary};
use yanmi_acceptance::report::{Line, Totals};

use crate::brief::{Brief, Scene, Subject};
use crate::event::State;
use crate::report::{Report, SituationRow};

/// What the live page does: shows the progress, begins situations, and tells what somebody says the app shows.
pub(crate) const SCRIPT: &str = include_str!("page.js");

/// The report.
pub(crate) fn report(report: &Report) -> String {
    let title = "渠道接入验收报告";
    let body = html! {
        main {
            header { h1 { (title) } (facts(&tried(report))) (seal(report.conclusion)) }
            (summary(totals(report)))
            @for (kind, what) in [(Kind::Required, "规范写明的。"), (Kind::Advised, advice(report.strict))] {
                h2 { (kind.name()) }
                p.meta { (what) }
                (rules(&report.rules, kind))
            }
            h2 { "情形" }
            @for row in &report.situations { (situation(row)) }
            (others(&report.others))
            footer {
                "由 yanmi " (report.yanmi_version) " 生成。线路上的由报文判定，屏幕上的由报送的内容判定；报文已解密并脱敏。"
            }
        }
    };
    frame(title, &body)
}

const fn advice(strict: bool) -> &'static str {
    if strict {
        "规范没有写明，由中心与渠道的约定或本项目建议。本次验收约定：同样决定结论。"
    } else {
        "规范没有写明，由中心与渠道的约定或本项目建议。不影响结论。"
    }
}

const fn totals(report: &Report) -> [Totals; 3] {
    [report.rule_totals, report.advice_totals, report.situation_totals]
}

fn tried(report: &Report) -> Vec<(&'static str, String)> {
    let mac = if report.mac_required { "必需" } else { "可选" };
    vec![
        ("厂商", report.vendor.clone()),
        ("产品与版本", report.product.clone()),
        ("渠道编码", format!("{}（密钥校验值 {}）", report.chnl_id, report.kcv)),
        ("认证方式", report.ways.join("、")),
        ("mac", mac.to_owned()),
        ("开始", report.started_at.clone()),
        ("本报告", report.written_at.clone()),
        (
            "显示的报送",
            format!("程序 {} 次，页面点击 {} 次", report.sights.by_program, report.sights.by_page),
        ),
    ]
}

fn facts(rows: &[(&'static str, String)]) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in rows {
                div { dt { (name) } dd { code { @if value.is_empty() { "—" } @else { (value) } } } }
            }
        }
    }
}

fn situation(row: &SituationRow) -> Markup {
    html! {
        section.situation {
            (heading(row))
            (broken(&row.rules))
            @if row.events.is_empty() { p.none { "没有开始。" } } @else { (events(&row.events)) }
        }
    }
}

fn heading(row: &SituationRow) -> Markup {
    html! {
        h3 { (row.number) ". " (row.title) (mark(row.verdict)) }
        p.meta { code { (row.id) } " · " (row.section) }
    }
}

/// Calls nobody knows the situation of.
fn others(lines: &[Line]) -> Markup {
    html! {
        @if !lines.is_empty() {
            section.situation { h3 { "不属于任何情形的请求" } (events(lines)) }
        }
    }
}

fn events(lines: &[Line]) -> Markup {
    html! {
        table.events {
            thead { tr { th { "时间" } th { "事件" } th { "内容与应答" } } }
            tbody {
                @for line in lines {
                    tr {
                        td.time { (line.at.get(11..).unwrap_or_default()) }
                        td.what { (line.what) }
                        td.wire { (line.said) @if !line.answered.is_empty() { br; (line.answered) } }
                    }
                }
            }
        }
    }
}

/// The page on which a run is followed and played.
pub(crate) fn live(brief: &Brief, report: &Report) -> String {
    let title = "渠道接入验收";
    let known = vec![
        ("中心地址", brief.center_url.clone()),
        ("渠道编码", brief.chnl_id.clone()),
        ("密钥", brief.key.clone()),
        ("密钥校验值", brief.kcv.clone()),
        ("通知地址", brief.notice_url.clone()),
        ("reqtType", format!("{}&{}", brief.chnl_id, brief.region)),
        ("参保人 ecIndexNo", brief.person.ec_index_no.clone()),
        ("姓名、证件号码", format!("{}、{}", brief.person.user_name, brief.person.id_no)),
        ("凭证密码", brief.person.password.clone()),
        ("错误的密码", brief.person.wrong_password.clone()),
        ("显示报送", format!("POST {}", brief.shown_url)),
    ];
    let body = html! {
        main.live {
            header { h1 { (title) } (facts(&known)) }
            p.how {
                "先让应用认识这个参保人，再依次办理各情形：点“开始”，照步骤在应用上操作，最后报送应用显示的内容。"
                "报告：" a href="report.html" { "网页" } "、" a href="report.json" { "JSON" } "。"
            }
            p.decide { button type="button" value="alone" { "依次开始全部不须操作应用的情形" } }
            div #progress { (parts(brief, report)) }
        }
        script src="acceptance/page.js" {}
    };
    frame(title, &body)
}

/// The part of the live page that changes.
pub(crate) fn progress(brief: &Brief, report: &Report) -> String {
    parts(brief, report).into_string()
}

/// What the link of a notice leads to.
pub(crate) fn link() -> String {
    frame(
        "认证页",
        &html! { main { h1 { "认证页" } p { "验收用的页面：已记下打开了一次。请关闭，回到应用。" } } },
    )
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
    html! {
        section.situation {
            (heading(row))
            div.scene {
                ol { @for step in &scene.steps { li { (step) } } }
                (facts(&[("令牌", scene.token.clone())]))
            }
            @if !row.events.is_empty() { (events(&row.events)) }
            (broken(&row.rules))
            div.decide data-situation=(scene.id) {
                button type="button" value="play" { @if row.events.is_empty() { "开始" } @else { "重来" } }
                @if scene.acts.iter().any(|act| act == "next") {
                    button type="button" value="next" { "下一步" }
                }
            }
            @for (at, subject) in scene.notices.iter().enumerate() { (telling(scene, at, subject)) }
        }
    }
}

/// Where it is told what the app shows about a notice.
fn telling(scene: &Scene, at: usize, subject: &Subject) -> Markup {
    let label = |what: &str| format!("{} {} {what}", scene.title, at + 1);
    html! {
        div.decide data-situation=(scene.id) data-notice=(subject.notc_no) {
            code { (subject.notc_no) " " (subject.org_name) }
            select name="state" aria-label=(label("显示")) {
                @for state in State::ALL { option value=(state.word()) { (state.name()) } }
            }
            input.money name="alerts" inputmode="numeric" placeholder="提醒次数" aria-label=(label("提醒次数"));
            input.money name="amount" maxlength="500" placeholder="金额" aria-label=(label("金额"));
            input name="orgName" maxlength="500" placeholder="机构名称" aria-label=(label("机构名称"));
            input name="text" maxlength="500" placeholder="提示" aria-label=(label("提示"));
            button type="button" value="shown" { "报送" }
        }
    }
}

#[cfg(test)]
mod tests;
