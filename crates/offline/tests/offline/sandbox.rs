//! The offline ways before a sandbox: a terminal and a dynamic library that are a real shared object, called through
//! the real ABI.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;
use yanmi_client::gate::{Medium, OfflineOutcome, ProofWay, Reason, Verdict, VisitId, Way};
use yanmi_client::visits::NewVisit;
use yanmi_client::{Ambient, DecodeRequest, Desk, DeskError, Machine};
use yanmi_offline::ports::setting;
use yanmi_protocol::QrCode;
use yanmi_protocol::dictionary::BusinessType;
use yanmi_simulator::World;

use crate::plugged::{config_at, vendor};
use crate::site::Site;
use crate::{No, failed, gate, open, outcome, serial, typed, unavailable};

/// Calls that may wait for the one that is being made.
const WAITING: usize = 16;

/// An institution with everything plugged in, and the world it is in.
struct Counter {
    site: Site,
    desk: Desk,
    folder: TempDir,
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

    fn with(more: impl FnOnce(&Site) -> String) -> Result<Self, String> {
        let (site, folder) = (Site::start(), tempfile::tempdir().expect("a folder"));
        let text = config_at(&site, folder.path(), &more(&site));
        let desk = open(&text)?;
        Ok(Self { site, desk, folder })
    }

    fn world(&self) -> &World {
        self.site.world()
    }

    /// The first person's code is scanned.
    fn scan(&self) -> VisitId {
        let request = DecodeRequest {
            qr_code: QrCode::new(&self.site.shown_code(0)).expect("a code"),
            business: BusinessType::SETTLEMENT,
            operator_id: "001",
            operator_name: "经办人",
            office_id: "01",
            office_name: "收费处",
        };
        self.desk.scan(&request, None).expect("decoded").0.id()
    }

    fn terminal(&self, mood: &str, person: Option<usize>) {
        let index = person.map(|at| self.world().persons[at].ec_index_no.as_str());
        self.site.control("/terminal", &json!({ "mood": mood, "ecIndexNo": index }));
    }

    fn check(&self, visit: VisitId, way: Way, password: &str) -> OfflineOutcome {
        outcome(&self.desk.verify_offline(visit, way, typed(password)).expect("recorded"))
    }

    fn gate(&self, visit: VisitId) -> Result<ProofWay, No> {
        gate(&self.desk, visit, "128.50")
    }

    /// Checks, and then asks the gate.
    fn settles(&self, visit: VisitId, way: Way, password: &str) -> Result<ProofWay, No> {
        self.check(visit, way, password);
        self.gate(visit)
    }
}

fn is_passed(outcome: &OfflineOutcome) -> bool {
    matches!(outcome, OfflineOutcome::Passed { .. })
}

#[test]
fn a_face_at_the_terminal_is_that_of_the_person_of_the_visit() {
    let counter = Counter::open();
    let visit = counter.scan();
    assert!(is_passed(&counter.check(visit, Way::TerminalFace, "")));
    assert_eq!(counter.gate(visit), Ok(ProofWay::TerminalFace));
    let number = serial(&counter.desk, visit).expect("a number");
    assert!(number.len() == 28 && number.starts_with("ano"), "the authorization of the face: {number}");

    counter.terminal("wrong", None);
    assert_eq!(counter.check(visit, Way::TerminalFace, ""), failed("刷脸未通过（模拟）"));
    assert_eq!(counter.gate(visit), Err(No::Refuse(Reason::OfflineFailed)));

    // Somebody else's face passes, and is somebody else's.
    counter.terminal("ok", Some(1));
    assert_eq!(counter.settles(visit, Way::TerminalFace, ""), Err(No::Refuse(Reason::AnotherToken)));

    counter.terminal("unreachable", None);
    assert_eq!(counter.check(visit, Way::TerminalFace, ""), unavailable("医保终端未连接（模拟）"));
    assert_eq!(counter.gate(visit), Err(No::Refuse(Reason::OfflineUnavailable)));
}

#[test]
fn a_card_needs_nobodys_token() {
    let counter = Counter::open();
    let visit = counter.desk.begin(&NewVisit::with(Medium::SocialSecurityCard)).expect("begun").id();
    counter.terminal("ok", Some(2));
    assert_eq!(counter.settles(visit, Way::TerminalFace, ""), Ok(ProofWay::TerminalFace));
    assert_eq!(counter.settles(visit, Way::TerminalPassword, ""), Ok(ProofWay::TerminalPassword));
    assert_eq!(counter.settles(visit, Way::LibraryPassword, "333333"), Ok(ProofWay::LibraryPassword));
    let wrong = counter.settles(visit, Way::LibraryPassword, "111111");
    assert_eq!(wrong, Err(No::Refuse(Reason::OfflineFailed)));
}

#[test]
fn passwords_are_right_or_wrong_and_nowhere_afterwards() {
    let counter = Counter::open();
    let visit = counter.scan();
    let own = counter.world().persons[0].password.clone().expect("a password");
    let no = Err(No::Refuse(Reason::OfflineFailed));
    assert_eq!(counter.settles(visit, Way::TerminalPassword, ""), Ok(ProofWay::TerminalPassword));
    counter.terminal("wrong", None);
    assert_eq!(counter.settles(visit, Way::TerminalPassword, ""), no);
    counter.terminal("ok", Some(1));
    assert_eq!(counter.settles(visit, Way::TerminalPassword, ""), no, "typed by somebody else");

    counter.terminal("ok", None);
    let yes = Ok(ProofWay::LibraryPassword);
    let mut heard = String::new();
    for (password, expected) in [(own.as_str(), yes), ("908172", no), ("", yes)] {
        write!(heard, "{:?}", counter.check(visit, Way::LibraryPassword, password)).expect("a text");
        assert_eq!(counter.gate(visit), expected, "{password}");
        write!(heard, "{:?}", counter.desk.visits().get(visit)).expect("a text");
    }
    write!(heard, "{:?}", counter.desk).expect("a text");
    drop(counter.desk);
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
        let late = counter.check(visit, Way::TerminalFace, "");
        assert_eq!(late, unavailable("医保终端在 100 毫秒内没有应答"));
    }
    assert_eq!(counter.gate(visit), Err(No::Refuse(Reason::OfflineUnavailable)));
    // The library is of the same file, and has much more time; it is told at once.
    let busy = counter.check(visit, Way::LibraryPassword, "");
    assert_eq!(busy, unavailable("动态库正忙，前面还有 16 次调用没有结束"));

    // What is answered too late is not what was asked for; those that were given up are not made any more.
    counter.terminal("ok", None);
    assert_eq!(counter.gate(visit), Err(No::Refuse(Reason::OfflineUnavailable)));
    let mut checks = (0..1_000).map(|_| counter.check(visit, Way::LibraryPassword, ""));
    assert!(checks.any(|outcome| is_passed(&outcome)), "it is free again");
    assert_eq!(counter.gate(visit), Ok(ProofWay::LibraryPassword));

    // A program that closes does not wait for it.
    counter.terminal("hang", None);
    counter.check(visit, Way::TerminalFace, "");
    let Counter { site, desk, .. } = counter;
    let (closed, closing) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(desk);
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
    let amount = Some("128.50".parse().expect("an amount"));
    let noticed = counter.desk.notify(visit, amount).expect("recorded");
    let Some(Verdict::FallBack(advice)) = noticed.advice else { panic!("{:?}", noticed.advice) };
    assert_eq!(advice.code, Some(500_319));
    assert!(matches!(counter.gate(visit), Err(No::FallBack(_))));
    assert_eq!(counter.settles(visit, Way::TerminalFace, ""), Ok(ProofWay::TerminalFace));
}

#[test]
fn names_are_settings_and_what_an_answer_lacks_is_said() {
    let face = |lines: &str| {
        let lines = format!("{TERMINAL}\n{lines}");
        let counter = Counter::with(|site| tables(site, &vendor(), &lines, LIBRARY)).expect("opened");
        let visit = counter.scan();
        counter.check(visit, Way::TerminalFace, "")
    };
    let passed = || OfflineOutcome::Passed { serial: None, token: None };
    for (lines, expected) in [
        ("data = { operatorId = '001', note = '引号\"与\\反斜杠' }", passed()),
        ("encoding = 'utf-8'\nserial_member = 'nothing'", passed()),
        ("auth_no_member = 'number'", unavailable("医保终端的应答没有 number")),
        ("check_operation = 'cn.nhsa.unknown'", failed("无效的请求地址")),
        ("check_operation = ''", unavailable("医保终端没有说明刷脸的是哪个令牌，不能确认是本次就诊的参保人")),
        ("check_operation = ''\nanswer_token_member = ''", passed()),
        (
            "answer_token_member = 'ecIndexNo'\nface_passed_member = 'userName'",
            failed("医保终端答复未通过（userName 不是 1）"),
        ),
        ("unusable_codes = ['-5']\nface_operation = 'cn.nhsa.unknown'", unavailable("无效的请求地址")),
    ] {
        let found = face(lines);
        // The number and the token of a check that was passed are for other tests.
        assert!(found == expected || is_passed(&found) && is_passed(&expected), "{lines}: {found:?}");
    }
    let OfflineOutcome::Unavailable { message } = unreachable_sandbox() else { panic!("answered") };
    assert!(message.starts_with("沙箱 http://127.0.0.1:1 没有应答"), "{message}");
}

/// What is said when nobody is at the address of the function.
fn unreachable_sandbox() -> OfflineOutcome {
    let counter = Counter::with(|site| {
        tables(site, &vendor(), TERMINAL, LIBRARY).replace(&site.simulator_url(), "http://127.0.0.1:1")
    });
    let counter = counter.expect("opened");
    let visit = counter.scan();
    counter.check(visit, Way::TerminalFace, "")
}

#[test]
fn what_is_not_plugged_in_or_wrong_is_named() {
    let neither = Counter::with(|_| String::new()).expect("opened");
    let visit = neither.scan();
    for (way, expected) in [
        (Way::TerminalFace, "[terminal] 的 face_operation"),
        (Way::TerminalPassword, "[terminal] 的 password_operation"),
        (Way::LibraryPassword, "[library]"),
    ] {
        let error = neither.desk.verify_offline(visit, way, None).expect_err("no port");
        assert_eq!(error, DeskError::NoPort(way));
        assert_eq!(setting(way), expected);
    }

    let only = |lines: &str| {
        Counter::with(|site| tables(site, &vendor(), lines, LIBRARY)).map(|counter| {
            let visit = counter.scan();
            [Way::TerminalFace, Way::TerminalPassword]
                .map(|way| counter.desk.verify_offline(visit, way, None).is_ok())
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
        let wrong = only(lines).expect_err("unusable");
        assert!(wrong.contains(named), "{lines}: {wrong}");
    }
}
