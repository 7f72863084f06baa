//! What a form has to be as a whole; the members by themselves are right.

use crate::feedback::Feedback;
use crate::paper_error::PaperError;
use crate::reader::Reader;
use crate::word::Stage;

pub(super) fn whole(reader: &Reader<'_>, form: &Feedback) -> Result<(), PaperError> {
    regions(reader, form)?;
    lists(reader, form)?;
    times(reader, form)?;
    if form.center.tls_roots.is_empty() && form.center.urls.iter().any(super::CenterUrl::is_secure) {
        return Err(reader.other("center.tlsRoots", "缺失：地址为 https 时至少须有一个根证书"));
    }
    if form.supersedes == Some(form.number) {
        return Err(reader.other("supersedes", "是本表自己的编号"));
    }
    if form.stage == Stage::Live && form.system.org_id.is_trial() {
        return Err(reader.other("system.orgId", "是联调编码（t- 开头），不能用于正式的反馈表"));
    }
    Ok(())
}

fn regions(reader: &Reader<'_>, form: &Feedback) -> Result<(), PaperError> {
    let region = form.issuer.region;
    let others = [
        ("number", form.number.region()),
        ("issuer.application", form.issuer.application.region()),
        ("reqtType", form.reqt_type.region),
    ];
    match others.into_iter().find(|(_, other)| *other != region) {
        Some((member, _)) => Err(reader.other(member, "与 issuer.region 不是同一个区划")),
        None => Ok(()),
    }
}

fn lists(reader: &Reader<'_>, form: &Feedback) -> Result<(), PaperError> {
    let counts = [
        ("center.urls", form.center.urls.len()),
        ("interfaces", form.interfaces.len()),
        ("institutions", form.institutions.len()),
    ];
    if let Some((member, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return Err(reader.other(member, "至少须有一项"));
    }
    each_once(reader, "center.urls", form.center.urls.iter().map(super::CenterUrl::as_str))?;
    each_once(reader, "center.tlsRoots", form.center.tls_roots.iter().map(|root| root.sha256))?;
    each_once(reader, "interfaces", form.interfaces.iter())?;
    each_once(reader, "sourceNetworks", form.source_networks.iter())?;
    each_once(reader, "institutions", form.institutions.iter().map(|listed| listed.org_code))?;
    each_once(reader, "receipts", form.receipts.iter().map(|key| &key.kid))
}

fn each_once<T: Ord>(
    reader: &Reader<'_>,
    member: &'static str,
    items: impl Iterator<Item = T>,
) -> Result<(), PaperError> {
    let mut seen = std::collections::BTreeSet::new();
    for (at, item) in items.enumerate() {
        if !seen.insert(item) {
            return Err(reader.other(member, format!("第 {} 项重复出现", at + 1)));
        }
    }
    Ok(())
}

fn times(reader: &Reader<'_>, form: &Feedback) -> Result<(), PaperError> {
    let receipts = form.receipts.iter().map(|key| ("receipts", key.from, key.until));
    let spans = [
        ("validUntil", form.issued_at, form.valid_until),
        ("key.rotateBy", form.key.made_at, form.key.rotate_by),
    ];
    for (member, from, until) in spans.into_iter().chain(receipts) {
        if until.is_some_and(|until| until <= from) {
            return Err(reader.other(member, "的终止时间不晚于开始时间"));
        }
    }
    if form.issued_at < form.issuer.approved_at {
        return Err(reader.other("issuedAt", "早于审批时间 issuer.approvedAt"));
    }
    Ok(())
}
