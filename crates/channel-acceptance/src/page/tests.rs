//! What others send is only text, and the pages can stand anywhere.

use yanmi_acceptance::{Conclusion, Verdict};

use super::*;
use crate::brief::Person;

const EVIL: &str = "<script>alert(1)</script>";

fn report() -> Report {
    let line = Line {
        at: "2025-11-23 12:00:00".to_owned(),
        what: "应用显示",
        said: EVIL.to_owned(),
        answered: EVIL.to_owned(),
    };
    let row = SituationRow {
        number: 1,
        id: "delivered",
        title: "一条通知",
        section: "约定四",
        verdict: Verdict::Passed,
        rules: Vec::new(),
        events: vec![line],
    };
    Report {
        schema: 1,
        yanmi_version: "0",
        vendor: EVIL.to_owned(),
        product: "\"><b>".to_owned(),
        chnl_id: "app".to_owned(),
        kcv: "ABCDEF".to_owned(),
        ways: vec!["01"],
        mac_required: true,
        strict: false,
        started_at: String::new(),
        written_at: String::new(),
        written: yanmi_protocol::UnixMillis::new(0),
        conclusion: Conclusion::Passed,
        rule_totals: Totals::default(),
        advice_totals: Totals::default(),
        situation_totals: Totals::default(),
        sights: yanmi_acceptance::report::Decisions::default(),
        rules: Vec::new(),
        situations: vec![row],
        others: Vec::new(),
    }
}

fn brief() -> Brief {
    let text = || String::new();
    let subject = Subject { notc_no: "1".to_owned(), org_codg: text(), org_name: EVIL.to_owned() };
    let scene = Scene {
        id: "delivered".to_owned(),
        title: EVIL.to_owned(),
        section: text(),
        steps: vec![EVIL.to_owned()],
        acts: vec!["begin".to_owned(), "next".to_owned()],
        token: text(),
        notices: vec![subject],
    };
    Brief {
        region: text(),
        center_url: "https://tests.example/run/7".to_owned(),
        chnl_id: text(),
        key: text(),
        kcv: text(),
        mac_required: true,
        notice_url: EVIL.to_owned(),
        ways: Vec::new(),
        play_url: text(),
        next_url: text(),
        shown_url: text(),
        finish_url: text(),
        person: Person {
            ec_index_no: text(),
            user_name: text(),
            id_no: text(),
            password: text(),
            wrong_password: text(),
        },
        situations: vec![scene],
    }
}

#[test]
fn what_others_send_is_only_text() {
    for page in [super::report(&report()), progress(&brief(), &report())] {
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&lt;script&gt;"));
    }
    assert!(!super::report(&report()).contains("http"), "nothing is loaded");
}

/// A front may put something before every path: no address on a page begins with a slash or names a host.
#[test]
fn every_address_is_relative() {
    for page in [live(&brief(), &report()), super::report(&report()), link()] {
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for address in page.split(attribute).skip(1) {
                assert!(!address.starts_with('/') && !address.starts_with("http"), "{address}");
            }
        }
    }
    for call in SCRIPT.split("fetch(").skip(1) {
        assert!(call[1..].starts_with("acceptance/"), "{call}");
    }
}
