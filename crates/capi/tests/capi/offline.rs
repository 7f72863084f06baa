//! The offline ways before a sandbox: a terminal and a dynamic library that are a real shared object, called through
//! the real ABI.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use yanmi_capi::answer::{Answer, DONE, FALL_BACK, REFUSE};
use yanmi_capi::fault::{Fault, Kind};
use yanmi_capi::operation::Scan;
use yanmi_capi::setup::Session;
use yanmi_client::{Ambient, Machine};
use yanmi_simulator::World;
use zeroize::Zeroizing;

use crate::site::Site;
use crate::{built, config};

const FACE: i32 = 1;
const TERMINAL_PASSWORD: i32 = 2;
const LIBRARY_PASSWORD: i32 = 3;
/// Calls that may wait for the one that is being made.
const WAITING: usize = 16;

/// An institution with everything plugged in, and the world it is in.
struct Counter {
    site: Site,
    session: Session,
    folder: TempDir,
}

/// The simulated vendor's library: cargo builds it beside the tests.
fn vendor() -> PathBuf {
    built().join("libyanmi_vendor.so")
}

/// Both tables, with `terminal` and `library` as their further lines.
fn tables(site: &Site, file: &Path, terminal: &str, library: &str) -> String {
    let (file, url) = (file.display(), site.simulator_url());
    format!(
        "[terminal]\nfile = '{file}'\nurl = '{url}'\n{terminal}\n[library]\nfile = '{file}'\nurl = '{url}'\n{library}\n"
    )
}

const TERMINAL: &str = "password_operation = 'sandbox.terminal.password'";
const LIBRARY: &str = "operation = 'sandbox.library.password'";

impl Counter {
    fn open() -> Self {
        Self::with(|site| tables(site, &vendor(), TERMINAL, LIBRARY)).expect("opened")
    }

    fn with(more: impl FnOnce(&Site) -> String) -> Result<Self, Fault> {
        let (site, folder) = (Site::start(), tempfile::tempdir().expect("a folder"));
        let account = &site.world().accounts[0];
        let text = config(folder.path(), &more(&site))
            .replacen("his001", account.org_id.as_str(), 1)
            .replacen(&"0123456789abcdef".repeat(2), &account.key.to_hex(), 1)
            .replacen("http://127.0.0.1:1'", &format!("http://{}'", site.institution_addr()), 1);
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
fn a_face_at_the_terminal_is_that_of_the_person_of_the_visit() {
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
    assert_eq!(unusable.message, "线下核验不可用：医保终端未连接（模拟）");
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
fn a_terminal_that_hangs_is_unusable_after_its_time() {
    // A file of its own: as long as it hangs, everybody who named the same one would wait.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("libterminal.so");
    std::fs::copy(vendor(), &file).expect("a copy");
    let terminal = format!("{TERMINAL}\ntimeout_milliseconds = 100");
    let counter = Counter::with(|site| tables(site, &file, &terminal, LIBRARY)).expect("opened");
    let visit = counter.scan();
    counter.terminal("hang", None);
    // The first call does not return; the others are before it in the queue, and nobody waits for them any more.
    for _ in 0..=WAITING {
        let late = counter.check(&visit, FACE, "");
        assert_eq!(late.message, "线下核验不可用：医保终端在 100 毫秒内没有应答");
    }
    assert_eq!(counter.gate(&visit), (REFUSE, "offlineUnavailable".into()));
    // The library is of the same file, and has much more time; it is told at once.
    let busy = counter.check(&visit, LIBRARY_PASSWORD, "");
    assert_eq!(busy.message, "线下核验不可用：动态库正忙，前面还有 16 次调用没有结束");

    // What is answered too late is not what was asked for; those that were given up are not made any more.
    counter.terminal("ok", None);
    assert_eq!(counter.gate(&visit), (REFUSE, "offlineUnavailable".into()));
    let mut checks = (0..1_000).map(|_| counter.check(&visit, LIBRARY_PASSWORD, "").code);
    assert!(checks.any(|code| code == DONE), "it is free again");
    assert_eq!(counter.gate(&visit), (DONE, "libraryPassword".into()));

    // A program that closes does not wait for it.
    counter.terminal("hang", None);
    counter.check(&visit, FACE, "");
    let Counter { site, session, .. } = counter;
    let (closed, closing) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(session);
        // Nobody is there any more once the test has failed.
        let _ = closed.send(());
    });
    closing.recv_timeout(std::time::Duration::from_secs(20)).expect("closed");
    drop(site);
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
fn names_are_settings_and_what_an_answer_lacks_is_said() {
    let face = |lines: &str| {
        let lines = format!("{TERMINAL}\n{lines}");
        let counter = Counter::with(|site| tables(site, &vendor(), &lines, LIBRARY)).expect("opened");
        let visit = counter.scan();
        counter.check(&visit, FACE, "").message
    };
    for (lines, said) in [
        ("data = { operatorId = '001', note = '引号\"与\\反斜杠' }", "线下核验通过"),
        ("encoding = 'utf-8'\nserial_member = 'nothing'", "线下核验通过"),
        ("auth_no_member = 'number'", "线下核验不可用：医保终端的应答没有 number"),
        ("check_operation = 'cn.nhsa.unknown'", "线下核验未通过：无效的请求地址"),
        (
            "check_operation = ''",
            "线下核验不可用：医保终端没有说明刷脸的是哪个令牌，不能确认是本次就诊的参保人",
        ),
        ("check_operation = ''\nanswer_token_member = ''", "线下核验通过"),
        (
            "answer_token_member = 'ecIndexNo'\nface_passed_member = 'userName'",
            "线下核验未通过：医保终端答复未通过（userName 不是 1）",
        ),
        ("unusable_codes = ['-5']\nface_operation = 'cn.nhsa.unknown'", "线下核验不可用：无效的请求地址"),
        ("url = 'http://127.0.0.1:1'", "线下核验不可用：沙箱 http://127.0.0.1:1 没有应答"),
    ] {
        let (url, lines) = (lines.starts_with("url"), lines);
        let told = if url { unreachable_sandbox() } else { face(lines) };
        assert!(told.starts_with(said), "{lines}: {told}");
    }
}

/// What is said when nobody is at the address of the function.
fn unreachable_sandbox() -> String {
    let counter = Counter::with(|site| {
        tables(site, &vendor(), TERMINAL, LIBRARY).replace(&site.simulator_url(), "http://127.0.0.1:1")
    });
    let counter = counter.expect("opened");
    let visit = counter.scan();
    counter.check(&visit, FACE, "").message
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

    let only = |lines: &str| {
        Counter::with(|site| tables(site, &vendor(), lines, LIBRARY)).map(|counter| {
            let visit = counter.scan();
            [FACE, TERMINAL_PASSWORD].map(|way| {
                counter
                    .session
                    .verify_offline(&visit, way, Zeroizing::default())
                    .map_err(|fault| fault.kind)
                    .is_ok()
            })
        })
    };
    assert_eq!(only("").expect("opened"), [true, false]);
    assert_eq!(only(&format!("{TERMINAL}\nface_operation = ''")).expect("opened"), [false, true]);
    for (lines, named) in [
        ("face_operation = ''", "terminal.face_operation"),
        ("auth_no_member = ''", "terminal.auth_no_member"),
        ("function = 'Nothing'", "terminal.function：医保终端没有函数 Nothing"),
        ("timeout_milliseconds = 99", "terminal.timeout_milliseconds"),
        ("encoding = 'big5'", "terminal.encoding"),
        ("data = { a = 1 }", "terminal.data"),
        ("unusable_codes = [-1]", "terminal.unusable_codes"),
        ("token_member = ''", "terminal.token_member"),
        ("face_opration = 'x'", "terminal.face_opration"),
    ] {
        let fault = only(lines).expect_err("unusable");
        assert_eq!(fault.kind, Kind::Config, "{fault}");
        assert!(fault.message.contains(named), "{lines}: {fault}");
    }
}
