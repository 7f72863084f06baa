//! The sandbox, used as its printed guide says.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use crate::yanmi::{Sandbox, run};

/// The word after `label` in what a command printed.
pub(crate) fn after<'a>(text: &'a str, label: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    line.unwrap_or_else(|| panic!("no {label} in {text}")).trim()
}

#[test]
fn from_the_code_on_the_phone_to_the_settlement_and_on_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let world = sandbox.world();
    let (person, channel) = (&world["persons"][0]["ecIndexNo"], &world["channels"][0]["chnlId"]);
    let person = person.as_str().expect("an index");
    let shown =
        sandbox.ask(9, "POST", "/qr", &format!("{{\"ecIndexNo\":\"{person}\",\"chnlId\":{channel}}}"));
    let code = shown["ecQrCode"].as_str().expect("a code");
    let decoded = run(&["call", "decode", "--sandbox", &sandbox.file, "--qr", code], "");
    assert_eq!(decoded.code, 0, "{decoded:?}");
    let token = after(&decoded.out, "令牌").to_owned();
    let call = |file: &str, args: &[&str]| {
        let ran = run(&[&["call", args[0], "--sandbox", file, "--token", &token], &args[1..]].concat(), "");
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    };
    let notified = call(&sandbox.file, &["notify", "--amount", "128.50"]);
    assert!(after(&notified, "应答明文").ends_with("\"notcFlag\":\"1\"}"), "{notified}");
    let file = sandbox.file.clone();
    let rest = sandbox.stop();
    assert!(rest.contains("已停止"), "{rest}");
    // Everybody forgets what they held in memory, and nobody what counts.
    let sandbox = Sandbox::start(folder.path());
    assert_eq!(sandbox.file, file);
    let phone = sandbox.ask(9, "GET", &format!("/phones/{person}/notices"), "");
    assert_eq!(phone["notices"][0]["totalAmount"], "128.50");
    let act = serde_json::json!({"notcNo": phone["notices"][0]["notcNo"], "action": "confirm", "way": "01"});
    let done = sandbox.ask(9, "POST", &format!("/phones/{person}/act"), &act.to_string());
    assert_eq!(done["data"]["acptFlag"], "1", "{done}");
    let status = call(&file, &["status"]);
    assert!(after(&status, "应答明文").starts_with("{\"checkStas\":\"1\""), "{status}");
    sandbox.stop();
}

#[test]
fn every_magic_token_gives_its_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let world = sandbox.world();
    let tokens = world["magicTokens"].as_object().expect("tokens");
    assert!(tokens.len() >= 16);
    for (code, token) in tokens {
        let token = token.as_str().expect("a token");
        let ran = run(&["call", "notify", "--sandbox", &sandbox.file, "--token", token], "");
        assert!(ran.out.contains(&format!("{{\"code\":{code},")), "{code}: {ran:?}");
        assert_eq!(ran.code, i32::from(code != "500320" && code != "0"), "{code}");
    }
    let known: std::collections::BTreeSet<String> =
        yanmi_protocol::Code::ALL.iter().map(ToString::to_string).collect();
    let how = world["how"].as_object().expect("sentences");
    let listed: std::collections::BTreeSet<String> = tokens.keys().chain(how.keys()).cloned().collect();
    assert_eq!(listed, known, "every code of 1.9 has a token or a sentence");
}

/// What is in the folder that says who exists and where.
fn written(folder: &Path) -> Vec<(String, Vec<u8>)> {
    ["sandbox.json", "yanmi.toml", "center.key", "national.key"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::fs::read(folder.join(name)).ok()?)))
        .collect()
}

#[test]
fn a_second_start_harms_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let before = written(folder.path());
    assert_eq!(before.len(), 4);
    let dir = folder.path().to_str().expect("a path");
    let twice = run(&["sandbox", "--dir", dir, "--port", "11000"], "");
    assert!(twice.code != 0 && twice.err.contains("已在运行"), "{twice:?}");
    assert_eq!(written(folder.path()), before, "the same folder");
    let other = tempfile::tempdir().expect("a folder");
    let (other_dir, port) = (other.path().to_str().expect("a path"), sandbox.port.to_string());
    let taken = run(&["sandbox", "--dir", other_dir, "--port", &port], "");
    assert!(taken.code != 0 && taken.err.contains("无法监听"), "{taken:?}");
    assert_eq!(written(other.path()), [], "the same port");
    // The first one goes on as if nothing had been.
    let world: serde_json::Value = serde_json::from_slice(&before[0].1).expect("JSON");
    let magic = world["magicTokens"]["500320"].as_str().expect("a token");
    let ran = run(&["call", "status", "--sandbox", &sandbox.file, "--token", magic], "");
    assert!(ran.out.contains("{\"code\":500320,"), "{ran:?}");
    sandbox.stop();
    // Killed as it may be, the next one starts.
    drop(Sandbox::start(folder.path()));
    Sandbox::start(folder.path()).stop();
}

#[test]
fn the_commands_of_the_guides_work_on_its_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let config = folder.path().join("yanmi.toml");
    let config = config.to_str().expect("a path");
    for (words, shows) in [
        (&["account", "list"][..], "testOrgId"),
        (&["institution", "list"], "福州示范医院"),
        (&["channel", "list"], "示范渠道甲"),
        (&["account", "add", "--org-id", "mine", "--name", "我的系统"], "校验值"),
        (&["account", "list"], "我的系统"),
        (&["channel", "handover", "--id", "C0DE000000000000000000000000000A", "--none"], ""),
    ] {
        let ran = run(&[words, &["--config", config]].concat(), "");
        assert!(ran.code == 0 && ran.out.contains(shows), "{words:?}: {ran:?}");
    }
    sandbox.stop();
    // It refuses what `serve` would, also ports that somebody listens at.
    let checked = run(&["check", "--config", config], "");
    assert!(checked.code == 0 && checked.out.contains("decode.enabled"), "{checked:?}");
}

#[test]
fn a_channel_app_of_somebody_else_gets_the_notices() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = app.local_addr().expect("an address");
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = app.accept().expect("the center calls");
        let mut bytes = [0; 1_024];
        let count = stream.read(&mut bytes).expect("a request");
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).expect("answered");
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    });
    let channel = "C0DE000000000000000000000000000A";
    let url = format!("{channel}=http://{address}/mine");
    let sandbox = Sandbox::start_with(folder.path(), &["--channel-url", &url]);
    let world = sandbox.world();
    assert_eq!(world["channels"][0]["noticeUrl"], format!("http://{address}/mine"));
    let body = serde_json::json!({"ecIndexNo": world["persons"][0]["ecIndexNo"], "chnlId": channel});
    let shown = sandbox.ask(9, "POST", "/qr", &body.to_string());
    let code = shown["ecQrCode"].as_str().expect("a code");
    let decoded = run(&["call", "decode", "--sandbox", &sandbox.file, "--qr", code], "");
    let token = after(&decoded.out, "令牌").to_owned();
    let notified = run(&["call", "notify", "--sandbox", &sandbox.file, "--token", &token], "");
    assert!(notified.out.contains("{\"code\":500319,"), "it answers nothing of ours: {notified:?}");
    assert!(heard.join().expect("heard").starts_with("POST /mine HTTP/1.1"));
    sandbox.stop();
    // It stays so, until the channel is given back.
    let back = format!("{channel}=simulator");
    let sandbox = Sandbox::start_with(folder.path(), &["--channel-url", &back]);
    let text = std::fs::read_to_string(&sandbox.file).expect("sandbox.json");
    assert!(!text.contains("/mine"), "{text}");
    sandbox.stop();
    let unknown = run(
        &[
            "sandbox",
            "--dir",
            folder.path().to_str().expect("a path"),
            "--port",
            "11010",
            "--channel-url",
            "X=http://127.0.0.1:9/",
        ],
        "",
    );
    assert!(unknown.code != 0 && unknown.err.contains("没有渠道 X"), "{unknown:?}");
}

#[test]
fn on_a_test_network_the_faces_are_reached_and_the_simulator_is_not() {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").expect("a socket");
    // Nothing is sent: the address is set aside for documentation.
    socket.connect("192.0.2.1:9").expect("a machine with a network");
    let host = socket.local_addr().expect("an address").ip();
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start_with(folder.path(), &["--host", &host.to_string()]);
    let reached = |offset| std::net::TcpStream::connect((host, sandbox.port + offset)).is_ok();
    assert_eq!([reached(0), reached(1), reached(9)], [true, true, false]);
    let text = std::fs::read_to_string(folder.path().join("yanmi.toml")).expect("a file");
    assert!(text.contains("plain_http = true"), "{text}");
    sandbox.stop();
    let dir = folder.path().to_str().expect("a path");
    let everywhere = run(&["sandbox", "--dir", dir, "--port", "11020", "--host", "0.0.0.0"], "");
    assert!(everywhere.code != 0 && everywhere.err.contains("--host"), "{everywhere:?}");
}

#[test]
fn persons_of_every_kind_of_certificate_confirm_with_their_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let world = sandbox.world();
    let mut kinds = std::collections::BTreeSet::new();
    for person in world["persons"].as_array().expect("persons") {
        let index = person["ecIndexNo"].as_str().expect("an index");
        let kind = person["idType"].as_str().expect("a type");
        if !kinds.insert(kind.to_owned()) {
            continue;
        }
        let body = serde_json::json!({ "ecIndexNo": index, "chnlId": person["channels"][0] });
        let shown = sandbox.ask(9, "POST", "/qr", &body.to_string());
        let code = shown["ecQrCode"].as_str().expect("a code");
        let decoded = run(&["call", "decode", "--sandbox", &sandbox.file, "--qr", code], "");
        assert!(decoded.out.contains(&format!("\"idType\":\"{kind}\"")), "{decoded:?}");
        let token = after(&decoded.out, "令牌").to_owned();
        let notified = run(&["call", "notify", "--sandbox", &sandbox.file, "--token", &token], "");
        assert_eq!(notified.code, 0, "{kind}: {notified:?}");
        let phone = sandbox.ask(9, "GET", &format!("/phones/{index}/notices"), "");
        let act =
            serde_json::json!({"notcNo": phone["notices"][0]["notcNo"], "action": "confirm", "way": "01"});
        let done = sandbox.ask(9, "POST", &format!("/phones/{index}/act"), &act.to_string());
        assert_eq!(done["data"]["acptFlag"], "1", "{kind}: {done}");
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["01", "02", "04", "06", "08"]);
    sandbox.stop();
}
