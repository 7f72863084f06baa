//! Forms: what is missing, what is wrong, and which form it is.

use std::collections::BTreeSet;

use yanmi_onboarding::Level;
use yanmi_onboarding::application::{
    Attachment, AttachmentError, Command, Field, Form, Kind, MAX_ATTACHMENTS, MAX_SHARED_INSTITUTIONS,
    Origin, Product, Refused, Report, ReportConclusion, checklist,
};
use yanmi_protocol::OrgCode;

use crate::play::{Play, Someone, full_form, monday};

#[test]
fn what_is_missing_is_named() {
    for kind in Kind::ALL {
        let form = full_form(kind);
        assert_eq!((form.missing(kind), form.faults()), (vec![], vec![]), "{kind:?}");
        assert_eq!(Form::default().missing(kind), Field::required(kind), "{kind:?}");
        for field in Field::required(kind) {
            let mut form = full_form(kind);
            form.set(*field, " ");
            if *field == Field::Institutions {
                form.set_institutions(BTreeSet::new());
            }
            assert_eq!(form.missing(kind), [*field], "{kind:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_said_beside_the_field() {
    for (field, text, why) in [
        (Field::CreditCode, "12350000488000000", Some("应为 18 位")),
        (Field::CreditCode, "123500004880000002", Some("校验位不对")),
        (Field::Region, "3501", Some("应为 6 位区划代码")),
        (Field::Region, "350102", None),
        (Field::Account, "his 001", Some("可见 ASCII")),
        (Field::Channel, "渠道", Some("字母、数字")),
        (Field::Interfaces, "notify,settle", Some("以逗号分隔")),
        (Field::Interfaces, "", None),
        (Field::Networks, "10.35.1.0/24\n10.35.2.0", Some("网段")),
        (Field::Networks, "10.35.1.0/33", Some("网段")),
        (Field::Rate, "0", Some("大于 0 的整数")),
        (Field::Rate, "五十", Some("大于 0 的整数")),
        (Field::Rate, "99999999", Some("超过 7 个字符")),
        (Field::AdminPhone, "1234", Some("电话号码")),
        (Field::AdminPhone, "+86 591-1234567", None),
        (Field::System, "医院\u{202E}系统", Some("U+202E")),
        (Field::System, "两\n行", Some("U+000A")),
        (Field::Reason, "两\n行", None),
        (Field::TechnicalName, "林经办", Some("须为两人")),
    ] {
        let mut form = full_form(Kind::System);
        form.set(field, text);
        let faults = form.faults();
        match why {
            None => assert_eq!(faults, [], "{field:?} {text}"),
            Some(why) => {
                assert_eq!(faults.len(), 1, "{field:?} {text}: {faults:?}");
                assert!(faults[0].field == field && faults[0].why.contains(why), "{faults:?}");
                assert!(
                    text.len() < 4 || !faults[0].why.contains(text),
                    "what is in the form is not repeated"
                );
            }
        }
    }
    let mut form = full_form(Kind::System);
    form.set(Field::PublicKey, "-----BEGIN PUBLIC KEY-----\n…");
    assert_eq!(form.faults()[0].field, Field::KeyProof);
    let codes = (0..=MAX_SHARED_INSTITUTIONS).map(|at| OrgCode::new(&format!("P{at:011}")).expect("a code"));
    form.set_institutions(codes.collect());
    assert!(form.faults().iter().any(|fault| fault.field == Field::Institutions));
}

#[test]
fn a_form_has_one_text() {
    let form = full_form(Kind::System);
    assert_eq!(Form::from_json(&form.to_json()), Some(form.clone()));
    assert_eq!(form.product(), Product { name: "示范 HIS".to_owned(), version: "5.2.1".to_owned() });
    assert!(!format!("{form:?}").contains("林经办"));
    let mut other = form.clone();
    other.set(Field::Version, "5.2.2");
    assert_ne!(other.digest(), form.digest());
    other.set(Field::Version, " 5.2.1 ");
    assert_eq!(other.digest(), form.digest());
    for text in [
        "",
        "{}",
        "[]",
        r#"{"fields":{"unknown":"x"},"institutions":[]}"#,
        r#"{"fields":{},"institutions":["x"]}"#,
    ] {
        assert_eq!(Form::from_json(text), None, "{text}");
    }
    let words: BTreeSet<&str> = Field::ALL.iter().map(|field| field.word()).collect();
    assert_eq!(words.len(), Field::ALL.len());
    assert!(Field::ALL.iter().all(|field| Field::of_word(field.word()) == Some(*field)));
}

#[test]
fn a_kind_has_its_fields_once() {
    for kind in Kind::ALL {
        let fields: Vec<Field> = Field::of(kind).collect();
        assert_eq!(fields.len(), Field::required(kind).len() + Field::optional(kind).len(), "{kind:?}");
        assert!(fields.is_sorted());
    }
}

#[test]
fn a_report_is_read_for_the_form_it_is_about() {
    let form = full_form(Kind::System);
    let file = |schema: u32, product: &str, code: &str, at: &str, conclusion: &str| {
        format!(
            r#"{{"schema":{schema},"product":"{product}","orgCodg":"{code}","writtenAt":"{at}","conclusion":"{conclusion}","rules":[]}}"#
        )
    };
    let (product, code, at) = ("示范 HIS 5.2.1", "H35010200001", "2026-11-30 09:00:00");
    for (text, expected) in [
        (file(2, product, code, at, "passed"), Ok(ReportConclusion::Passed)),
        (file(2, product, code, at, "incomplete"), Ok(ReportConclusion::Conditional)),
        (file(2, product, code, at, "failed"), Ok(ReportConclusion::Failed)),
        (file(2, product, code, at, "perfect"), Err("conclusion")),
        (file(1, product, code, at, "passed"), Err("schema")),
        (file(2, product, "H35010200002", at, "passed"), Err("orgCodg")),
        (file(2, product, "x", at, "passed"), Err("orgCodg")),
        (file(2, product, code, "2026-11-30", "passed"), Err("writtenAt")),
        (file(2, product, code, "2026-11-31 09:00:00", "passed"), Err("writtenAt")),
        ("<html>".to_owned(), Err("report.json")),
    ] {
        match (Report::of_file(text.as_bytes(), &form), expected) {
            (Ok(report), Ok(conclusion)) => {
                assert_eq!(
                    (report.conclusion, report.at, report.origin),
                    (conclusion, monday(), Origin::Own)
                );
                assert_eq!(report.product, form.product());
            }
            (Err(refused), Err(word)) => assert!(refused.to_string().contains(word), "{refused}"),
            (read, expected) => panic!("{text}: {read:?}, not {expected:?}"),
        }
    }
    let other = Report::of_file(file(2, "示范 HIS 5.3", code, at, "passed").as_bytes(), &form);
    assert_eq!(
        other.expect("read").product,
        Product { name: "示范 HIS".to_owned(), version: "5.3".to_owned() }
    );
}

#[test]
fn an_incomplete_or_faulty_form_is_not_submitted() {
    let applicant = Someone::named("applicant");
    let mut play = Play::new(Kind::System);
    let mut form = full_form(Kind::System);
    form.set(Field::Vendor, "");
    let refused = play.give(&Command::Submit(&form), &applicant);
    assert_eq!(refused, Err(Refused::Missing(vec![Field::Vendor])));
    assert_eq!(refused.expect_err("refused").to_string(), "缺少开发商");
    form.set(Field::Vendor, "示范软件公司");
    form.set(Field::Region, "350203");
    let refused = play.give(&Command::Submit(&form), &applicant).expect_err("another region");
    assert_eq!(refused.to_string(), "所属区划与申请所在的区划不同");
}

#[test]
fn every_level_has_something_to_look_at() {
    for kind in Kind::ALL {
        for level in Level::ALL {
            let items = checklist(level, kind);
            let each: BTreeSet<_> = items.iter().map(|item| (item.word(), item.question())).collect();
            assert!(!items.is_empty() && each.len() == items.len(), "{kind:?} {level:?}");
        }
    }
}

#[test]
fn papers_are_of_the_form_and_so_of_its_digest() {
    let paper =
        |at: usize| Attachment::of_file("营业执照.json", format!("[{at}]").as_bytes()).expect("a paper");
    let bare = full_form(Kind::System);
    assert!(!bare.to_json().contains("attachments"), "what was stored before there were any is the same");
    let mut form = bare.clone();
    for at in 0..MAX_ATTACHMENTS {
        let before = form.digest();
        assert_eq!(form.attach(&paper(at)), Ok(true));
        assert_ne!(form.digest(), before);
        assert_eq!(form.attach(&paper(at)), Ok(false), "the same file is one");
        assert_eq!(Form::from_json(&form.to_json()), Some(form.clone()));
    }
    assert_eq!(form.attach(&paper(MAX_ATTACHMENTS)), Err(AttachmentError::TooMany));
    assert_eq!(form.attach(&paper(0)), Ok(false));
    assert_eq!(bare.with_attachments_of(&form), form);
    for at in 0..MAX_ATTACHMENTS {
        assert_eq!(form.detach(paper(at).digest()), Some(paper(at)));
        assert_eq!(form.detach(paper(at).digest()), None);
    }
    assert_eq!(form.digest(), bare.digest());
}
