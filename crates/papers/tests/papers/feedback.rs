//! The feedback form: written in one way, read with a reason for every refusal, tampered with.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use yanmi_client::ClientConfig;
use yanmi_papers::feedback::{CenterUrl, KEY_FILE, MAX_INSTITUTIONS, MAX_RECEIPT_KEYS, ROOTS_FILE};
use yanmi_papers::{Feedback, Forged, KeyForm, Paper, PaperError, Signed, Stage};
use yanmi_protocol::{AccountId, OrgCode, Region, Sm4Key, UnixMillis, hex};

use crate::form::{ISSUED, account_key, days_later, full, institution, least, number};
use crate::{application, private_key};

/// The form in full, as it is printed in the documentation of the format: a change of it is a change for every reader.
const GOLDEN: &str = include_str!("feedback.json");

fn signed(form: Feedback) -> Result<Signed<Feedback>, PaperError> {
    Signed::new(form, &private_key(1))
}

#[test]
fn a_form_is_written_in_one_way() {
    let form = signed(full()).expect("signed");
    assert_eq!(form.to_json(), GOLDEN);
    let read: Signed<Feedback> = Signed::read(GOLDEN.as_bytes()).expect("read");
    assert_eq!((&read, read.check(&private_key(1).public())), (&form, Ok(())));
    assert_eq!(read.short_digest(), hex::encode(&form.digest()[..8]));
    let named = private_key(1).public().id();
    let given = private_key(2).public().id();
    assert_eq!(read.check(&private_key(2).public()), Err(Forged::OtherKey { named, given }));
    // Blanks and the order of members mean nothing.
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(GOLDEN).expect("JSON"));
    let read: Signed<Feedback> = Signed::read(pretty.expect("JSON").as_bytes()).expect("read");
    assert_eq!((&read, read.check(&private_key(1).public())), (&form, Ok(())));
    let least = signed(least()).expect("signed");
    assert_eq!(Signed::read(least.to_json().as_bytes()), Ok(least));
}

/// Calls with every value of a document changed a little, and says where.
fn each_changed(value: &Value, at: &str, change: &mut dyn FnMut(&str, Value)) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                let path = format!("{at}/{name}");
                each_changed(inner, &path, &mut |path, changed| {
                    let mut copy = members.clone();
                    copy.insert(name.clone(), changed);
                    change(path, Value::Object(copy));
                });
                let mut copy = members.clone();
                copy.remove(name);
                change(&format!("{path} removed"), Value::Object(copy));
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                let path = format!("{at}/{index}");
                each_changed(inner, &path, &mut |path, changed| {
                    let mut copy = items.clone();
                    copy[index] = changed;
                    change(path, Value::Array(copy));
                });
                let mut copy = items.clone();
                copy.remove(index);
                change(&format!("{path} removed"), Value::Array(copy));
            }
        }
        Value::Number(number) => change(at, (number.as_i64().expect("whole") + 1).into()),
        Value::String(text) => {
            let mut changed = text.clone();
            let last = changed.pop().expect("texts are not empty");
            changed.push(if last == '1' { '2' } else { '1' });
            change(at, changed.into());
        }
        other => panic!("{at}: {other}"),
    }
}

#[test]
fn whatever_is_changed_breaks_the_signature() {
    let whole: Value = serde_json::from_str(GOLDEN).expect("JSON");
    let (mut forged, mut refused) = (0, Vec::new());
    each_changed(&whole, "", &mut |path, changed| {
        let read: Result<Signed<Feedback>, PaperError> = Signed::read(changed.to_string().as_bytes());
        match read {
            Ok(form) => {
                assert!(form.check(&private_key(1).public()).is_err(), "{path}");
                forged += 1;
            }
            Err(_) => refused.push(path.to_owned()),
        }
    });
    // What is left could be read and was still found out; the rest is no form any more.
    assert!(forged >= 60, "{forged}, refused: {refused:?}");
    for path in ["/schema", "/institutions removed", "/key/kcv removed"] {
        assert!(refused.iter().any(|refused| refused == path), "{path}");
    }
}

fn refusal(change: impl FnOnce(&mut Feedback)) -> String {
    let mut form = full();
    change(&mut form);
    signed(form).expect_err("it breaks a rule").to_string()
}

#[test]
fn nothing_is_signed_that_breaks_a_rule() {
    for (said, words) in [
        (refusal(|form| form.title = String::new()), "title 缺失"),
        (refusal(|form| form.system.name = "系统 ".to_owned()), "system.name 首尾不能有空白"),
        (refusal(|form| form.title = "长".repeat(101)), "title 长度超过 100 个字符"),
        (refusal(|form| form.issuer.name = "医\u{202E}保".to_owned()), "issuer.name 含有不允许显示的字符"),
        (refusal(|form| form.reqt_type.prefix = "a&b".to_owned()), "reqtType 应为前缀"),
        (
            refusal(|form| form.reqt_type.region = Region::new("360000").expect("it")),
            "reqtType 与 issuer.region",
        ),
        (refusal(|form| form.institutions.clear()), "institutions 至少须有一项"),
        (
            refusal(|form| form.institutions[1].name = "店".repeat(41)),
            "institutions 第 2 项 name 长度超过 40",
        ),
        (refusal(|form| form.institutions[1] = form.institutions[0].clone()), "institutions 第 2 项重复出现"),
        (refusal(|form| form.center.urls.clear()), "center.urls 至少须有一项"),
        (refusal(|form| form.center.urls[1] = form.center.urls[0].clone()), "center.urls 第 2 项重复出现"),
        (refusal(|form| form.center.tls_roots.clear()), "center.tlsRoots 缺失"),
        (refusal(|form| form.interfaces.clear()), "interfaces 至少须有一项"),
        (refusal(|form| form.rate = 0), "rate 应在 1 至 1000000 之间"),
        (
            refusal(|form| form.source_networks[0] = "10.1.2.3/24".parse().expect("it")),
            "sourceNetworks 第 1 项的网段地址",
        ),
        (refusal(|form| form.limits.notice_seconds = 604_801), "limits.noticeSeconds 应在 0 至 604800"),
        (refusal(|form| form.key.rotate_by = Some(form.key.made_at)), "key.rotateBy 的终止时间"),
        (refusal(|form| form.valid_until = Some(form.issued_at)), "validUntil 的终止时间"),
        (refusal(|form| form.issuer.approved_at = days_later(1)), "issuedAt 早于审批时间"),
        (refusal(|form| form.supersedes = Some(form.number)), "supersedes 是本表自己的编号"),
        (
            refusal(|form| form.system.org_id = AccountId::new("t-his001").expect("it")),
            "system.orgId 是联调编码",
        ),
        (refusal(|form| form.receipts[0].kid = "a b".to_owned()), "receipts 第 1 项 kid 应为"),
        (
            refusal(|form| form.receipts = vec![form.receipts[0].clone(); MAX_RECEIPT_KEYS + 1]),
            "receipts 有 9 项，至多 8 项",
        ),
        (refusal(|form| form.issued_at = UnixMillis::new(1)), "issuedAt 应为13 位数字"),
    ] {
        assert!(said.starts_with(words), "{said}");
    }
    let mut trial = full();
    trial.stage = Stage::Trial;
    trial.system.org_id = AccountId::new("t-his001").expect("an account");
    assert!(signed(trial).is_ok());
}

#[test]
fn a_form_has_as_many_institutions_as_a_file_has_room_for() {
    let mut form = full();
    let many = |count: usize| -> Vec<_> {
        (0..count).map(|at| institution(&format!("P35{at:09}"), &"药".repeat(40))).collect()
    };
    form.institutions = many(MAX_INSTITUTIONS);
    let json = signed(form.clone()).expect("signed").to_json();
    assert!(json.len() < Feedback::MAX_BYTES, "{}", json.len());
    form.institutions = many(MAX_INSTITUTIONS + 1);
    assert!(signed(form).expect_err("too many").to_string().contains("至多 10000 项"));
}

#[test]
fn what_is_no_form_is_said_by_its_member() {
    for (from, to, words) in [
        ("\"stage\":\"live\"", "\"stage\":\"test\"", "stage 应为 trial、live 之一"),
        ("\"notify\"", "\"notice\"", "interfaces 第 1 项应为 notify、"),
        ("\"notify\"", "7", "interfaces 第 1 项应为字符串"),
        ("\"form\":\"hex\"", "\"form\":\"hex\",\"secret\":\"x\"", "key.secret 不是已知的成员"),
        ("\"orgCode\":\"H35010200001\"", "\"orgCode\":\"35010200001\"", "institutions 第 1 项 orgCode 应为"),
        ("\"center\":{", "\"center\":{\"urls\":[],", "center.urls 重复出现"),
        ("\"timeSource\"", "\"\u{7}time\"", "JSON"),
        ("\"sm2Public\":\"04", "\"sm2Public\":\"05", "receipts 第 1 项 sm2Public 应为 SM2 公钥"),
        ("https://10.35.0.2:8350", "https://10.35.0.2:8350/", "center.urls 第 2 项末尾不能是 /"),
        ("\"institutions\":[", "\"institutions\":[[],", "institutions"),
    ] {
        let changed = GOLDEN.replacen(from, to, 1);
        assert_ne!(changed, GOLDEN, "{from}");
        let error = Signed::<Feedback>::read(changed.as_bytes()).expect_err(from);
        assert!(error.to_string().contains(words), "{from}: {error}");
    }
}

#[test]
fn validity() {
    let form = full();
    for (at, valid) in [
        (UnixMillis::new(ISSUED.get() - 1), false),
        (ISSUED, true),
        (UnixMillis::new(days_later(365).get() - 1), true),
        (days_later(365), false),
    ] {
        assert_eq!(form.is_valid_at(at), valid, "{at}");
    }
    assert!(least().is_valid_at(days_later(10_000)));
}

/// Reads the configuration of each institution as a client does.
fn configured(form: &Feedback, key: &str) -> Vec<ClientConfig> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = std::fs::File::options();
    let mut file =
        file.create_new(true).write(true).mode(0o600).open(folder.path().join(KEY_FILE)).expect("a file");
    std::io::Write::write_all(&mut file, key.as_bytes()).expect("written");
    let read = |text: &str| ClientConfig::from_toml(text, folder.path(), &|_| None);
    let each = form.institutions.iter().map(|listed| {
        let text = form.client_toml(listed);
        read(&text).unwrap_or_else(|error| panic!("{text}\n{error}"))
    });
    let configs: Vec<ClientConfig> = each.collect();
    let roots = configs[0].center.roots.as_deref().map(Path::to_owned);
    assert_eq!(roots, form.center.urls[0].is_secure().then(|| folder.path().join(ROOTS_FILE)));
    configs
}

#[test]
fn the_configuration_is_what_a_client_reads() {
    let mut form = full();
    let configs = configured(&form, &account_key().to_hex());
    assert_eq!(configs.len(), 2);
    for (config, listed) in configs.iter().zip(&form.institutions) {
        assert_eq!(config.account.org_id, form.system.org_id);
        assert_eq!(config.account.key.kcv(), form.key.kcv);
        assert_eq!((config.account.prefix.as_str(), config.account.region), ("sys", form.reqt_type.region));
        assert_eq!(
            (config.institution.org_code, &config.institution.org_name),
            (listed.org_code, &listed.name)
        );
        assert_eq!(config.center.urls, ["https://10.35.0.1:8350", "https://10.35.0.2:8350"]);
        assert!(!config.center.plain_http);
    }
    form.key.form = KeyForm::Ascii;
    form.center.urls = vec![CenterUrl::new("http://10.35.0.1:8350").expect("an address")];
    let configs = configured(&form, "yanmi-test-key-1");
    assert_eq!(configs[0].account.key, Sm4Key::from_ascii("yanmi-test-key-1").expect("a key"));
    assert!(configs[0].center.plain_http && configs[0].center.roots.is_none());
}

/// Texts that people write, with what is special in TOML and JSON.
fn any_text() -> impl Strategy<Value = String> {
    let text = "[a-zA-Z0-9 \\\\\"'#=\\[\\]{}&<>/“药店𠮷é]{1,30}";
    text.prop_filter("white space around it", |text| text.trim() == text)
}

prop_compose! {
    fn any_form()(
        title in any_text(),
        names in proptest::collection::vec(any_text(), 1..5),
        product in any_text(),
        prefix in "[a-zA-Z\"\\\\]{1,10}",
        rate in 1_u32..1_000,
        sequences in (1_u32..1_000_000_000, 1_u32..1_000_000_000),
        ends in proptest::option::of(1_i64..1_000),
        kcv in any::<[u8; 3]>(),
        full in any::<bool>(),
    ) -> Feedback {
        let mut form = if full { crate::form::full() } else { least() };
        form.title = title;
        form.system.product = product;
        form.reqt_type.prefix = prefix;
        form.rate = rate;
        form.number = number(sequences.0);
        form.supersedes = Some(number(sequences.1)).filter(|other| *other != form.number);
        form.issuer.application = application(sequences.1 % 1_000_000);
        form.valid_until = ends.map(days_later);
        form.key.kcv = yanmi_protocol::KeyCheckValue::read(&hex::encode(&kcv)).expect("a value");
        form.institutions = names
            .iter()
            .enumerate()
            .map(|(at, name)| institution(&format!("H3501020{at:04}"), name))
            .collect();
        form
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_form_reads_back_as_it_was_signed(form in any_form()) {
        let form = Signed::new(form, &private_key(1)).expect("signed");
        let read: Signed<Feedback> = Signed::read(form.to_json().as_bytes()).expect("read");
        prop_assert_eq!(read.check(&private_key(1).public()), Ok(()));
        let key = account_key();
        for (config, listed) in configured(read.paper(), &key.to_hex()).iter().zip(&read.paper().institutions) {
            prop_assert_eq!(&config.institution.org_name, &listed.name);
            prop_assert_eq!(&config.account.prefix, &read.paper().reqt_type.prefix);
        }
        prop_assert_eq!(read, form);
    }

    #[test]
    fn nothing_that_is_read_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..GOLDEN.len(), to in any::<u8>()) {
        let _ = Signed::<Feedback>::read(&bytes);
        let mut changed = GOLDEN.as_bytes().to_vec();
        changed[at] = to;
        if let Ok(form) = Signed::<Feedback>::read(&changed) {
            let same = form == Signed::read(GOLDEN.as_bytes()).expect("read");
            prop_assert_eq!(form.check(&private_key(1).public()).is_ok(), same);
        }
    }
}

#[test]
fn an_institution_is_found_by_its_code() {
    let form = full();
    let found = |code: &str| {
        form.institution(&OrgCode::new(code).expect("a code")).map(|listed| listed.name.as_str())
    };
    assert_eq!(found("H35010200001"), Some("福州示范医院"));
    assert_eq!(found("H35010200009"), None);
}
