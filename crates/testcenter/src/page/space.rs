//! A space's own page.

use std::time::Duration;

use maud::{Markup, html};
use yanmi_protocol::UnixMillis;
use yanmi_simulator::World;
use yanmi_simulator::world::Urls;

use super::frame::{frame, verdict};
use crate::record::{MAX_NAME, RunRecord, SpaceRecord};
use crate::run::{REPORT_HTML, REPORT_JSON, REPORT_SIGNED};

/// What may be let pass at once: what the form sends, what the button says, and how long.
pub(crate) const SPANS: [(&str, &str, Duration); 5] = [
    ("1m", "1 分钟", Duration::from_mins(1)),
    ("6m", "6 分钟", Duration::from_mins(6)),
    ("31m", "31 分钟", Duration::from_mins(31)),
    ("12h", "12 小时", Duration::from_hours(12)),
    ("1d", "1 天", Duration::from_hours(24)),
];

/// What the page shows.
#[derive(Debug)]
pub(crate) struct SpacePage<'a> {
    pub(crate) center: &'a str,
    pub(crate) record: &'a SpaceRecord,
    pub(crate) world: &'a World,
    pub(crate) urls: &'a Urls,
    /// The time in the space.
    pub(crate) now: UnixMillis,
    /// The acceptance run that goes on: its number.
    pub(crate) running: Option<u32>,
    /// Whether channel apps of vendors can be reached at all.
    pub(crate) channels_reachable: bool,
    /// What came of the form that was sent last: whether it is good, and the sentence.
    pub(crate) said: Option<(bool, &'a str)>,
}

impl SpacePage<'_> {
    /// The page.
    pub(crate) fn markup(&self) -> Markup {
        let body = html! {
            h1 { (self.record.name) }
            @if let Some((good, said)) = self.said {
                p.said.bad[!good] role="status" { (said) }
            }
            p.row {
                a.button href="play/" { "打开手机与窗口" }
                a.button.second href="sandbox.json" { "下载 sandbox.json" }
                a.button.second href="client.toml" { "下载客户端配置" }
            }
            (self.facts())
            (self.time())
            (self.runs())
            (self.persons())
            (self.channels())
            (own_key())
            (own_institution())
            (self.end())
        };
        frame(self.center, &self.record.name, &body)
    }

    fn facts(&self) -> Markup {
        let Some(account) = self.world.accounts.first() else { return html! {} };
        html! {
            section {
                h2 { "机构侧接入" }
                dl {
                    dt { "中心地址" } dd { code { (self.urls.institution) } }
                    dt { "发起通知（1.7.1）" } dd { code { "POST " (self.urls.institution) "/cfc/api/tokenPwdCheckNotc" } }
                    dt { "查询状态（1.7.2）" } dd { code { "POST " (self.urls.institution) "/cfc/api/tokenPwdStas" } }
                    dt { "业务系统编码 orgId" } dd { code { (account.org_id.as_str()) } }
                    dt { "密钥（十六进制）" } dd { code { (account.key.to_hex().as_str()) } }
                    dt { "密钥校验值" } dd { code { (account.kcv) } }
                    dt { "reqtType" } dd { code { "sys&" (self.world.region.as_str()) } }
                    @for member in &account.institutions {
                        dt { "机构 orgCodg" } dd { code { (member.org_codg.as_str()) } " " (member.org_name) }
                    }
                }
                p.meta { "程序发来的请求会出现在“手机与窗口”页上，打不开的说明原因。各返回码的令牌在 sandbox.json 的 magicTokens 中。" }
            }
        }
    }

    fn time(&self) -> Markup {
        let ahead = Duration::from_millis(self.record.ahead_ms);
        html! {
            section {
                h2 { "时钟" }
                p { "空间里现在是 " strong { (self.now.shanghai_text()) }
                    @if !ahead.is_zero() { "，比真实时间快 " (words(ahead)) } "。" }
                form method="post" action="clock" {
                    @for (value, title, _) in SPANS { button.second name="span" value=(value) { "过 " (title) } }
                }
                p.meta { "通知与确认的期限、免密、锁定、夜间规则都按空间里的时钟。您的程序照常使用自己的时钟，报文时间不会因此被拒。" }
            }
        }
    }

    fn runs(&self) -> Markup {
        html! {
            section {
                h2 { "接入验收" }
                @if let Some(number) = self.running {
                    p { "第 " (number) " 次验收正在进行。" a.button href="run/" { "打开验收页" } }
                    form method="post" action="run-end" { button.second { "现在结束，出具报告" } }
                } @else {
                    form method="post" action="runs" {
                        label { "厂商" input name="vendor" required maxlength=(MAX_NAME) value=(self.record.name); }
                        label { "产品与版本" input name="product" required maxlength=(MAX_NAME) placeholder="示范收费系统 5.2.1"; }
                        button { "开始机构接入验收" }
                    }
                    p.meta { "验收期间把 HIS 的中心地址改为验收页上的地址，账号与密钥不变。两小时后自动结束。" }
                    @if self.channels_reachable {
                        form method="post" action="runs" {
                            input type="hidden" name="kind" value="channel";
                            label { "渠道应用的厂商" input name="vendor" required maxlength=(MAX_NAME) value=(self.record.name); }
                            label { "产品与版本" input name="product" required maxlength=(MAX_NAME) placeholder="示范应用 3.1"; }
                            label { "您的通知地址" input name="url" required maxlength="300" placeholder="http://10.20.30.40:8080/notice"; }
                            button { "开始渠道接入验收" }
                        }
                        p.meta { "以下面第一个渠道的编码与密钥进行；渠道侧地址改为验收页上的地址。" }
                    }
                }
                @if !self.record.runs.is_empty() {
                    div.wide { table {
                        thead { tr { th { "次" } th { "种类" } th { "产品" } th { "结束时间" } th { "结论" } th { "报告" } } }
                        tbody { @for run in self.record.runs.iter().rev() { (run_row(run)) } }
                    } }
                }
            }
        }
    }

    fn persons(&self) -> Markup {
        html! {
            section {
                h2 { "参保人" }
                div.wide { table {
                    thead { tr { th { "姓名" } th { "证件" } th { "凭证密码" } th { "电子凭证索引" } } }
                    tbody { @for person in &self.world.persons {
                        tr { td { (person.user_name) } td { (person.id_type) " " code { (person.id_no) } }
                            td { code { (person.password.as_deref().unwrap_or("未设置")) } }
                            td { code { (person.ec_index_no.as_str()) } } }
                    } }
                } }
            }
        }
    }

    fn channels(&self) -> Markup {
        let simulated = |url: &str| url.starts_with(&self.world.simulator_url);
        html! {
            section {
                h2 { "渠道应用" }
                p.meta { "渠道侧地址与机构侧相同。把一个渠道换成您自己的应用，这个渠道的通知就送到您的应用。" }
                div.wide { table {
                    thead { tr { th { "渠道编码" } th { "密钥" } th { "通知地址" } } }
                    tbody { @for channel in &self.world.channels {
                        tr {
                            td { (channel.name) br; code { (channel.chnl_id.as_str()) } }
                            td { code { (channel.key.to_hex().as_str()) } br; "校验值 " code { (channel.kcv) } }
                            td {
                                @if simulated(&channel.notice_url) { "模拟" } @else { code { (channel.notice_url) } }
                                @if self.channels_reachable {
                                    form method="post" action="channel" {
                                        input type="hidden" name="channel" value=(channel.chnl_id.as_str());
                                        label { "您的通知地址（留空则交还模拟）"
                                            input name="url" maxlength="300" placeholder="http://10.20.30.40:8080/notice"; }
                                        button.second { "改用" }
                                    }
                                }
                            }
                        }
                    } }
                } }
                @if !self.channels_reachable {
                    p.meta { "本联调中心没有开放渠道应用所在的网段，请联系管理人员。" }
                }
            }
        }
    }

    fn end(&self) -> Markup {
        html! {
            section {
                h2 { "空间" }
                p.meta { "联系人 " (self.record.contact) "；建于 " (self.record.made_at.shanghai_text())
                    "，保留至 " (self.record.ends_at.shanghai_text()) "。" }
                form method="post" action="restart" {
                    label { "从头开始：人员、令牌、密钥、时钟全部重做，验收报告保留。请输入“从头开始”" input name="sure" maxlength="8" autocomplete="off"; }
                    button.danger { "从头开始" }
                }
            }
        }
    }
}

fn own_key() -> Markup {
    html! {
        section {
            h2 { "自带密钥" }
            form method="post" action="key" {
                label { "32 位十六进制密钥；留空则换一把新的" input name="key" maxlength="32" autocomplete="off" spellcheck="false"; }
                button.second { "更换密钥" }
            }
            p.meta { "生产环境的密钥按校验值识别，一律拒绝。" }
        }
    }
}

fn own_institution() -> Markup {
    html! {
        section {
            h2 { "自己的机构" }
            form method="post" action="institution" {
                label { "定点医药机构代码（12 位）" input name="code" required maxlength="12" autocomplete="off" spellcheck="false"; }
                label { "机构名称" input name="name" required maxlength=(MAX_NAME) autocomplete="off"; }
                button.second { "登记" }
            }
            p.meta { "HIS 写死了自己的机构代码时用。接入验收也以它进行，报告就能与申请表上的机构对上。" }
        }
    }
}

fn run_row(run: &RunRecord) -> Markup {
    let file = |name: &str| format!("runs/{}/{name}", run.number);
    html! {
        tr {
            td { (run.number) } td { (run.kind.name()) } td { (run.vendor) " " (run.product) }
            td { (run.ended_at.shanghai_text()) } td { (verdict(run.conclusion)) }
            td { a href=(file(REPORT_HTML)) { "查看" } " " a href=(file(REPORT_JSON)) { "数据" } " "
                a href=(file(REPORT_SIGNED)) { "签名报告" } }
        }
    }
}

/// A span in days, hours and minutes.
fn words(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let parts = [(days, "天"), (hours, "小时"), (minutes, "分钟")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}"));
    parts.collect::<Vec<_>>().join(" ")
}
