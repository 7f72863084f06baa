//! The feedback form in the hands of an institution: from the file that was sent to the first answer of a real center.

mod proxy;

use std::fs::Permissions;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use yanmi_agent::AgentConfig;
use yanmi_client::ClientConfig;
use yanmi_papers::feedback::{CenterUrl, ReqtType, TlsRoot};
use yanmi_papers::{Feedback, FeedbackNo, PrivateKey, Signed, Stage};
use yanmi_protocol::{AccountId, OrgCode, Region, Sm4Key, UnixMillis};

use self::proxy::{Proxy, certificate};
use crate::handed_keys::{new_key, offer};
use crate::yanmi::{Ran, Sandbox, run};

/// The form of the tests of the format; what the sandbox has differently is changed.
const FORM: &str = include_str!("../../../papers/tests/papers/feedback.json");
const DAY: Duration = Duration::from_hours(24);

/// An institution with what it was sent, and a sandbox as its center.
pub(crate) struct Joint {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
    issuer: PrivateKey,
    form: Feedback,
    key: Sm4Key,
}

/// The time of the machine, which the command goes by.
fn now() -> UnixMillis {
    yanmi_center::ports::Clock::system().now()
}

impl Joint {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let sandbox = Sandbox::start(&folder.path().join("sandbox"));
        let world = sandbox.world();
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let account = &world["accounts"][0];
        let key = Sm4Key::from_hex(&text(&account["key"])).expect("a key");
        let mut form = Signed::<Feedback>::read(FORM.as_bytes()).expect("a form").paper().clone();
        let region = Region::new(&text(&world["region"])).expect("a region");
        form.stage = Stage::Trial;
        form.supersedes = None;
        form.issuer.approved_at = now().minus(2 * DAY);
        form.issued_at = now().minus(DAY);
        form.valid_until = Some(now().plus(300 * DAY));
        form.reqt_type = ReqtType { prefix: "sys".to_owned(), region };
        form.system.org_id = AccountId::new(&text(&account["orgId"])).expect("an account");
        form.key.kcv = key.kcv();
        form.source_networks = Vec::new();
        form.center.urls = vec![CenterUrl::new(&text(&world["institutionUrl"])).expect("an address")];
        form.institutions.truncate(2);
        for (at, listed) in form.institutions.iter_mut().enumerate() {
            let member = &account["institutions"][at];
            listed.org_code = OrgCode::new(&text(&member["orgCodg"])).expect("a code");
            listed.name = text(&member["orgName"]);
        }
        let joint = Self { folder, sandbox, issuer: new_key(), form, key };
        joint.write("center.pem", &joint.issuer.public().to_pem());
        joint.write_private("account.key", &joint.key.to_hex());
        joint
    }

    /// The same as it is when everything was sent and nothing was opened yet.
    pub(crate) fn sent() -> Self {
        let joint = Self::start();
        std::fs::remove_file(joint.path("account.key")).expect("removed");
        let institution = new_key();
        joint.write_private("sm2.pem", &institution.to_pem());
        joint.write("offer.json", &offer(&joint.issuer, &institution.public(), &joint.key));
        joint.write(
            "feedback.json",
            &Signed::new(joint.form.clone(), &joint.issuer).expect("signed").to_json(),
        );
        joint
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    fn write_private(&self, name: &str, text: &str) {
        self.write(name, text);
        std::fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).expect("a mode");
    }

    /// Signs a form that is like the right one but for something, and checks it.
    fn check_with(&self, change: impl FnOnce(&mut Feedback), more: &[(&str, &str)]) -> Ran {
        let mut form = self.form.clone();
        change(&mut form);
        self.write("feedback.json", &Signed::new(form, &self.issuer).expect("signed").to_json());
        self.check(more)
    }

    /// Checks `feedback.json`, with more options, whose values are files of the folder.
    fn check(&self, more: &[(&str, &str)]) -> Ran {
        let given = |name: &str| more.iter().any(|(option, _)| *option == name);
        let defaults = [("--key-file", "account.key"), ("--issuer", "center.pem"), ("--roots", "roots.pem")];
        let defaults = defaults.iter().filter(|(option, _)| !given(option));
        let words = defaults.chain(more).flat_map(|(option, value)| {
            let value =
                if *option == "--org" { (*value).to_owned() } else { self.path(value).display().to_string() };
            [(*option).to_owned(), value]
        });
        let file = self.path("feedback.json").display().to_string();
        let words: Vec<String> =
            ["feedback".to_owned(), "check".to_owned(), file].into_iter().chain(words).collect();
        run(&words.iter().map(String::as_str).collect::<Vec<_>>(), "")
    }

    fn url(port: u16, scheme: &str) -> Vec<CenterUrl> {
        vec![CenterUrl::new(&format!("{scheme}://localhost:{port}")).expect("an address")]
    }
}

fn well(ran: &Ran) {
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out.lines().last(), Some("可以联调"), "{ran:?}");
}

fn wrong(ran: &Ran, words: &[&str]) {
    assert!(ran.code == 1 && !ran.out.contains("可以联调"), "{ran:?}");
    assert!(ran.err.lines().last().is_some_and(|line| line.starts_with("还不能联调")), "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word), "{word}: {ran:?}");
    }
}

#[test]
fn everything_right_ends_in_ready() {
    let joint = Joint::start();
    let ran = joint.check_with(|_| (), &[]);
    well(&ran);
    assert_eq!(ran.out.matches("状态查询").count(), 2, "{ran:?}");
    for words in ["签名", "福建省医疗保障局 签发", "校验值", "一致", "时钟", "500001", "福州示范大药房"]
    {
        assert!(ran.out.contains(words), "{words}: {ran:?}");
    }
    assert!(ran.err.contains("明文 HTTP") && ran.err.contains("是否已被替代"), "{ran:?}");
    assert!(!ran.out.contains(joint.key.to_hex().as_str()) && !ran.err.contains(joint.key.to_hex().as_str()));
    let one = joint.form.institutions[1].org_code.as_str().to_owned();
    let ran = joint.check_with(|_| (), &[("--org", &one)]);
    well(&ran);
    assert_eq!(ran.out.matches("状态查询").count(), 1, "{ran:?}");
    let ran = joint.check(&[("--org", "H35010299999")]);
    assert!(
        ran.code == 1 && ran.err.contains("没有机构 H35010299999") && ran.err.contains("挂接"),
        "{ran:?}"
    );
    joint.sandbox.stop();
}

#[test]
fn what_is_wrong_on_paper_is_said_before_anybody_is_called() {
    let joint = Joint::start();
    // Whoever is called would be noticed.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let with = |change: &dyn Fn(&mut Feedback), more: &[(&str, &str)]| {
        joint.check_with(
            |form| {
                form.center.urls = Joint::url(port, "http");
                change(form);
            },
            more,
        )
    };
    joint.write("forger.pem", &new_key().public().to_pem());
    joint.write_private("other.key", "00112233445566778899AABBCCDDEEFF");
    wrong(
        &with(&|_| (), &[("--issuer", "forger.pem")]),
        &["签名：签名所用的密钥是", "（机构信息系统）不要使用"],
    );
    wrong(
        &with(&|form| form.valid_until = Some(now()), &[]),
        &["已于", "到期。（机构信息系统）向中心申请换发"],
    );
    wrong(&with(&|form| form.issued_at = now().plus(DAY), &[]), &["起有效，本机时间是", "校准本机时钟"]);
    let ran = with(&|form| form.valid_until = Some(now()), &[("--key-file", "other.key")]);
    wrong(
        &ran,
        &["问题 1：有效期", "问题 2：校验值", "（机构信息系统）核对是否用了别的密钥", "上面 2 个问题"],
    );
    assert!(ran.err.contains(&joint.key.kcv().to_string()), "{ran:?}");

    let mut newer = joint.form.clone();
    newer.number = FeedbackNo::read("F350000-2026-000124").expect("a number");
    newer.supersedes = Some(joint.form.number);
    joint.write("newer.json", &Signed::new(newer.clone(), &joint.issuer).expect("signed").to_json());
    wrong(
        &with(&|_| (), &[("--other", "newer.json")]),
        &["已被 F350000-2026-000124 替代。（机构信息系统）改用"],
    );
    joint.write("newer.json", &Signed::new(newer, &new_key()).expect("signed").to_json());
    let ran = with(&|form| form.valid_until = Some(now()), &[("--other", "newer.json")]);
    assert!(ran.err.contains("没有用它判断") && !ran.err.contains("替代。"), "{ran:?}");

    let signed = std::fs::read_to_string(joint.path("feedback.json")).expect("a form");
    joint.write("feedback.json", &signed.replace("\"rate\":50", "\"rate\":51"));
    wrong(&joint.check(&[]), &["签名与内容不符"]);
    std::fs::set_permissions(joint.path("account.key"), Permissions::from_mode(0o644)).expect("a mode");
    let ran = with(&|_| (), &[]);
    assert!(ran.code == 1 && ran.err.contains("chmod 600"), "{ran:?}");
    listener.set_nonblocking(true).expect("set");
    assert_eq!(listener.accept().expect_err("nobody called").kind(), std::io::ErrorKind::WouldBlock);
    joint.sandbox.stop();
}

#[test]
fn what_the_center_refuses_is_for_the_center_to_mend() {
    let joint = Joint::start();
    let ran = joint.check_with(|form| form.system.org_id = AccountId::new("nobody").expect("an id"), &[]);
    wrong(&ran, &["（-4）。（地方电子凭证中心）", "nobody 是否启用", "yanmi denied"]);
    let elsewhere = joint.sandbox.world()["accounts"][1]["institutions"][0]["orgCodg"].clone();
    let elsewhere = OrgCode::new(elsewhere.as_str().expect("a code")).expect("a code");
    let ran = joint.check_with(|form| form.institutions[1].org_code = elsewhere, &[]);
    wrong(&ran, &["（500316）。（地方电子凭证中心）", "yanmi institution attach"]);
    assert_eq!(ran.out.matches("状态查询").count(), 1, "the first is well: {ran:?}");
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let ran = joint.check_with(|form| form.center.urls = Joint::url(port, "http"), &[]);
    wrong(&ran, &["请求中心失败：无法连接。（机构信息系统）检查本机到 http://localhost", "防火墙"]);
    joint.sandbox.stop();
}

#[test]
fn a_clock_that_is_off_is_said() {
    let joint = Joint::start();
    let ahead = |span: Duration| Proxy { tls: None, time: Some(now().plus(span)) }.start(joint.sandbox.port);
    let port = ahead(Duration::from_mins(2));
    let ran = joint.check_with(|form| form.center.urls = Joint::url(port, "http"), &[]);
    well(&ran);
    assert!(ran.err.contains("本机时钟比中心慢") && ran.err.contains("ntp.fj.hsip.gov.cn"), "{ran:?}");
    let port = ahead(Duration::from_mins(20));
    let ran = joint.check_with(|form| form.center.urls = Joint::url(port, "http"), &[]);
    wrong(
        &ran,
        &["时钟：本机比中心慢", "中心只接受相差 600 秒之内", "（机构信息系统）校准本机时钟（时钟源 ntp"],
    );
    joint.sandbox.stop();
}

#[test]
fn only_the_roots_of_the_form_are_believed() {
    let joint = Joint::start();
    let ((pem, tls), (other, _)) = (certificate(), certificate());
    let port = Proxy { tls: Some(tls), time: None }.start(joint.sandbox.port);
    let secured = |root: &str, until: UnixMillis, file: &str| {
        let encoded: String = root.lines().filter(|line| !line.starts_with("-----")).collect();
        let bytes = base64_decoded(&encoded);
        let root = TlsRoot { sha256: Sha256::digest(bytes).into(), not_after: until };
        joint.write("roots.pem", file);
        joint.check_with(
            |form| {
                form.center.urls = Joint::url(port, "https");
                form.center.tls_roots = vec![root];
            },
            &[],
        )
    };
    let later = now().plus(1_000 * DAY);
    let ran = secured(&pem, later, &pem);
    well(&ran);
    assert!(ran.out.contains("根证书  1 个，都在反馈表上"), "{ran:?}");
    wrong(&secured(&pem, later, &other), &["不在反馈表上。（机构信息系统）去掉它"]);
    wrong(&secured(&pem, now(), &pem), &["已于", "到期。（地方电子凭证中心）换发根证书"]);
    wrong(&secured(&other, later, &other), &["TLS 握手失败", "（地方电子凭证中心）核对 https://localhost"]);
    wrong(&secured(&pem, later, ""), &["其中没有证书。（机构信息系统）"]);
    let ran = secured(&pem, now().plus(DAY), &pem);
    well(&ran);
    assert!(ran.err.contains("请向中心索取新的"), "{ran:?}");
    joint.sandbox.stop();
}

/// Base64 by the tool that everybody has.
fn base64_decoded(text: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("text");
    std::fs::write(&file, text).expect("written");
    std::process::Command::new("base64").arg("-d").arg(file).output().expect("base64").stdout
}

#[test]
fn a_configuration_is_printed_for_one_institution() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("feedback.json");
    std::fs::write(&file, FORM).expect("written");
    let file = file.to_str().expect("a path");
    let ran = run(&["feedback", "config", file], "");
    assert!(ran.code == 1 && ran.err.contains("有 2 个机构，请用 --org 指明一个"), "{ran:?}");
    let ran = run(&["feedback", "config", file, "--org", "P35010200002"], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let key = folder.path().join("account.key");
    std::fs::write(&key, "00112233445566778899AABBCCDDEEFF").expect("written");
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).expect("a mode");
    let config = ClientConfig::from_toml(&ran.out, folder.path(), &|_| None).expect("a configuration");
    assert_eq!(config.institution.org_code.as_str(), "P35010200002");
    assert_eq!(config.center.roots.as_deref(), Some(folder.path().join("roots.pem").as_path()));
    // The agent reads the same file, with a place for its visits.
    let visits = "\n[visits]\nfile = \"visits.sqlite\"\nkey = \"FFEEDDCCBBAA99887766554433221100\"\n";
    let agent = AgentConfig::from_toml(&format!("{}{visits}", ran.out), folder.path(), &|_| None);
    let agent = agent.expect("a configuration").client;
    assert_eq!((agent.institution, agent.account.org_id), (config.institution, config.account.org_id));
    let forger = folder.path().join("forger.pem");
    std::fs::write(&forger, new_key().public().to_pem()).expect("written");
    let forger: &Path = &forger;
    let words =
        ["feedback", "config", file, "--org", "P35010200002", "--issuer", forger.to_str().expect("a path")];
    let ran = run(&words, "");
    assert!(ran.code == 1 && ran.out.is_empty() && ran.err.contains("签名不对"), "{ran:?}");
}
