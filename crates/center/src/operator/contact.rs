//! Whom to call about an institution: in full for who may change it, masked for everybody else, until somebody who may see persons
//! in full has a reason.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::contact::{MAX_CONTACT_NAME, MAX_CONTACT_NOTE};
use yanmi_onboarding::{Action, Contact, ContactEdit, ContactField};
use yanmi_protocol::OrgCode;

use super::request::{self, ConsoleRefusal, OperatorRequest};
use super::{unmask, view};
use crate::face::form::FormFields;
use crate::face::page::see_other;
use crate::registry::{Act, Inspection, InstitutionRow};
use crate::site::Site;

/// What the address of the page ends with.
const PAGE: &str = "/contact";

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// The rows of a list of what is registered.
pub(super) fn rows(contact: &Contact, in_full: bool) -> Markup {
    let told = |field: ContactField| match contact.text(field) {
        "" => "没有".to_owned(),
        text if in_full => text.to_owned(),
        text => field.masked(text),
    };
    html! { @for field in ContactField::ALL { dt { (field.name()) } dd { (told(field)) } } }
}

/// The way to the contact in full, for who does not read it here and may.
pub(super) fn way(page: &OperatorRequest<'_>, row: &InstitutionRow, contact: &Contact) -> Markup {
    let may = |action| page.may(action, row.region).is_ok();
    let is_shown = may(Action::Unmask) && !may(Action::EditContact) && !contact.is_empty();
    html! { @if is_shown { p { a href={ (page.path) (PAGE) } { "查看完整的联系人" } } } }
}

/// The form that changes it.
pub(super) fn form(page: &OperatorRequest<'_>, contact: &Contact) -> Markup {
    html! {
        h2 { "更改联系人" }
        p.soft { "有事时打给谁；保存即生效，留空为没有。密钥的提取码不打这里，只打申请方人员登记的电话。" }
        form.act.box method="post" action=(page.path) autocomplete="off" {
            input type="hidden" name="do" value="contact";
            label { "联系人" input name="contact_name" value=(contact.name) maxlength=(MAX_CONTACT_NAME); }
            label { "联系电话 " span.soft { "手机号，或带区号的座机" }
                input name="contact_phone" value=(contact.phone) inputmode="tel" maxlength="24"; }
            label { "备注" input name="contact_note" value=(contact.note) maxlength=(MAX_CONTACT_NOTE); }
            (page.act_fields())
            button { "保存联系人" }
        }
    }
}

/// What that form says.
pub(super) fn edit(form: &FormFields) -> ContactEdit {
    let text = |name: &str| Some(form.text(name).to_owned());
    ContactEdit { name: text("contact_name"), phone: text("contact_phone"), note: text("contact_note") }
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let code = page.path.strip_prefix("/o/institutions/").and_then(|rest| rest.strip_suffix(PAGE));
    let code = OrgCode::new(code.unwrap_or_default()).map_err(|_| ConsoleRefusal::Nowhere)?;
    let console = &page.site.console;
    let row = console.work(async |a| a.institution(&code).await).await?.ok_or(ConsoleRefusal::Nowhere)?;
    page.may(Action::Unmask, row.region)?;
    if page.method == Method::POST {
        let form = page.form(body).await?;
        page.check_token(&form)?;
        return unmasked(page, &row, &form).await;
    }
    let login = page.session()?.operator.login;
    let (sealer, shown) = (&page.site.sealer, page.query.text("view"));
    let in_full = view::opens_contact(sealer, login.as_str(), shown, &code, page.now);
    let contact = console.work(async |a| a.institution_contact(&code).await).await?;
    let middle = html! {
        div.box { dl {
            dt { "机构代码" } dd { a href={ "/o/institutions/" (code.as_str()) } { (code.as_str()) } }
            (rows(&contact, in_full))
        } }
        @if !in_full && !contact.is_empty() {
            form.act.box method="post" action=(page.path) autocomplete="off" {
                (page.token_field(&page.path))
                (unmask::fields())
            }
        }
    };
    Ok(page.page(&format!("{}：联系人", row.name), &middle))
}

async fn unmasked(
    page: &OperatorRequest<'_>,
    row: &InstitutionRow,
    form: &FormFields,
) -> Result<Response, ConsoleRefusal> {
    let reason = unmask::reason(page, form).await?;
    let actor = page.actor()?;
    let act = Act::new(&actor, &reason, page.now);
    let about = (row.org_code.as_str(), Some(row.region));
    page.site.console.work(async |a| a.note_inspection(Inspection::Contact, about, act).await).await?;
    let login = page.session()?.operator.login;
    let view = view::contact_view(&page.site.sealer, login.as_str(), &row.org_code, page.now);
    Ok(see_other(&format!("{}?view={view}", page.path)))
}
