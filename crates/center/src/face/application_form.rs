//! The form of an application: as it is filled in, and as it is read, by operators and by applicants.

use std::collections::BTreeSet;

use maud::{Markup, html};
use yanmi_onboarding::application::{Fault, Field, Form, FormDigest, Kind};
use yanmi_protocol::{OrgCode, hex};

use crate::face::form::FormFields;
use crate::registry::Interface;

/// The form to be filled in, kept or submitted, with what is missing and what is wrong; `proof` is what every form of the page has.
pub(crate) fn open(path: &str, kind: Kind, form: &Form, (faults, proof): (&[Fault], &Markup)) -> Markup {
    let missing: Vec<&str> = form.missing(kind).iter().map(|field| field.name()).collect();
    html! {
        h2 { "申请表" }
        @if !missing.is_empty() { p.said { "还缺：" (missing.join("、")) } }
        form.act.box method="post" action=(path) {
            input type="hidden" name="seen" value=(hex::encode(form.digest().bytes()));
            (inputs(kind, form, faults))
            (proof)
            div { button name="do" value="save" { "保存" } " " button name="do" value="submit" { "保存并提交" } }
        }
    }
}

/// Which form somebody saw, as it was sent back; nothing for what no page wrote.
pub(crate) fn digest(text: &str) -> Option<FormDigest> {
    hex::decode(text)?.try_into().ok().map(FormDigest::new)
}

/// What was said when it came back.
pub(crate) fn faults(faults: &[Fault]) -> Markup {
    html! {
        @if !faults.is_empty() {
            h2 { "退回的理由" }
            ul { @for fault in faults { li { strong { (fault.field.name()) } "：" (fault.why) } } }
        }
    }
}

/// The fields to be filled in, each with what is wrong with it.
fn inputs(kind: Kind, form: &Form, faults: &[Fault]) -> Markup {
    let required = Field::required(kind);
    html! {
        @for field in Field::of(kind) {
            @let why: Vec<&str> = faults.iter().filter(|fault| fault.field == field).map(|fault| fault.why.as_str()).collect();
            div {
                (input(field, form))
                @if required.contains(&field) { span.soft { "必填" } }
                @if !why.is_empty() { p.said.bad { (field.name()) "：" (why.join("；")) } }
            }
        }
    }
}

fn input(field: Field, form: &Form) -> Markup {
    let (word, text) = (field.word(), form.text(field).unwrap_or_default());
    let limit = field.limit();
    html! {
        @match field {
            Field::Region => p { (field.name()) " " strong { (text) } },
            Field::Interfaces => fieldset.ticks {
                legend { (field.name()) }
                @for interface in Interface::ALL {
                    @let ticked = text.split(',').any(|given| given.trim() == interface.word());
                    label { input type="checkbox" name=(word) value=(interface.word()) checked[ticked]; (interface.word()) }
                }
            },
            Field::Institutions => label { (field.name()) " " span.soft { "机构代码，每行一个" }
                textarea name=(word) rows="4" { (codes(form)) } },
            field if field.is_long() => label { (field.name()) @if let Some(hint) = hint(field) { " " span.soft { (hint) } }
                textarea name=(word) rows="3" maxlength=(limit) { (text) } },
            field => label { (field.name()) @if let Some(hint) = hint(field) { " " span.soft { (hint) } }
                input name=(word) value=(text) maxlength=(limit); },
        }
    }
}

const fn hint(field: Field) -> Option<&'static str> {
    match field {
        Field::Networks => Some("网段，每行一个，如 10.1.2.0/24"),
        Field::Rate => Some("每秒次数"),
        Field::PublicKey => Some("PEM 或 04‖x‖y；不填则用链接与提取码交付密钥"),
        Field::KeyProof => Some("yanmi key prove 的输出"),
        Field::Product | Field::Version => Some("与验收报告一致"),
        _ => None,
    }
}

fn codes(form: &Form) -> String {
    form.institutions().iter().map(OrgCode::as_str).collect::<Vec<_>>().join("\n")
}

/// What was typed; why not, in words. The region stays what it was.
pub(crate) fn read(kind: Kind, before: &Form, typed: &FormFields) -> Result<Form, String> {
    let mut form = before.clone();
    for field in Field::of(kind).filter(|field| !matches!(field, Field::Region | Field::Institutions)) {
        form.set(field, &typed.text(field.word()).replace('\r', ""));
    }
    if Field::of(kind).any(|field| field == Field::Institutions) {
        form.set_institutions(institutions(typed.text(Field::Institutions.word()))?);
    }
    Ok(form)
}

fn institutions(text: &str) -> Result<BTreeSet<OrgCode>, String> {
    let codes = text.split([',', '\n', '，', '、', ' ']).map(str::trim).filter(|code| !code.is_empty());
    let code = |(at, text): (usize, &str)| {
        OrgCode::new(text).map_err(|_| {
            let name = Field::Institutions.name();
            format!("{name}第 {} 个不是机构代码：应为 H 或 P 加 11 位数字", at + 1)
        })
    };
    codes.enumerate().map(code).collect()
}

/// The form as it is read, with what is different from the round before.
pub(crate) fn table(kind: Kind, form: &Form, before: Option<&Form>) -> Markup {
    let value = |form: &Form, field| match field {
        Field::Institutions => codes(form),
        field => form.text(field).unwrap_or_default().to_owned(),
    };
    html! {
        div.box { dl {
            @for field in Field::of(kind) {
                @let now = value(form, field);
                @let was = before.map(|before| value(before, field)).filter(|was| *was != now);
                @if !now.is_empty() || was.is_some() {
                    dt { (field.name()) }
                    dd.lines {
                        (now)
                        @if let Some(was) = was { " " span.off { "（上一轮：" @if was.is_empty() { "空" } @else { (was) } "）" } }
                    }
                }
            }
        } }
    }
}
