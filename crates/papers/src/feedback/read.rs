//! The members of a form, read one by one.

use ipnet::IpNet;
use serde::Serialize;
use yanmi_protocol::envelope::MAX_REQT_TYPE;
use yanmi_protocol::message::MAX_ORG_NAME;
use yanmi_protocol::{AccountId, KeyCheckValue, OrgCode, Problem, Region, hex};

use super::check::whole;
use super::{
    Acceptance, CenterAccess, CenterUrl, Contacts, Feedback, Issuer, KeyFacts, Limits, ListedInstitution,
    MAX_INSTITUTIONS, MAX_NAME, MAX_NETWORKS, MAX_RATE, MAX_RECEIPT_KEYS, MAX_ROOTS, MAX_SECONDS, MAX_SHORT,
    MAX_TITLE, MAX_URLS, ReceiptKey, ReqtType, System, TlsRoot,
};
use crate::number::{ApplicationNo, FeedbackNo};
use crate::paper::Paper;
use crate::paper_error::PaperError;
use crate::public_key::PublicKey;
use crate::reader::Reader;
use crate::word::{Conclusion, Handover, Interface, KeyForm, Stage};

/// Characters of a number, with room for a wrong one.
const MAX_NUMBER: usize = 32;
/// Characters of a word of a closed list.
const MAX_WORD: usize = 20;
/// Characters of how receipts name a key.
const MAX_KID: usize = 16;
/// Notices of one verification.
const MAX_NOTICES: u32 = 1_000;
/// Keys one account may have had, one after the other.
const MAX_GENERATION: u32 = 1_000_000;

impl Paper for Feedback {
    const ID: &'static str = "yanmi-feedback";
    // Ten thousand institutions have less than 200 bytes each.
    const MAX_BYTES: usize = 4 * 1024 * 1024;

    fn written(&self) -> impl Serialize {
        self
    }

    fn read(reader: &Reader<'_>) -> Result<Self, PaperError> {
        let feedback = feedback(reader)?;
        whole(reader, &feedback)?;
        Ok(feedback)
    }
}

fn feedback(from: &Reader<'_>) -> Result<Feedback, PaperError> {
    let number = |text: &str| FeedbackNo::read(text).ok();
    Ok(Feedback {
        number: from.parsed("number", MAX_NUMBER, FeedbackNo::EXPECTED, number)?,
        stage: from.parsed("stage", MAX_WORD, Stage::EXPECTED, Stage::read)?,
        issued_at: from.time("issuedAt")?,
        valid_until: from.optional_time("validUntil")?,
        supersedes: from.optional("supersedes", MAX_NUMBER, FeedbackNo::EXPECTED, number)?,
        title: from.text("title", MAX_TITLE)?,
        issuer: from.inner("issuer", issuer)?,
        system: from.inner("system", system)?,
        reqt_type: reqt_type(from)?,
        center: from.inner("center", center)?,
        interfaces: from.texts("interfaces", Interface::ALL.len(), |text| {
            Interface::read(text).ok_or_else(|| format!("应为{}", Interface::EXPECTED))
        })?,
        rate: from.count("rate", MAX_RATE)?,
        burst: from.count("burst", MAX_RATE)?,
        source_networks: from.texts("sourceNetworks", MAX_NETWORKS, network)?,
        institutions: from.objects("institutions", MAX_INSTITUTIONS, institution)?,
        key: from.inner("key", key)?,
        limits: from.inner("limits", limits)?,
        receipts: from.objects("receipts", MAX_RECEIPT_KEYS, receipt_key)?,
        acceptance: from.optional_inner("acceptance", acceptance)?,
        contacts: from.inner("contacts", contacts)?,
    })
}

fn region(from: &Reader<'_>) -> Result<Region, PaperError> {
    from.parsed("region", 6, " 6 位数字", |text| Region::new(text).ok())
}

fn digest(from: &Reader<'_>, member: &'static str) -> Result<[u8; 32], PaperError> {
    from.parsed(member, 64, " 64 位十六进制数字", |text| hex::decode(text)?.try_into().ok())
}

fn issuer(from: &Reader<'_>) -> Result<Issuer, PaperError> {
    Ok(Issuer {
        region: region(from)?,
        name: from.text("name", MAX_NAME)?,
        approved_by: from.text("approvedBy", MAX_NAME)?,
        approved_at: from.time("approvedAt")?,
        application: from.parsed("application", MAX_NUMBER, ApplicationNo::EXPECTED, |text| {
            ApplicationNo::read(text).ok()
        })?,
    })
}

fn system(from: &Reader<'_>) -> Result<System, PaperError> {
    Ok(System {
        org_id: from.parsed("orgId", AccountId::MAX_LENGTH, " 1 至 40 个可见 ASCII 字符", |text| {
            AccountId::new(text).ok()
        })?,
        name: from.text("name", MAX_NAME)?,
        vendor: from.text("vendor", MAX_NAME)?,
        product: from.text("product", MAX_NAME)?,
        version: from.text("version", MAX_SHORT)?,
    })
}

fn reqt_type(from: &Reader<'_>) -> Result<ReqtType, PaperError> {
    let text = from.text("reqtType", MAX_REQT_TYPE)?;
    let parts = text.split_once('&').filter(|(prefix, rest)| !prefix.is_empty() && !rest.contains('&'));
    let read = parts.and_then(|(prefix, region)| {
        Some(ReqtType { prefix: prefix.to_owned(), region: Region::new(region).ok()? })
    });
    read.ok_or_else(|| from.wrong("reqtType", Problem::Form("前缀、& 与 6 位区划代码，如 sys&350000")))
}

fn center(from: &Reader<'_>) -> Result<CenterAccess, PaperError> {
    Ok(CenterAccess {
        urls: from.texts("urls", MAX_URLS, CenterUrl::new)?,
        tls_roots: from.objects("tlsRoots", MAX_ROOTS, |root| {
            Ok(TlsRoot { sha256: digest(root, "sha256")?, not_after: root.time("notAfter")? })
        })?,
        time_source: from.optional_text("timeSource", MAX_SHORT)?,
    })
}

/// A network in the one writing that is kept: no bits behind its prefix.
fn network(text: &str) -> Result<IpNet, &'static str> {
    let network: IpNet = text.parse().map_err(|_| "应为网段，如 10.1.2.0/24")?;
    if network.trunc() == network { Ok(network) } else { Err("的网段地址之后还有主机位") }
}

fn institution(from: &Reader<'_>) -> Result<ListedInstitution, PaperError> {
    Ok(ListedInstitution {
        org_code: from.parsed("orgCode", 12, " H 或 P 加 11 位数字", |text| OrgCode::new(text).ok())?,
        name: from.text("name", MAX_ORG_NAME)?,
        region: region(from)?,
    })
}

fn key(from: &Reader<'_>) -> Result<KeyFacts, PaperError> {
    Ok(KeyFacts {
        form: from.parsed("form", MAX_WORD, KeyForm::EXPECTED, KeyForm::read)?,
        kcv: from.parsed("kcv", 6, " 6 位十六进制数字", KeyCheckValue::read)?,
        generation: from.count("generation", MAX_GENERATION)?,
        made_at: from.time("madeAt")?,
        rotate_by: from.optional_time("rotateBy")?,
        handed_over: from.parsed("handedOver", MAX_WORD, Handover::EXPECTED, Handover::read)?,
    })
}

fn limits(from: &Reader<'_>) -> Result<Limits, PaperError> {
    let seconds = |member| {
        let number = from.integer(member, 0..=i64::from(MAX_SECONDS))?;
        u32::try_from(number).map_err(|_| from.wrong(member, Problem::Missing))
    };
    Ok(Limits {
        timestamp_window_seconds: seconds("timestampWindowSeconds")?,
        notice_seconds: seconds("noticeSeconds")?,
        confirmation_seconds: seconds("confirmationSeconds")?,
        token_seconds: seconds("tokenSeconds")?,
        notice_interval_seconds: seconds("noticeIntervalSeconds")?,
        notices_per_verification: from.count("noticesPerVerification", MAX_NOTICES)?,
    })
}

fn receipt_key(from: &Reader<'_>) -> Result<ReceiptKey, PaperError> {
    let kid = |text: &str| {
        let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        fits.then(|| text.to_owned())
    };
    Ok(ReceiptKey {
        kid: from.parsed("kid", MAX_KID, " 1 至 16 位字母、数字、- 或 _", kid)?,
        sm2_public: from.parsed(
            "sm2Public",
            130,
            " SM2 公钥（04‖x‖y，130 位十六进制数字）",
            |text| PublicKey::read(text).ok(),
        )?,
        from: from.time("from")?,
        until: from.optional_time("until")?,
    })
}

fn acceptance(from: &Reader<'_>) -> Result<Acceptance, PaperError> {
    Ok(Acceptance {
        report_sm3: digest(from, "reportSm3")?,
        conclusion: from.parsed("conclusion", MAX_WORD, Conclusion::EXPECTED, Conclusion::read)?,
        at: from.time("at")?,
        product: from.text("product", MAX_NAME)?,
        version: from.text("version", MAX_SHORT)?,
    })
}

fn contacts(from: &Reader<'_>) -> Result<Contacts, PaperError> {
    Ok(Contacts {
        debugging_phone: from.text("debuggingPhone", MAX_SHORT)?,
        duty_phone: from.text("dutyPhone", MAX_SHORT)?,
        portal: from.optional_text("portal", MAX_SHORT)?,
    })
}
