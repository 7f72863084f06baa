//! Which institutions of a form are meant.

use yanmi_papers::Feedback;
use yanmi_papers::feedback::ListedInstitution;
use yanmi_protocol::OrgCode;

use crate::failure::Failure;

/// The institutions that are meant: the one that was named, or all.
pub(super) fn chosen<'a>(form: &'a Feedback, org: Option<&str>) -> Result<&'a [ListedInstitution], Failure> {
    let Some(text) = org else { return Ok(&form.institutions) };
    let code = OrgCode::new(text).map_err(|error| Failure::new(format!("--org {error}")))?;
    let listed = form.institution(&code).map(std::slice::from_ref);
    listed.ok_or_else(|| {
        Failure::new(format!(
            "反馈表 {} 上没有机构 {text}：请向中心申请把它挂接到 {}",
            form.number,
            form.system.org_id.as_str()
        ))
    })
}
