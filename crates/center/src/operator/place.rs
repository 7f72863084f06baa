//! Where what an operator looks at is.

use yanmi_onboarding::Area;
use yanmi_protocol::OrgCode;

use super::request::OperatorRequest;

/// Where an institution is: as registered, otherwise as its code says.
pub(super) fn place_of(page: &OperatorRequest<'_>, code: &OrgCode) -> Area {
    let snapshot = page.site.registry.snapshot();
    let registered = snapshot.institution(code).map(|institution| institution.region);
    registered.unwrap_or_else(|| Area::of_code(code))
}
