//! What vendors, institutions and channels read.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use yanmi_client::{Ambient, Machine};

use super::Walk;
use crate::feedback::Joint;
use crate::yanmi::Sandbox;

pub(super) const PAGES: [&str; 9] = [
    "guide/first-hour.md",
    "guide/agent.md",
    "guide/channel.md",
    "guide/integrate.md",
    "guide/acceptance.md",
    "guide/channel-acceptance.md",
    "guide/apply.md",
    "guide/onboarding.md",
    "guide/testcenter.md",
];

/// A walk beside a sandbox in the folder `yanmi-sandbox`, at the ports it has.
fn beside_sandbox(page: &'static str, change: impl FnOnce(&mut Walk, &Sandbox)) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(&folder.path().join("yanmi-sandbox"));
    let mut walk = Walk::of(page);
    walk.before.push_str("Y=yanmi; P=EC000000000000000000000000000001; C=C0DE000000000000000000000000000A\n");
    change(&mut walk, &sandbox);
    let said = walk.run(folder.path());
    sandbox.stop();
    said
}

fn simulator(sandbox: &Sandbox) -> (&'static str, String) {
    ("127.0.0.1:8359", format!("127.0.0.1:{}", sandbox.port + 9))
}

#[test]
fn the_first_hour_ends_with_a_settlement() {
    let said = beside_sandbox("guide/first-hour.md", |walk, sandbox| {
        walk.left_out = vec![("cargo run --release -- sandbox", "the sandbox is started by the test")];
        walk.edits = vec![
            simulator(sandbox),
            ("上一步的ecQrCode", "$(member ecQrCode)".to_owned()),
            ("\"notcNo\":\"…\"", "\"notcNo\":\"'$N'\"".to_owned()),
            ("你的密文文件", "sealed.txt".to_owned()),
            ("echo -n '{\"a\":1}' | $Y seal --key 00112233445566778899AABBCCDDEEFF",
             "echo -n '{\"a\":1}' | $Y seal --key 00112233445566778899AABBCCDDEEFF 2> /dev/null > sealed.txt".to_owned()),
        ];
        walk.by_hand = vec![
            ("call notify", "T=$(member ecToken)".to_owned()),
            ("wrongPassword", "N=$(member notcNo)".to_owned()),
        ];
    });
    for word in [
        "\"notcFlag\":\"1\"",
        "\"state\":\"pending\"",
        "\"leftCnt\":\"4\"",
        "\"checkStas\":\"1\"",
        "{\"a\":1}",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn an_agent_is_up_in_five_minutes_and_its_gate_lets_settle() {
    let said = beside_sandbox("guide/agent.md", |walk, sandbox| {
        let (_, simulator) = simulator(sandbox);
        walk.edits = vec![
            ("$Y agent --config", "begin $Y agent --config".to_owned()),
            ("A=\"http://127.0.0.1:8360\"", "A=\"$READY\"".to_owned()),
            ("127.0.0.1:8359", simulator.clone()),
            // The person confirms meanwhile.
            (
                "# 等参保人",
                format!(
                    "N=$(curl -s http://{simulator}/phones/$P/notices | grep -o '\"notcNo\":\"[0-9]*' | head -n 1 | cut -d '\"' -f 4)\n\
                 curl -s http://{simulator}/phones/$P/act -d \"{{\\\"notcNo\\\":\\\"$N\\\",\\\"action\\\":\\\"confirm\\\",\\\"way\\\":\\\"01\\\"}}\"\n#"
                ),
            ),
        ];
        walk.by_hand = vec![(
            "$Y agent --config yanmi-agent",
            format!(
                "sed -i 's/127.0.0.1:8350/127.0.0.1:{}/; s/127.0.0.1:8360/127.0.0.1:0/' yanmi-agent/agent.toml",
                sandbox.port
            ),
        )];
    });
    assert!(said.contains("\"settle\":true"), "{said}");
}

#[test]
fn a_channel_registers_where_it_leads_and_takes_the_notices() {
    beside_sandbox("guide/channel.md", |walk, _| {
        walk.edits = vec![
            ("yanmi channel", "yanmi channel --config yanmi-sandbox/yanmi.toml".to_owned()),
            ("渠道编码", "$C".to_owned()),
            ("yanmi sandbox", "begin yanmi sandbox --dir other --port $FREE".to_owned()),
        ];
        let _ = writeln!(walk.before, "FREE={}", crate::yanmi::free_port());
        walk.after = "grep -q http://127.0.0.1:9000/notice other/sandbox.json\n".to_owned();
    });
}

#[test]
fn a_person_of_an_applicant_checks_the_key_and_logs_in() {
    let said = beside_sandbox("guide/onboarding.md", |walk, _| {
        walk.before.push_str("echo 00112233445566778899AABBCCDDEEFF > account.key\n");
    });
    let key = yanmi_protocol::Sm4Key::from_hex("00112233445566778899AABBCCDDEEFF").expect("a key");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.iter().any(|line| line.contains(&key.kcv().to_string())), "{said}");
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
    assert!(lines.iter().any(is_code), "{said}");
}

#[test]
fn a_terminal_has_its_moods() {
    let said = beside_sandbox("guide/integrate.md", |walk, sandbox| walk.edits = vec![simulator(sandbox)]);
    assert!(said.contains("\"mood\":\"unreachable\"") && said.contains("\"mood\":\"ok\""), "{said}");
}

#[test]
fn acceptance_hears_what_a_program_decided() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut walk = Walk::of("guide/acceptance.md");
    let port = crate::yanmi::free_port();
    walk.left_out = vec![("examples/run.sh", "the examples' own test runs it, and needs every language")];
    walk.edits = vec![
        ("yanmi acceptance", "begin yanmi acceptance".to_owned()),
        ("8400", port.to_string()),
        ("curl -d", "curl -s -d".to_owned()),
        ("扫码所得的令牌", "'$T'".to_owned()),
        ("\"token\":\"…\"", "\"token\":\"'$T'\"".to_owned()),
    ];
    // A run that was not played to its end says so by its exit code.
    let finish = format!(
        "curl -s -d '' http://127.0.0.1:{port}/acceptance/finish; wait \"${{begun[-1]}}\" || [ $? -eq 1 ]"
    );
    walk.by_hand = vec![
        (
            "acceptance/settle",
            "T=$(grep -m 1 -o '350000accept[0-9a-z]*' yanmi-acceptance/acceptance.json)".to_owned(),
        ),
        ("--sign", finish.clone()),
        ("yanmi report check", finish),
    ];
    let said = walk.run(folder.path());
    assert!(!said.contains("error"), "{said}");
    assert!(said.contains("验收编号  T350000-2026-000017") && said.contains("签名正确"), "{said}");
    assert!(said.contains("Signature Verified Successfully"), "{said}");
}

#[test]
fn channel_acceptance_posts_and_hears_what_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut walk = Walk::of("guide/channel-acceptance.md");
    let (port, nobody) = (crate::yanmi::free_port(), crate::yanmi::free_port());
    walk.edits = vec![
        ("yanmi channel-acceptance --port", "begin yanmi channel-acceptance --port".to_owned()),
        ("8410", port.to_string()),
        ("127.0.0.1:9000", format!("127.0.0.1:{nobody}")),
        ("curl -d", "curl -s --fail-with-body -d".to_owned()),
    ];
    // Nobody plays the app, so the run was not played to its end, and says so by its exit code.
    walk.after =
        "wait \"${begun[-1]}\" || [ $? -eq 1 ]\ngrep -q incomplete yanmi-channel-acceptance/report.json\n"
            .to_owned();
    let said = walk.run(folder.path());
    assert!(said.contains("withdrawn-first") && said.contains("\"notcNo\""), "{said}");
}

#[test]
fn an_institution_that_was_approved_gets_to_joint_debugging() {
    let joint = Joint::sent();
    let mut walk = Walk::of("guide/apply.md");
    // The pair of the reader is the one the offer was made for; both ways of making one are tried beside it.
    walk.edits = vec![
        ("key pair --private sm2.pem", "key pair --private made.pem".to_owned()),
        ("-algorithm SM2 -out sm2.pem", "-algorithm SM2 -out by-openssl.pem".to_owned()),
    ];
    let said = walk.run(joint.folder());
    assert!(said.contains("可以联调"), "{said}");
    let (toml, key) = (joint.read("client.toml"), joint.read("account.key"));
    assert!(toml.contains("org_code = \"H35010000001\""), "{toml}");
    // What OpenSSL decrypted is what the command wrote.
    let digits: String = said.split_whitespace().collect();
    assert!(digits.to_ascii_uppercase().contains(key.trim()), "{said}");
    assert!(said.contains("Signature Verified Successfully"), "{said}");
}

/// Begins a test center in which anybody may make a space, on a port of its own.
pub(super) const BEGIN_TESTCENTER: &str = r#"
begin_testcenter() {
    sed -i 's/8380/'"$FRONT"'/; s/127.0.0.1:8380/127.0.0.1:'"$FRONT"'/; s/127.0.0.1:8381/127.0.0.1:0/; s/open = false/open = true/' "$1"
    begin yanmi testcenter --config "$1"
}
"#;

#[test]
fn a_vendor_settles_in_a_space_and_lets_time_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut walk = Walk::of("guide/testcenter.md");
    let _ = writeln!(
        walk.before,
        "FRONT={}\n{BEGIN_TESTCENTER}\nyanmi testcenter --print-config > testcenter.toml\nbegin_testcenter testcenter.toml\n\
         MADE=$(curl -s -o /dev/null -w '%{{redirect_url}}' -d 'name=vendor&contact=x' \"$READY/spaces\")\n\
         curl -s -o /dev/null \"$MADE\"",
        crate::yanmi::free_port()
    );
    walk.edits = vec![
        ("https://联调中心的网址/s/您的空间", "${MADE%/}".to_owned()),
        ("上一步的ecQrCode", "$(member ecQrCode)".to_owned()),
        ("第二步的ecToken", "$T".to_owned()),
        ("上一步的ecToken", "$T".to_owned()),
        ("上一步的notcNo", "'$N'".to_owned()),
    ];
    walk.by_hand = vec![
        ("call notify", "T=$(member ecToken)".to_owned()),
        ("\"action\":\"confirm\"", "N=$(member notcNo)".to_owned()),
    ];
    let said = walk.run(folder.path());
    for word in ["\"notcFlag\":\"1\"", "\"checkStas\":\"1\"", "\"checkStas\":\"0\""] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

/// Longest the machine may take for the first ten minutes of the kit: the rest is reading and typing.
const TEN_MINUTES: Duration = Duration::from_mins(1);

#[test]
fn the_first_ten_minutes_of_the_kit_end_with_a_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // As `cargo xtask kit` packs it.
    for file in ["kit/yanmi_kit.py", "kit/vectors.json", "examples/person.py"] {
        let name = file.rsplit('/').next().expect("a name");
        std::fs::copy(root.join(file), folder.path().join(name)).expect(file);
    }
    let sandbox = Sandbox::start(&folder.path().join("yanmi-sandbox"));
    let mut walk = Walk::of("../kit/README.md");
    walk.left_out = vec![("yanmi acceptance", "the kit's own test has every language go through it")];
    let clock = Machine::new();
    let said = walk.run(folder.path());
    assert!(clock.elapsed() < TEN_MINUTES, "{:?}", clock.elapsed());
    sandbox.stop();
    for word in [
        "个向量全部相符",
        "已通知参保人的渠道应用",
        "尚未完成线上认证",
        "\nsettle 线上密码核验认证通过",
        "可以结算",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
}
