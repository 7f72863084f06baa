//! A feedback form to test with: every member is there.

use yanmi_papers::feedback::{
    Acceptance, CenterAccess, CenterUrl, Contacts, Issuer, KeyFacts, Limits, ListedInstitution, ReceiptKey,
    ReqtType, System, TlsRoot,
};
use yanmi_papers::{Conclusion, Feedback, FeedbackNo, Handover, Interface, KeyForm, Stage};
use yanmi_protocol::{AccountId, OrgCode, Region, Sm4Key, UnixMillis};

use crate::{application, private_key};

/// 2026-11-29 in Asia/Shanghai.
pub(crate) const ISSUED: UnixMillis = UnixMillis::new(1_795_881_600_000);
const DAY: i64 = 24 * 60 * 60 * 1_000;

pub(crate) fn region() -> Region {
    Region::new("350000").expect("a region")
}

pub(crate) fn days_later(days: i64) -> UnixMillis {
    UnixMillis::new(ISSUED.get() + days * DAY)
}

pub(crate) fn number(sequence: u32) -> FeedbackNo {
    FeedbackNo::new(region(), 2026, sequence).expect("a number")
}

pub(crate) fn account_key() -> Sm4Key {
    Sm4Key::from_hex("00112233445566778899AABBCCDDEEFF").expect("a key")
}

pub(crate) fn institution(code: &str, name: &str) -> ListedInstitution {
    let region = Region::new("350102").expect("a region");
    ListedInstitution { org_code: OrgCode::new(code).expect("a code"), name: name.to_owned(), region }
}

pub(crate) fn full() -> Feedback {
    Feedback {
        number: number(123),
        stage: Stage::Live,
        issued_at: ISSUED,
        valid_until: Some(days_later(365)),
        supersedes: Some(number(45)),
        title: "福建省医保电子凭证线上密码核验认证服务-定点医药机构信息系统反馈表".to_owned(),
        issuer: Issuer {
            region: region(),
            name: "福建省医疗保障局".to_owned(),
            approved_by: "林审批".to_owned(),
            approved_at: days_later(-3),
            application: application(77),
        },
        system: System {
            org_id: AccountId::new("his001").expect("an account"),
            name: "示范医院信息系统".to_owned(),
            vendor: "示范软件公司".to_owned(),
            product: "示范 HIS".to_owned(),
            version: "5.2.1".to_owned(),
        },
        reqt_type: ReqtType { prefix: "sys".to_owned(), region: region() },
        center: center(),
        interfaces: vec![Interface::Notify, Interface::Status, Interface::Decode],
        rate: 50,
        burst: 100,
        source_networks: vec![
            "10.35.1.0/24".parse().expect("a network"),
            "2001:db8::/48".parse().expect("a network"),
        ],
        institutions: vec![
            institution("H35010200001", "福州示范医院"),
            institution("P35010200002", "示范“大\\药房\"一店"),
        ],
        key: KeyFacts {
            form: KeyForm::Hex,
            kcv: account_key().kcv(),
            generation: 1,
            made_at: days_later(-1),
            rotate_by: Some(days_later(730)),
            handed_over: Handover::Sm2,
        },
        limits: limits(),
        receipts: vec![ReceiptKey {
            kid: "r1".to_owned(),
            sm2_public: private_key(7).public(),
            from: ISSUED,
            until: Some(days_later(400)),
        }],
        acceptance: Some(Acceptance {
            report_sm3: [0xAB; 32],
            conclusion: Conclusion::Passed,
            at: days_later(-2),
            product: "示范 HIS".to_owned(),
            version: "5.2.1".to_owned(),
        }),
        contacts: Contacts {
            debugging_phone: "0591-12345678".to_owned(),
            duty_phone: "0591-87654321".to_owned(),
            portal: Some("https://10.35.0.8/a/".to_owned()),
        },
    }
}

fn center() -> CenterAccess {
    CenterAccess {
        urls: vec![
            CenterUrl::new("https://10.35.0.1:8350").expect("an address"),
            CenterUrl::new("https://10.35.0.2:8350").expect("an address"),
        ],
        tls_roots: vec![TlsRoot { sha256: [0xCD; 32], not_after: days_later(3_650) }],
        time_source: Some("ntp.fj.hsip.gov.cn".to_owned()),
    }
}

fn limits() -> Limits {
    Limits {
        timestamp_window_seconds: 600,
        notice_seconds: 300,
        confirmation_seconds: 1_800,
        token_seconds: 604_800,
        notice_interval_seconds: 3,
        notices_per_verification: 5,
    }
}

/// As little as a form may say.
pub(crate) fn least() -> Feedback {
    let mut form = full();
    form.stage = Stage::Trial;
    form.valid_until = None;
    form.supersedes = None;
    form.center.urls = vec![CenterUrl::new("http://127.0.0.1:8350").expect("an address")];
    form.center.tls_roots = Vec::new();
    form.center.time_source = None;
    form.source_networks = Vec::new();
    form.key.rotate_by = None;
    form.receipts = Vec::new();
    form.acceptance = None;
    form.contacts.portal = None;
    form.institutions.truncate(1);
    form
}
