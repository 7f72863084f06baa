//! What whoever looks at an application can do with it. What is offered is what the rules would take: the page asks them.

use maud::{Markup, html};
use yanmi_onboarding::application::{
    Actor, Circumstances, Command, FormDigest, Ground, Kind, Origin, Refused, Report, State, TestRun,
    checklist,
};
use yanmi_protocol::{AccountId, Sm4Key, hex};

use super::person;
use crate::operator::request::{ConsoleRefusal, OperatorRequest};
use crate::registry::ApplicationRow;

/// Every form he can send.
pub(super) fn forms(page: &OperatorRequest<'_>, row: &ApplicationRow) -> Result<Markup, ConsoleRefusal> {
    let grants = page.rights();
    let who = Actor::Operator { id: person(page)?, grants: &grants };
    let offers = Offers { page, row, who };
    Ok(html! {
        (offers.desk())
        (offers.province())
        (offers.second())
        (offers.trial())
        (offers.key())
        (offers.running())
        @if offers.takes(&Command::Withdraw) { (offers.plain("withdraw", "撤回申请", true, "撤回之后不能恢复，须另行申请。")) }
    })
}

struct Offers<'a> {
    page: &'a OperatorRequest<'a>,
    row: &'a ApplicationRow,
    who: Actor<'a>,
}

/// The form that lies at the desk; any other where none does.
pub(super) fn lying(row: &ApplicationRow) -> FormDigest {
    match row.application.state() {
        State::InReview(review) => review.form,
        _ => FormDigest::new([0; 32]),
    }
}

impl Offers<'_> {
    /// Whether the rules would take this from him, were it filled in rightly.
    fn takes(&self, command: &Command<'_>) -> bool {
        let world = Circumstances { calendar: &self.page.site.console.calendar, staffed: true };
        let said = self.row.application.step(command, &self.who, &world, self.page.now);
        let only_unfilled = |refused: &Refused| {
            matches!(
                refused,
                Refused::Checklist
                    | Refused::Opinion
                    | Refused::Account
                    | Refused::Report(_)
                    | Refused::Time(_)
            )
        };
        said.as_ref().map_or_else(only_unfilled, |_| true)
    }

    fn form(&self, step: &str, name: &str, danger: bool, fields: &Markup) -> Markup {
        html! {
            form.act.box method="post" action=(self.page.path) {
                input type="hidden" name="do" value=(step);
                input type="hidden" name="form" value=(hex::encode(lying(self.row).bytes()));
                (fields)
                (self.page.proof_fields())
                button.danger[danger] { (name) }
            }
        }
    }

    fn plain(&self, step: &str, name: &str, danger: bool, why: &str) -> Markup {
        html! { h2 { (name) } @if !why.is_empty() { p { (why) } } (self.form(step, name, danger, &html! {})) }
    }

    /// The same with words that are asked for.
    fn worded(&self, step: &str, name: &str, danger: bool, required: bool, more: &Markup) -> Markup {
        let fields = html! { (more) (opinion(required)) };
        html! { h2 { (name) } (self.form(step, name, danger, &fields)) }
    }

    fn desk(&self) -> Markup {
        let form = lying(self.row);
        let pass = Command::Pass { form, checked: &[], opinion: "" };
        let back = Command::Return { form, faults: &[], opinion: "" };
        let mine = self.takes(&Command::Release);
        html! {
            @if !mine && self.takes(&Command::Claim) { (self.plain("claim", "领取", false, "领取之后半小时之内由您办理，别人不能同时办理。")) }
            @if self.takes(&pass) { (self.worded("pass", "审核通过", false, false, &self.checks())) }
            @if self.takes(&back) {
                h2 { "退回补正" }
                (self.form("return", "退回", true, &html! { (self.fault_fields()) (opinion(false)) }))
            }
            @if mine { (self.plain("release", "放回", false, "")) }
        }
    }

    fn province(&self) -> Markup {
        let form = lying(self.row);
        let account = AccountId::new("t-x").ok().filter(|_| self.row.application.kind().needs_trial());
        let approve = Command::Approve { form, checked: &[], account, opinion: "" };
        let refuse = Command::Refuse { form, ground: Ground::Other, opinion: "" };
        html! {
            @if self.takes(&approve) {
                (self.worded("approve", "批准", false, false, &html! {
                    (self.checks())
                    @if account.is_some() {
                        label { "联调编码 " span.soft { "联调环境中的业务系统编码，以 t- 开头" }
                            input name="account" required maxlength="40" value="t-"; }
                    }
                }))
            }
            @if self.takes(&refuse) { (self.worded("refuse", "不予接入", true, true, &grounds())) }
        }
    }

    fn second(&self) -> Markup {
        let confirm = Command::Confirm { form: Some(lying(self.row)) };
        html! {
            @if self.takes(&confirm) { (self.plain("confirm", "复核同意", false, "您看到的就是要办的：同意之后立即生效。")) }
            @if self.takes(&Command::Object) { (self.plain("object", "不同意或收回", true, "回到提出之前。")) }
        }
    }

    fn trial(&self) -> Markup {
        let report = self.row.application.state();
        let origin = match report {
            State::Trial(trial) => trial.report.as_ref().map(|report| report.origin),
            _ => None,
        };
        let is_evidence = matches!(origin, Some(Origin::RunHere | Origin::Witnessed(_)));
        let own = Report {
            digest: [0; 32],
            conclusion: yanmi_onboarding::application::ReportConclusion::Passed,
            at: self.page.now,
            origin: Origin::Own,
            product: self.row.form.product(),
            run: None,
        };
        // One that a test center signed is taken in the place of another.
        let takes_signed = match report {
            State::Trial(trial) => {
                let (center, number, vendor) = (String::new(), String::new(), String::new());
                let run = TestRun { center, number, account: trial.account, vendor };
                let signed = Report { origin: Origin::RunHere, run: Some(Box::new(run)), ..own.clone() };
                self.takes(&Command::Report(&signed))
            }
            _ => false,
        };
        html! {
            @if takes_signed || self.takes(&Command::Report(&own)) { p { a href={ (self.page.path) "/report" } { "提交验收报告" } } }
            @if origin == Some(Origin::Own) && self.takes(&Command::Witness) {
                (self.plain("witness", "旁证", false, "您亲眼看过申请方按报告抽样重做，结果一致。"))
            }
            @if is_evidence && self.takes(&Command::Accept { until: None, opinion: "" }) {
                (self.worded("accept", "验收通过", false, false, &html! {
                    label { "整改期限 " span.soft { "报告不完整时必填，三十日之内；到期未完成自动停用" } input name="until" type="date"; }
                }))
            }
            @if self.takes(&Command::Extend) { (self.plain("extend", "延长联调 90 天", false, "只能延长一次。")) }
            @if self.takes(&Command::Fulfil { opinion: "" }) { (self.worded("fulfil", "整改完成", false, true, &html! {})) }
        }
    }

    fn key(&self) -> Markup {
        let Some(account) = AccountId::new("x").ok() else { return html! {} };
        let kcv = Sm4Key::from_bytes(&[0; 16]).kcv();
        let issue = self.takes(&Command::Issue { account, kcv });
        let channel = self.row.application.kind() == Kind::Channel;
        let sealed = self.row.form.text(yanmi_onboarding::application::Field::PublicKey).is_some();
        let named = self.row.form.text(yanmi_onboarding::application::Field::Channel).unwrap_or_default();
        let is_live = matches!(self.row.application.state(), State::Live(_) | State::Suspended { .. });
        html! {
            @if issue {
                h2 { "发出账户与密钥" }
                p {
                    @if channel { "渠道须已登记（yanmi channel add），密钥随登记交付；这里记下它的校验值。" }
                    @else if sealed && self.page.site.console.terms.is_some() { "中心生成密钥，按申请表上的公钥加密成文件；谁也看不到它。" }
                    @else { "中心生成密钥，得到一个链接和一个提取码，只显示一次；您看不到密钥。" }
                }
                (self.form("issue", "发出", false, &html! {
                    label { (if channel { "渠道编码" } else { "业务系统编码" }) " " span.soft { "发出之后不能更改" }
                        input name="account" required maxlength="40" value=(named); }
                }))
            }
            @if is_live && !channel && self.page.may_in_province(yanmi_onboarding::Action::RotateKey).is_ok() {
                h2 { "反馈表" }
                @if self.page.site.console.terms.is_some() {
                    p { "按现在的登记出具；已有的由新的一份取代。" }
                    (self.form("feedback", "出具反馈表", false, &html! {}))
                } @else { p { "本站没有设置 onboarding.signing_key，不能出具反馈表。" } }
            }
        }
    }

    fn running(&self) -> Markup {
        let (ground, opinion) = (Ground::Other, "");
        let until = Some(self.page.now.plus(std::time::Duration::from_hours(1)));
        html! {
            @if self.takes(&Command::Resume { opinion }) { (self.worded("resume", "恢复", false, true, &html! {})) }
            @if self.takes(&Command::Suspend { ground, opinion, until }) {
                (self.worded("suspend", "停用", true, true, &html! {
                    (grounds())
                    label { "小时 " span.soft { "到时自动恢复；不填则到恢复为止" } input name="hours" type="number" min="1" max="720"; }
                }))
            }
            @if self.takes(&Command::Close { ground, opinion }) { (self.worded("close", "提出注销", true, true, &grounds())) }
        }
    }

    /// The questions of the desk.
    fn checks(&self) -> Markup {
        let State::InReview(review) = self.row.application.state() else { return html! {} };
        let items = checklist(review.desk.level, self.row.application.kind());
        html! {
            fieldset.ticks {
                legend { "审查要点 " span.soft { "逐项为“是”才能通过" } }
                @for item in items { label { input type="checkbox" name="check" value=(item.word()); (item.question()) } }
            }
        }
    }

    /// A line for what is wrong, field by field.
    fn fault_fields(&self) -> Markup {
        html! {
            details {
                summary { "按栏目写明问题" }
                @for field in yanmi_onboarding::application::Field::of(self.row.application.kind()) {
                    label { (field.name()) input name={ "fault-" (field.word()) } maxlength="200"; }
                }
            }
        }
    }
}

fn opinion(required: bool) -> Markup {
    html! {
        label { "意见" @if required { " " span.soft { "必填" } }
            textarea name="opinion" rows="2" maxlength="500" required[required] {} }
    }
}

fn grounds() -> Markup {
    html! {
        label { "理由" select name="ground" {
            @for ground in Ground::ALL { option value=(ground.word()) { (ground.name()) } }
        } }
    }
}
