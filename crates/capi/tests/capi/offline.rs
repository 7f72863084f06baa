//! What a program hears of the offline ways: numbers, words and JSON, of a terminal and a dynamic library that are a real
//! shared object before a sandbox. What they check, and how, is for the tests of `yanmi-offline`.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tempfile::TempDir;
use yanmi_capi::answer::{Answer, DONE, FALL_BACK, REFUSE};
use yanmi_capi::fault::{Fault, Kind};
use yanmi_capi::operation::Scan;
use yanmi_capi::setup::Session;
use yanmi_client::{Ambient, Machine};
use yanmi_simulator::World;
use zeroize::Zeroizing;

use crate::plugged::{config_at, vendor};
use crate::site::Site;

const FACE: i32 = 1;
const TERMINAL_PASSWORD: i32 = 2;
const LIBRARY_PASSWORD: i32 = 3;

/// An institution with everything plugged in, and the world it is in.
struct Counter {
    site: Site,
    session: Session,
    folder: TempDir,
}

/// Both tables, with `terminal` as further lines of the first.
fn tables(site: &Site, terminal: &str) -> String {
    let (file, url) = (vendor(), site.simulator_url());
    let file = file.display();
    format!(
        "[terminal]\nfile = '{file}'\nurl = '{url}'\n{terminal}\n\
         [library]\nfile = '{file}'\nurl = '{url}'\noperation = 'sandbox.library.password'\n"
    )
}

const TERMINAL: &str = "password_operation = 'sandbox.terminal.password'";

impl Counter {
    fn open() -> Self {
        Self::with(|site| tables(site, TERMINAL)).expect("opened")
    }

    fn with(more: impl FnOnce(&Site) -> String) -> Result<Self, Fault> {
        let (site, folder) = (Site::start(), tempfile::tempdir().expect("a folder"));
        let text = config_at(&site, folder.path(), &more(&site));
        let session = Session::open(&text)?;
        Ok(Self { site, session, folder })
    }

    fn world(&self) -> &World {
        self.site.world()
    }

    /// The first person's code is scanned.
    fn scan(&self) -> String {
        let code = self.site.shown_code(0);
        let scan = Scan {
            qr_code: &code,
            business: "",
            operator_id: "001",
            operator_name: "经办人",
            office_id: "01",
            office_name: "收费处",
        };
        let scanned = self.session.scan(&scan, "").expect("decoded");
        scanned.data["visit"].as_str().expect("a number").to_owned()
    }

    fn terminal(&self, mood: &str, person: Option<usize>) {
        let index = person.map(|at| self.world().persons[at].ec_index_no.as_str());
        self.site.control("/terminal", &json!({ "mood": mood, "ecIndexNo": index }));
    }

    fn check(&self, visit: &str, way: i32, password: &str) -> Answer {
        self.session.verify_offline(visit, way, Zeroizing::new(password.to_owned())).expect("recorded")
    }

    /// The gate's number, and why or by which way.
    fn gate(&self, visit: &str) -> (i32, Value) {
        let gated = self.session.gate(visit, "2207", "128.50").expect("decided");
        let proof = gated.data.get("proof").map(|proof| proof["way"].clone());
        (gated.code, proof.unwrap_or_else(|| gated.data["reason"].clone()))
    }

    /// Checks, and then asks the gate.
    fn settles(&self, visit: &str, way: i32, password: &str) -> (i32, Value) {
        self.check(visit, way, password);
        self.gate(visit)
    }
}

#[test]
fn a_check_and_the_gate_after_it_are_numbers_and_words() {
    let counter = Counter::open();
    let visit = counter.scan();
    let passed = counter.check(&visit, FACE, "");
    assert_eq!((passed.code, passed.message.as_str()), (DONE, "线下核验通过"));
    assert_eq!(counter.gate(&visit), (DONE, "terminalFace".into()));
    let proof = counter.session.visit(&visit).expect("kept").data["proof"].clone();
    let number = proof["resBizNo"].as_str().expect("a number");
    assert!(number.len() == 28 && number.starts_with("ano"), "the authorization of the face: {number}");

    counter.terminal("wrong", None);
    let refused = counter.check(&visit, FACE, "");
    assert_eq!((refused.code, refused.message.as_str()), (REFUSE, "线下核验未通过：刷脸未通过（模拟）"));
    assert_eq!(counter.gate(&visit), (REFUSE, "offlineFailed".into()));

    // Somebody else's face passes, and is somebody else's.
    counter.terminal("ok", Some(1));
    assert_eq!(counter.settles(&visit, FACE, ""), (REFUSE, "anotherToken".into()));

    counter.terminal("unreachable", None);
    let unusable = counter.check(&visit, FACE, "");
    assert_eq!(
        (unusable.code, unusable.message.as_str()),
        (REFUSE, "线下核验不可用：医保终端未连接（模拟）")
    );
    assert_eq!(counter.gate(&visit), (REFUSE, "offlineUnavailable".into()));
}

#[test]
fn a_card_needs_nobodys_token() {
    let counter = Counter::open();
    let begun = counter.session.begin(2, "", "", "", "").expect("begun");
    let visit = begun.data["visit"].as_str().expect("a number");
    counter.terminal("ok", Some(2));
    assert_eq!(counter.settles(visit, FACE, ""), (DONE, "terminalFace".into()));
    assert_eq!(counter.settles(visit, TERMINAL_PASSWORD, ""), (DONE, "terminalPassword".into()));
    assert_eq!(counter.settles(visit, LIBRARY_PASSWORD, "333333"), (DONE, "libraryPassword".into()));
    assert_eq!(counter.settles(visit, LIBRARY_PASSWORD, "111111"), (REFUSE, "offlineFailed".into()));
}

#[test]
fn passwords_are_right_or_wrong_and_nowhere_afterwards() {
    let counter = Counter::open();
    let visit = counter.scan();
    let own = counter.world().persons[0].password.clone().expect("a password");
    let (no, yes) = ((REFUSE, Value::from("offlineFailed")), |way: &str| (DONE, Value::from(way)));
    assert_eq!(counter.settles(&visit, TERMINAL_PASSWORD, ""), yes("terminalPassword"));
    counter.terminal("wrong", None);
    assert_eq!(counter.settles(&visit, TERMINAL_PASSWORD, ""), no);
    counter.terminal("ok", Some(1));
    assert_eq!(counter.settles(&visit, TERMINAL_PASSWORD, ""), no, "typed by somebody else");

    counter.terminal("ok", None);
    let mut heard = String::new();
    for (typed, expected) in
        [(own.as_str(), yes("libraryPassword")), ("908172", no), ("", yes("libraryPassword"))]
    {
        heard += &counter.check(&visit, LIBRARY_PASSWORD, typed).json();
        heard += &counter.session.gate(&visit, "2207", "128.50").expect("decided").json();
        assert_eq!(counter.gate(&visit), expected, "{typed}");
    }
    let _ = write!(heard, "{:?}", counter.session);
    drop(counter.session);
    for file in std::fs::read_dir(counter.folder.path()).expect("a folder") {
        heard += &String::from_utf8_lossy(&std::fs::read(file.expect("a file").path()).expect("its bytes"));
    }
    assert!(heard.contains("SQLite format 3"), "the visits were among what was heard");
    assert!(!heard.contains(&own) && !heard.contains("908172"));
}

#[test]
fn the_online_way_falls_back_to_the_terminal() {
    let counter = Counter::open();
    // The desk has the machine's clock.
    counter.site.hands.set_clock(Machine::new().now().get());
    let channel = counter.world().channels[0].chnl_id;
    counter.site.control(&format!("/channels/{}/mood", channel.as_str()), &json!({ "mood": "refuse" }));
    let visit = counter.scan();
    let noticed = counter.session.notify(&visit, "128.50").expect("recorded");
    assert_eq!((noticed.code, &noticed.data["centerCode"]), (FALL_BACK, &500_319.into()));
    assert_eq!(counter.gate(&visit).0, FALL_BACK);
    assert_eq!(counter.settles(&visit, FACE, ""), (DONE, "terminalFace".into()));
}

#[test]
fn what_is_not_plugged_in_is_a_number_and_names_its_setting() {
    let neither = Counter::with(|_| String::new()).expect("opened");
    let visit = neither.scan();
    for (way, setting) in [
        (FACE, "[terminal] 的 face_operation"),
        (TERMINAL_PASSWORD, "[terminal] 的 password_operation"),
        (LIBRARY_PASSWORD, "[library]"),
    ] {
        let fault = neither.session.verify_offline(&visit, way, Zeroizing::default()).expect_err("no port");
        assert_eq!(fault.kind, Kind::NoPort);
        assert!(fault.message.contains(setting), "{fault}");
    }

    for (lines, named) in [
        ("face_operation = ''", "terminal.face_operation"),
        ("function = 'Nothing'", "terminal.function：医保终端没有函数 Nothing"),
        ("face_opration = 'x'", "terminal.face_opration"),
    ] {
        let fault = Counter::with(|site| tables(site, lines)).map(drop).expect_err("unusable");
        assert_eq!(fault.kind, Kind::Config, "{fault}");
        assert!(fault.message.contains(named), "{lines}: {fault}");
    }
}
