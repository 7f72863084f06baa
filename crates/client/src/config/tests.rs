//! What a configuration says, and what is said about a wrong one.

use std::time::Duration;

use super::*;
use crate::gate::Rules;

const KEY: &str = "00112233445566778899AABBCCDDEEFF";

fn good() -> String {
    format!(
        r#"
org_id = "his001"
key = "{KEY}"
region = "350000"
org_code = "H35010000001"
org_name = "福州示范医院"

[center]
plain_http = true
urls = ["http://10.0.0.1:8350/", "http://10.0.0.2:8350"]

[visits]
file = "visits.sqlite"
key = "{KEY}"
"#
    )
}

fn nothing(_: &str) -> Option<String> {
    None
}

fn read(text: &str) -> Result<ClientConfig, ConfigError> {
    ClientConfig::from_toml(text, Path::new("/etc/his"), &nothing)
}

fn said(text: &str) -> String {
    read(text).expect_err("wrong").to_string()
}

#[test]
fn a_configuration_and_its_defaults() {
    let config = read(&good()).expect("good");
    assert_eq!(config.center.urls, ["http://10.0.0.1:8350", "http://10.0.0.2:8350"]);
    assert_eq!(config.account.prefix, "sys");
    assert_eq!(config.center.call_timeout, Duration::from_secs(20));
    assert_eq!(config.center.status_serial, StatusSerial::Any);
    assert!(config.center.extended && config.center.compensate_clock);
    assert_eq!(config.gate, Rules::default());
    let visits = config.visits.as_ref().expect("visits");
    assert_eq!(visits.file, Path::new("/etc/his/visits.sqlite"));
    assert_eq!(visits.retain, Duration::from_hours(168));
    let shown = format!("{config:?}");
    assert!(!shown.contains("00112233") && !shown.contains("17, 34"), "{shown}");
    assert!(shown.contains(&config.account.key.kcv().to_string()), "{shown}");
}

#[test]
fn json_says_the_same() {
    let value: serde_json::Value = toml::from_str(&good()).expect("TOML");
    let text = format!("\u{FEFF}{value}");
    let config = ClientConfig::from_json(&text, Path::new("/etc/his"), &nothing).expect("good");
    assert_eq!(format!("{config:?}"), format!("{:?}", read(&good()).expect("good")));
    let broken = ClientConfig::from_json("{\n\"a\"", Path::new(""), &nothing).expect_err("broken");
    assert_eq!(broken.to_string(), "不是合法的 JSON（第 2 行第 3 列）");
}

#[test]
fn every_slip_is_told_by_name() {
    let table: &[(&str, &str, &str)] = &[
        (KEY, &KEY[1..], "key：密钥应为 32 位十六进制数字，实际为 31 位"),
        (KEY, "yanmi-test-key-1", "；若密钥是 16 个 ASCII 字符，请设置 key_form = \"ascii\""),
        ("org_id = \"his001\"", "", "org_id：缺失"),
        ("his001", "", "org_id：应为1 至 40 个可见 ASCII 字符"),
        ("350000", "35000", "region：应为6 位数字"),
        ("H35010000001", "35010000001", "org_code：应为H 或 P 加 11 位数字"),
        ("福州示范医院", "医院\\u202E", "org_name：含有不允许显示的字符 U+202E"),
        ("福州示范医院", "", "org_name：应为 1 至 40 个字符"),
        ("http://10.0.0.1:8350/", "10.0.0.1:8350", "center.urls：第 1 个地址应以 http:// 或 https:// 开头"),
        ("http://10.0.0.2:8350", "ftp://a", "center.urls：第 2 个地址应以 http:// 或 https:// 开头"),
        ("http://10.0.0.2:8350", "http://a b", "center.urls：第 2 个地址不是合法的网址"),
        ("http://10.0.0.2:8350", "http://u:p@a", "center.urls：第 2 个地址不能带用户名、口令或查询参数"),
        ("http://10.0.0.2:8350", "https://a", "center.roots：地址为 https 时必须给出根证书文件"),
        ("[visits]", "[visit]", "visit：不认识此设置；此处可用：org_id、"),
        ("[visits]", "order = \"x\"\n[visits]", "center.order：取值应为 listed、rotate 之一"),
        ("[visits]", "attempts = 11\n[visits]", "center.attempts：应为 1 至 10 的整数"),
        ("[visits]", "attempts = \"3\"\n[visits]", "center.attempts：应为 1 至 10 的整数"),
        ("[visits]", "url = \"x\"\n[visits]", "center.url：不认识此设置"),
        ("[visits]", "extended = 1\n[visits]", "center.extended：应为 true 或 false"),
        (
            "[visits]",
            "connect_timeout_milliseconds = 9000\n[visits]",
            "center.connect_timeout_milliseconds：不能大于 attempt_timeout_milliseconds",
        ),
        ("[visits]", "[gate]\ninpatient = \"否\"\n[visits]", "gate.inpatient：应为 true 或 false"),
        ("[visits]", "[gate]\nvalid_minutes = 4\n[visits]", "gate.valid_minutes：应为 5 至 1440 的整数"),
        ("file = \"visits.sqlite\"", "", "visits.file：缺失"),
        ("[visits]", "[visits]\nkey_file = \"k\"", "visits.key：与 key_file 只能设置其一"),
        ("[visits]", "[visits", "不是合法的 TOML（第 "),
        ("[center]", "prefix = \"a&b\"\n[center]", "prefix：应为 1 至 57 个字符，不含 &"),
    ];
    for (old, new, expected) in table {
        let text = good().replacen(old, new, 1);
        let said = said(&text);
        assert!(said.contains(expected), "{new}: {said}");
        assert!(!said.contains(&KEY[1..]), "{said}");
    }
    let empty = said("");
    for member in
        ["org_id：缺失", "key：缺失", "region：缺失", "org_code：缺失", "org_name：缺失", "center.urls："]
    {
        assert!(empty.contains(member), "{empty}");
    }
}

#[test]
fn keys_come_from_files_and_from_the_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("account.key"), format!("{KEY}\r\n")).expect("written");
    let mode = |mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(folder.path().join("account.key"), mode).expect("set");
    };
    mode(0o600);
    let text = good().replacen(&format!("key = \"{KEY}\""), "key_file = \"account.key\"", 1);
    let text = text.replacen(&format!("key = \"{KEY}\""), "", 1);
    let env = |name: &str| (name == VISITS_KEY_VARIABLE).then(|| KEY.to_owned());
    let config = ClientConfig::from_toml(&text, folder.path(), &env).expect("good");
    assert_eq!(config.account.key.kcv(), config.visits.expect("visits").key.kcv());
    let missing = ClientConfig::from_toml(&text, folder.path(), &nothing).expect_err("no key").to_string();
    assert_eq!(missing, "visits.key：缺失：设置 key、key_file 或环境变量 YANMI_VISITS_KEY 之一");
    std::fs::write(folder.path().join("account.key"), "x".repeat(300)).expect("written");
    let long = ClientConfig::from_toml(&text, folder.path(), &env).expect_err("too long").to_string();
    assert_eq!(long, "key_file：密钥文件超过 256 字节");
    for shared in [0o640, 0o604, 0o620] {
        mode(shared);
        let shared = ClientConfig::from_toml(&text, folder.path(), &env).expect_err("shared").to_string();
        assert!(shared.contains("对同组或其他用户开放") && shared.contains("chmod 600"), "{shared}");
    }

    let ascii = good().replacen(KEY, "yanmi-test-key-1", 1);
    let ascii = ascii.replacen("region", "key_form = \"ascii\"\nregion", 1);
    assert!(read(&ascii).is_ok());
}

fn write_private(path: &Path, text: &str) {
    use std::io::Write;
    let mut file = crate::private::making().open(path).expect("a new file");
    file.write_all(text.as_bytes()).expect("written");
}

#[cfg(unix)]
#[test]
fn a_key_in_a_file_that_others_may_read_is_refused_wherever_it_stands() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("set");
    };
    let value: serde_json::Value = toml::from_str(&good()).expect("TOML");
    for (name, text) in [("his.toml", good()), ("his.json", value.to_string())] {
        let path = folder.path().join(name);
        write_private(&path, &text);
        for mode in [0o640, 0o604, 0o620, 0o666] {
            set(&path, mode);
            let said = ClientConfig::load(&path, &nothing).expect_err("shared").to_string();
            let (path, lines) = (path.display(), said.lines().collect::<Vec<_>>());
            let why =
                format!("文件 {path} 对同组或其他用户开放：请先执行 chmod 600 {path}，并考虑更换其中的密钥");
            assert_eq!(lines, [format!("key：{why}"), format!("visits.key：{why}")], "{mode:o}");
        }
        set(&path, 0o400);
        assert!(ClientConfig::load(&path, &nothing).is_ok());
    }
    // Where no key stands in it, others may read it.
    let (path, key) = (folder.path().join("open.toml"), folder.path().join("account.key"));
    write_private(&key, KEY);
    let inline = format!("key = \"{KEY}\"");
    write_private(&path, &good().replace(&inline, "key_file = \"account.key\""));
    set(&path, 0o644);
    assert!(ClientConfig::load(&path, &nothing).is_ok());
    set(&key, 0o644);
    let said = ClientConfig::load(&path, &nothing).expect_err("shared").to_string();
    assert!(said.starts_with(&format!("key_file：文件 {} 对同组", key.display())), "{said}");
}

#[test]
fn files_are_read_by_their_ending() {
    let folder = tempfile::tempdir().expect("a folder");
    let (toml, json) = (folder.path().join("his.toml"), folder.path().join("his.JSON"));
    write_private(&toml, &good());
    let value: serde_json::Value = toml::from_str(&good()).expect("TOML");
    write_private(&json, &value.to_string());
    for path in [&toml, &json] {
        assert!(ClientConfig::load(path, &nothing).is_ok(), "{}", path.display());
    }
    let absent = ClientConfig::load(&folder.path().join("none"), &nothing).expect_err("none").to_string();
    assert!(absent.starts_with("配置文件 ") && absent.contains("无法读取"), "{absent}");
}

#[test]
fn the_sample_of_the_guide_shows_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/gate.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let sample = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a sample");
    let shown = read(sample).expect("good");
    let defaults = read(&good()).expect("good");
    assert_eq!(shown.gate, defaults.gate);
    // The addresses are those of the sample, and what they need is not a default.
    let (urls, roots) = (shown.center.urls.clone(), shown.center.roots.clone());
    let center = CenterSettings { urls, roots, plain_http: false, ..defaults.center };
    assert_eq!(format!("{:?}", shown.center), format!("{center:?}"));
    assert_eq!(shown.visits.expect("visits").retain, defaults.visits.expect("visits").retain);
}

/// E14: whoever is on the line of plain HTTP can have a bill settled.
#[test]
fn plain_http_stays_on_this_machine_unless_told_otherwise() {
    let with = |url: &str, plain: bool| {
        let urls = "\"http://10.0.0.1:8350/\", \"http://10.0.0.2:8350\"";
        let text = good().replace(urls, &format!("\"{url}\"")).replace("plain_http = true\n", "");
        if plain { text.replace("[center]\n", "[center]\nplain_http = true\n") } else { text }
    };
    for url in ["http://127.0.0.1:8350", "http://127.9.9.9:1", "http://localhost:8350", "http://[::1]:8350"] {
        let config = read(&with(url, false)).expect("stays here");
        assert_eq!(config.center.warning(), None, "{url}");
    }
    for url in ["http://10.0.0.1:8350", "http://center.example", "http://localhost.example", "http://[::2]:1"]
    {
        let error = said(&with(url, false));
        assert!(error.starts_with("center.urls：第 1 个地址是明文 HTTP"), "{error}");
        assert!(error.ends_with("plain_http = true"), "{error}");
        let warning = read(&with(url, true)).expect("told so").center.warning().expect("a warning");
        assert!(warning.contains("plain_http") && warning.contains(url), "{warning}");
    }
    for (word, mac) in [("auto", MacUse::Auto), ("always", MacUse::Always), ("never", MacUse::Never)] {
        let text = good().replace("[center]\n", &format!("[center]\nmac = \"{word}\"\n"));
        assert_eq!(read(&text).expect("good").center.mac, mac);
    }
    assert_eq!(read(&good()).expect("good").center.mac, MacUse::Auto);
    assert!(said(&good().replace("[center]\n", "[center]\nmac = \"yes\"\n")).starts_with("center.mac："));
}
