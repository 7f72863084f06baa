//! Reading the report that `yanmi acceptance` wrote (`report.json`).

use serde::Deserialize;
use sm3::{Digest, Sm3};
use yanmi_protocol::{OrgCode, UnixMillis};

use crate::application::form::{Form, Product};
use crate::application::refused::Refused;
use crate::application::state::{Origin, Report, ReportConclusion};

/// The schema that is read.
const SCHEMA: u32 = 2;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReportFile {
    schema: u32,
    product: String,
    org_codg: String,
    written_at: String,
    conclusion: String,
}

impl Report {
    /// Reads a report of the applicant's own (自测) about the system of a form. Anybody can write such a file by hand: it is
    /// evidence once somebody has watched a sample of it.
    ///
    /// # Errors
    /// [`Refused::Report`], which says what does not fit.
    pub fn of_file(bytes: &[u8], form: &Form) -> Result<Self, Refused> {
        let file: ReportFile = serde_json::from_slice(bytes)
            .map_err(|_| Refused::Report("文件不是 yanmi acceptance 写出的 report.json"))?;
        if file.schema != SCHEMA {
            return Err(Refused::Report("报告的 schema 应为 2：请用同一版本的 yanmi acceptance 重新验收"));
        }
        let of_form = OrgCode::new(&file.org_codg).is_ok_and(|code| form.institutions().contains(&code));
        if !of_form {
            return Err(Refused::Report("报告中的机构代码（orgCodg）不在申请表的机构之中"));
        }
        let at = moment(&file.written_at).ok_or(Refused::Report("报告的写出时间（writtenAt）格式不对"))?;
        let conclusion = match file.conclusion.as_str() {
            "passed" => ReportConclusion::Passed,
            // Not every situation was tried: what is left can be made a condition.
            "incomplete" => ReportConclusion::Conditional,
            "failed" => ReportConclusion::Failed,
            _ => return Err(Refused::Report("报告的结论（conclusion）不认识")),
        };
        let product = product_of(&file.product, &form.product());
        Ok(Self {
            digest: Sm3::digest(bytes).into(),
            conclusion,
            at,
            origin: Origin::Own,
            product,
            run: None,
        })
    }
}

/// A report names product and version in one text.
pub(super) fn product_of(text: &str, of_form: &Product) -> Product {
    let text = text.trim();
    if text == format!("{} {}", of_form.name, of_form.version) {
        return of_form.clone();
    }
    let (name, version) = text.rsplit_once(' ').unwrap_or((text, ""));
    Product { name: name.trim().to_owned(), version: version.trim().to_owned() }
}

/// `2026-11-30 09:00:00`, local time.
fn moment(text: &str) -> Option<UnixMillis> {
    let (day, time) = text.split_once(' ')?;
    let parts: Vec<u32> =
        day.split('-').chain(time.split(':')).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    UnixMillis::from_shanghai(parts.try_into().ok()?)
}
