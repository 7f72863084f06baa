use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;
use yanmi_protocol::dictionary::{BusinessType, IdType};
use yanmi_protocol::{AccountId, Region, Sm4Key};
use yanmi_verification::Policy;

use super::setting::Raw;
use super::*;
use yanmi_http::{ListenSettings, Proxies, TlsFiles};

const KEY: &str = "0123456789abcdeffedcba9876543210";

/// The least a file must say beside its keys, as five lines.
const LEAST: &str = "region = \"350000\"\n\
                     listen.channel.address = \"127.0.0.1:0\"\n\
                     national.url = \"http://127.0.0.1:1/n\"\n\
                     national.org_id = \"center\"\n\
                     \n";

/// Both keys in the environment.
fn keys(name: &str) -> Option<String> {
    matches!(name, "YANMI_KEY_ENCRYPTION_KEY" | "YANMI_NATIONAL_KEY").then(|| KEY.to_owned())
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("/etc/yanmi/yanmi.toml"), &keys)
}

/// The problems of [`LEAST`] and these lines, which begin with the sixth.
fn problems(lines: &str) -> Vec<String> {
    match parse(&format!("{LEAST}{lines}")) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    }
}

fn good(lines: &str) -> Config {
    parse(&format!("{LEAST}{lines}")).unwrap_or_else(|error| panic!("{error}"))
}

fn essentials() -> Essentials {
    Essentials {
        region: Region::new("350000").expect("a region"),
        encryption_key: Sm4Key::from_hex(KEY).expect("a key"),
        national_url: Uri::from_static("http://127.0.0.1:1/n"),
        national_org_id: AccountId::new("center").expect("an account"),
        national_key: Sm4Key::from_hex(KEY).expect("a key"),
    }
}

fn explained(config: &Config) -> BTreeMap<&'static str, Line> {
    config.explain().into_iter().map(|line| (line.key, line)).collect()
}

/// Writes a file only its owner may read.
fn private(path: &Path, text: &str) {
    fs::write(path, text).expect("writing");
    permit(path, 0o600);
}

#[cfg(unix)]
fn permit(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}

#[cfg(not(unix))]
fn permit(_: &Path, _: u32) {}

#[test]
fn every_row_is_sound() {
    let config = Config::new(essentials(), Path::new("/var/lib/yanmi"));
    let mut seen = Vec::new();
    for setting in settings() {
        assert!(!seen.contains(&setting.key), "{} twice", setting.key);
        seen.push(setting.key);
        assert!(setting.about.ends_with('。') && setting.reason.ends_with('。'), "{}", setting.key);
        if let Form::Whole { unit, default, min, max } = setting.form {
            assert!(min <= default && default <= max, "{}", setting.key);
            let (_, name) = setting.split();
            assert_eq!(name.ends_with("_seconds"), unit == Unit::Seconds, "{name}");
            assert_eq!(name.ends_with("_milliseconds"), unit == Unit::Milliseconds, "{name}");
        }
        // The default in the table is the one a configuration made of defaults shows.
        let shown = (setting.show)(&config, &setting.form);
        match setting.form.default() {
            Some(_) if setting.key == "database" => {
                assert_eq!(shown, "\"sqlite:/var/lib/yanmi/yanmi.sqlite\"");
            }
            // A fixed port is not for centers of which there are several on one machine.
            Some(_) if setting.key == "listen.operations.address" => assert_eq!(shown, "（未设置）"),
            Some(default) => assert_eq!(shown, default.literal(), "{}", setting.key),
            None => {}
        }
    }
}

#[test]
fn the_defaults_are_those_of_the_reading() {
    let config = good("");
    assert_eq!(config.policy, Policy::default());
    assert_eq!(config.timestamp_window, Duration::from_mins(10));
    assert_eq!(config.delivery.call, Duration::from_secs(5));
}

/// A value that is not the default, as written in a file.
fn another(setting: &Setting) -> String {
    match setting.form {
        Form::Whole { default, .. } => (default + 1).to_string(),
        Form::Switch { default } => (!default).to_string(),
        Form::Networks { .. } => "[\"10.20.0.0/16\"]".to_owned(),
        Form::Codes { known, .. } => format!("[\"{}\"]", known[1].0),
        Form::Text { .. } => match setting.key {
            "region" => "\"360000\"",
            "database" => "\"sqlite:/other.sqlite\"",
            "console.database" => "\"postgres://u@standby/other\"",
            "national.url" => "\"https://national.example/ec\"",
            "insured.public_url" | "console.oidc.public_url" => "\"https://yanmi.example\"",
            "log.level" => "\"debug\"",
            "national.mac" => "\"always\"",
            "alarms.target" => "\"udp://127.0.0.1:514\"",
            "console.oidc.issuer" => "\"https://sso.example\"",
            "onboarding.holidays" => "\"20270101\"",
            "onboarding.urls" => "\"http://10.35.0.10:8350\"",
            key if key.ends_with(".client_address") => "\"forwarded\"",
            "policy.confirmed_amount" => "\"up-to\"",
            key if key.ends_with(".path_prefix") => "\"/front/pcs\"",
            key if key.ends_with(".address") => "\"127.0.0.1:18350\"",
            key if key.starts_with("listen.") => "\"/other.pem\"",
            _ => "\"/other\"",
        }
        .to_owned(),
        Form::Secret { .. } => unreachable!("keys have tests of their own"),
    }
}

#[test]
fn every_key_fills_its_own_field_and_no_other() {
    let base = explained(&good(""));
    for setting in settings().filter(|setting| !matches!(setting.form, Form::Secret { .. })) {
        let line = format!("{} = {}", setting.key, another(setting));
        // A key of LEAST is replaced; the others follow it.
        let kept = LEAST.lines().filter(|old| !old.starts_with(setting.key));
        let text = std::iter::once(line.as_str()).chain(kept).collect::<Vec<_>>().join("\n");
        let changed = match parse(&text) {
            Ok(config) => explained(&config),
            // Half a certificate, a way of no proxy, a file that must be there: the message names the key, which is all that is asked.
            Err(error) => {
                assert!(error.to_string().contains(setting.key), "{error}");
                let alone = [
                    "onboarding.signing_key",
                    "console.oidc.",
                    ".tls_",
                    "plain_http",
                    "client_address",
                    "database_password_file",
                    "console.database",
                ];
                assert!(alone.iter().any(|part| setting.key.contains(part)), "{error}");
                continue;
            }
        };
        for (key, line) in &changed {
            let same = line.value == base[key].value;
            assert_eq!(same, *key != setting.key, "{} changed {key}", setting.key);
        }
        assert_eq!(changed[setting.key].origin, Origin::File(1), "{}", setting.key);
    }
}

#[test]
fn a_standby_for_the_console_follows_a_database_on_postgresql() {
    let with = |database: &str, standby: &str| {
        let kept: Vec<&str> = LEAST.lines().filter(|line| !line.starts_with("database")).collect();
        parse(&format!("database = \"{database}\"\nconsole.database = \"{standby}\"\n{}", kept.join("\n")))
    };
    let config = with("postgres://u:secret@primary/db", "postgres://reader@standby/db").expect("good");
    let standby = config.console_database.expect("a standby");
    assert_eq!(standby.password.as_ref().map(|password| password.as_str()), Some("secret"), "the same one");
    assert!(!standby.to_string().contains("secret"), "{standby}");
    let own = with("postgres://u:secret@primary/db", "postgres://reader:other@standby/db").expect("good");
    let password = own.console_database.and_then(|standby| standby.password).expect("a password");
    assert_eq!(password.as_str(), "other");
    for (database, standby, said) in [
        ("sqlite:center.sqlite", "postgres://u@standby/db", "前者是 PostgreSQL 时才有可读的备库"),
        ("postgres://u@primary/db", "sqlite:copy.sqlite", "应写作"),
        ("postgres://u@primary/db", "postgres://u:secret@standby:x/db", "console.database"),
    ] {
        let error = with(database, standby).expect_err("refused").to_string();
        assert!(error.contains(said) && !error.contains("secret"), "{error}");
    }
}

#[test]
fn lists_of_codes_hold_codes_each_once_and_at_least_one() {
    let read = |key: &str, list: &str| parse(&format!("{LEAST}{key} = {list}\n"));
    let good = read("policy.certificate_types", "[\"01\", \"07\"]").expect("good");
    assert_eq!(good.certificate_types.iter().map(|kind| kind.code()).collect::<Vec<_>>(), ["01", "07"]);
    assert_eq!(explained(&good)["policy.certificate_types"].value, "[\"01\", \"07\"]");
    assert_eq!((good.business_types.len(), IdType::ALL.len()), (BusinessType::ALL.len(), 19));
    for (key, list, said) in [
        ("policy.certificate_types", "[]", "至少列出一个证件类型代码"),
        ("policy.certificate_types", "[\"01\", \"18\"]", "\"18\" 不是证件类型代码：应为 01、02、"),
        ("policy.certificate_types", "[\"01\", \"01\"]", "\"01\" 列出了两次"),
        ("policy.certificate_types", "\"01\"", "应为证件类型代码的列表，实际为字符串"),
        ("decode.business_types", "[]", "至少列出一个用码业务类型代码"),
        ("decode.business_types", "[\"1101\"]", "\"1101\" 不是用码业务类型代码：应为 01101、"),
        ("decode.business_types", "[1101]", "应为用码业务类型代码的列表"),
    ] {
        let error = read(key, list).expect_err("refused").to_string();
        assert!(error.contains(key) && error.contains(said), "{error}");
    }
}

#[test]
fn certificates_fill_their_fields() {
    let folder = tempfile::tempdir().expect("a folder");
    private(&folder.path().join("k.pem"), "");
    let text = format!(
        "{LEAST}[listen.institution]\naddress = \"0.0.0.0:443\"\ntls_certificate = \"c.pem\"\ntls_key = \"k.pem\""
    );
    let config = Config::parse(&text, &folder.path().join("yanmi.toml"), &keys).expect("a configuration");
    let opened = config.listen.opened();
    let tls = TlsFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
    let address = "0.0.0.0:443".parse().expect("an address");
    assert_eq!(
        opened[0].1,
        ListenSettings {
            name: "institution",
            address,
            tls: Some(tls),
            plain_http: false,
            proxies: Proxies::default()
        }
    );
    assert_eq!((opened[1].0, opened[1].1.tls.clone()), (Face::Channel, None));
    assert_eq!(config.warnings(), Vec::<String>::new());
}

#[test]
fn bounds_are_kept_to_the_unit() {
    for setting in settings() {
        let Form::Whole { min, max, unit, .. } = setting.form else { continue };
        let config = &mut Config::new(essentials(), Path::new(""));
        let mut put = |number: i128| {
            let given =
                setting::Given { raw: Raw::Whole(number), form: &setting.form, folder: Path::new("") };
            (setting.put)(config, &given)
        };
        assert_eq!(put(min.into()), Ok(()), "{}", setting.key);
        assert_eq!(put(max.into()), Ok(()), "{}", setting.key);
        for beyond in [i128::from(min) - 1, i128::from(max) + 1, i128::MAX, i128::MIN] {
            let refused = put(beyond).expect_err("refused");
            assert!(refused.contains("超出范围") && refused.contains(unit.name()), "{refused}");
        }
    }
}

#[test]
fn everything_wrong_is_said_at_once_and_in_order() {
    let text = "region = 350000\n\
                regoin = \"350000\"\n\
                log = \"debug\"\n\
                \n\
                [limits]\n\
                connections = 0\n\
                burst = \"viele\"\n\
                header_seconds = 1.5\n\
                ledger_batch = 9_000\n\
                \n\
                [metrics]\n\
                from = [\"10.1.2.3/8\"]\n\
                \n\
                [policies]\n\
                notice_seconds = 1\n";
    let error = Config::parse(text, Path::new("yanmi.toml"), &|_| None).expect_err("refused");
    insta::assert_snapshot!(error, @r#"
    配置文件 yanmi.toml 有 14 处问题：
      第 1 行：region：应为字符串（6 位省级医保区划代码），实际为整数
      第 2 行：不认识设置 regoin；是否应为 region？
      第 3 行：log：这是一组设置，应写作 [log]
      第 6 行：limits.connections：0 超出范围：应为整数 1 至 1_000_000（个连接）
      第 7 行：limits.burst：应为整数 1 至 1_000_000（次），实际为字符串
      第 8 行：limits.header_seconds：应为整数 1 至 60（秒），实际为小数
      第 9 行：limits.ledger_batch 与 limits.ledger_queue：前者不得大于后者，否则凑不满一批
      第 12 行：metrics.from："10.1.2.3/8" 的主机位不为零：若指整个网段，应写作 "10.0.0.0/8"
      第 14 行：不认识表 [policies]；是否应为 [policy]？
      缺少密钥：请设置 keys.encryption_key_file 或环境变量 YANMI_KEY_ENCRYPTION_KEY，没有它进程不启动
      缺少必须填写的设置 national.url：字符串（http:// 或 https:// 开头的网址）
      缺少必须填写的设置 national.org_id：字符串（1 至 40 个可见 ASCII 字符）
      缺少密钥：请设置 national.key_file 或环境变量 YANMI_NATIONAL_KEY，没有它进程不启动
      listen.institution.address 与 listen.channel.address 与 listen.operator.address 与 listen.applicant.address：至少要设置一个监听地址，否则进程无事可做
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, read as one")]
fn one_problem_each() {
    let table = [
        // The file itself.
        ("a = = 1", "第 6 行：TOML 语法错误："),
        (&format!("\n{}a = 1\n", "a.".repeat(100)), "第 7 行：设置的名称有太多个点"),
        ("region = \"350000\"", "第 6 行：同一设置或表出现了两次"),
        ("[limits]\n[limits]", "第 7 行：同一设置或表出现了两次"),
        ("[limits]\nconections = 1", "第 7 行：不认识设置 limits.conections；是否应为 limits.connections？"),
        ("limits.burst.more = 1", "第 6 行：limits.burst：应为整数 1 至 1_000_000（次），实际为表"),
        ("limits.burst = 99999999999999999999999999999999999999999", "第 6 行：limits.burst："),
        // Types of their own.
        ("database = \"postgres://u:secret@h\"", "第 6 行：database：缺少数据库名"),
        ("database = \"mysql://u:secret@h/d\"", "第 6 行：database：不认识这种数据库"),
        ("database = \"sqlite::memory:\"", "第 6 行：database：不能使用内存数据库"),
        ("database = \"sqlite:a?mode=ro\"", "第 6 行：database：数据库路径后不能带参数"),
        ("database = \"yanmi.sqlite\"", "第 6 行：database：\"yanmi.sqlite\" 缺少数据库种类"),
        ("database = \"\"", "第 6 行：database：不能为空"),
        (
            "listen.institution.address = \"localhost\"",
            "第 6 行：listen.institution.address：\"localhost\" 不是监听地址",
        ),
        ("outbound.allow = [\"10.0.0.0/33\"]", "第 6 行：outbound.allow：\"10.0.0.0/33\" 不是网段"),
        (
            "outbound.allow = [\"10.1.0.0/8\"]",
            "第 6 行：outbound.allow：\"10.1.0.0/8\" 的主机位不为零：若指整个网段，应写作 \"10.0.0.0/8\"",
        ),
        ("outbound.allow = [1]", "第 6 行：outbound.allow：应为网段列表（CIDR），实际为含有非字符串的列表"),
        ("national.prefix = \"a&b\"", "第 6 行：national.prefix：\"a&b\" 不符合要求"),
        (
            "log.level = \"trace\"",
            "第 6 行：log.level：\"trace\" 不符合要求：应为字符串（error、warn、info 或 debug）",
        ),
        ("log.requests = 1", "第 6 行：log.requests：应为true 或 false，实际为整数"),
        // Contradictions, at the later of the two lines.
        ("limits.burst = 1", "第 6 行：limits.burst 与 limits.requests_per_second："),
        ("limits.ledger_queue = 1", "第 6 行：limits.ledger_batch 与 limits.ledger_queue："),
        ("limits.connections = 1", "第 6 行：limits.held_queries 与 limits.connections："),
        ("limits.stop_seconds = 4", "第 6 行：limits.stop_seconds 与 delivery.call_milliseconds："),
        (
            "national.timeout_milliseconds = 5000",
            "第 6 行：national.timeout_milliseconds 与 delivery.call_milliseconds：",
        ),
        (
            "delivery.call_milliseconds = 3000\ndelivery.first_pause_milliseconds = 3000",
            "第 7 行：delivery.first_pause_milliseconds 与 delivery.call_milliseconds：",
        ),
        (
            "policy.token_seconds = 300\npolicy.confirmation_seconds = 300\npolicy.notice_seconds = 301",
            "第 8 行：policy.notice_seconds 与 policy.token_seconds：",
        ),
        ("policy.token_seconds = 300", "第 6 行：policy.confirmation_seconds 与 policy.token_seconds："),
        (
            "policy.notice_seconds = 60\npolicy.notice_interval_seconds = 60",
            "第 7 行：policy.notice_interval_seconds 与 policy.notice_seconds：",
        ),
        (
            "listen.institution.address = \"0.0.0.0:1\"",
            "第 6 行：listen.institution.address 与 listen.institution.plain_http：地址不是本机回环地址",
        ),
        (
            "listen.institution.plain_http = true",
            "第 6 行：listen.institution.address 与 listen.institution.plain_http：没有监听地址",
        ),
        (
            "console.oidc.issuer = \"http://sso.example\"",
            "第 6 行：console.oidc.issuer：除本机地址外必须以 https:// 开头",
        ),
        (
            "console.oidc.client_id = \"a\"",
            "第 6 行：console.oidc.issuer 与 console.oidc.client_id：没有前者",
        ),
        (
            "console.oidc.title = \"一二三四五六七八九十一二三四五六七八九十一\"",
            "第 6 行：console.oidc.title：",
        ),
        (
            "alarms.target = \"udp://10.9.0.9\"",
            "第 6 行：alarms.target：\"udp://10.9.0.9\" 不符合要求：应为字符串（https://",
        ),
        ("alarms.target = \"https://a:b@c\"", "第 6 行：alarms.target：网址中不能带用户名或密码"),
        // Passwords cross the console: there is no plain HTTP off this machine, and no setting for it.
        (
            "listen.operator.address = \"0.0.0.0:1\"",
            "第 6 行：listen.operator.address：地址不是本机回环地址，又没有证书",
        ),
        ("listen.operator.plain_http = true", "第 6 行：不认识设置 listen.operator.plain_http"),
        (
            "listen.channel.tls_certificate = \"c\"",
            "第 6 行：listen.channel.tls_certificate 与 listen.channel.tls_key：证书与私钥须同时设置",
        ),
        (
            "listen.channel.tls_certificate = \"c\"\nlisten.channel.tls_key = \"/no/such\"",
            "第 7 行：listen.channel.tls_key：无法打开文件 /no/such",
        ),
    ];
    for (lines, expected) in table {
        let found = problems(lines);
        assert_eq!(found.len(), 1, "{lines}: {found:#?}");
        assert!(found[0].starts_with(expected), "{lines}: {}", found[0]);
        assert!(!found[0].contains("secret"), "{}", found[0]);
    }
}

#[test]
fn national_addresses_are_checked_and_not_repeated() {
    let table = [
        ("ftp://national.example", "http:// 或 https://"),
        ("/relative", "http:// 或 https://"),
        ("http://user:secret@national.example/", "用户名或密码"),
        ("http://national.example/?secret", "? 或 #"),
        ("http://national.example/#secret", "? 或 #"),
        ("http:// secret", "不是合法的网址"),
    ];
    for (url, expected) in table {
        let text = LEAST.replace("http://127.0.0.1:1/n", url);
        let error = parse(&text).expect_err("refused").to_string();
        assert!(error.contains(expected) && !error.contains("secret"), "{error}");
    }
}

#[test]
fn listeners_need_an_address_each_of_their_own() {
    let none = parse(&LEAST.replace("listen.channel.address", "#")).expect_err("refused");
    assert!(none.to_string().contains("至少要设置一个监听地址"), "{none}");
    let same = LEAST.replace("127.0.0.1:0", "127.0.0.1:18350");
    let twice =
        parse(&format!("{same}listen.institution.address = \"127.0.0.1:18350\"")).expect_err("refused");
    assert!(twice.to_string().contains("不能使用同一地址"), "{twice}");
    // Any free port twice is two ports.
    good("listen.institution.address = \"127.0.0.1:0\"");
    // A process may be for operators or applicants alone, and one with nothing but its own health is for nobody.
    for (face, allowed) in [("operator", true), ("applicant", true), ("operations", false)] {
        let alone = LEAST.replace("listen.channel.address", &format!("listen.{face}.address"));
        assert_eq!(parse(&alone).is_ok(), allowed, "{face}");
    }
}

#[test]
fn a_provider_needs_all_that_it_is_asked_with() {
    let folder = tempfile::tempdir().expect("a folder");
    private(&folder.path().join("oidc.secret"), "the secret of the client\n");
    let with = |lines: &str| {
        let text = format!("{LEAST}[listen.institution]\naddress = \"127.0.0.1:0\"\n[console.oidc]\n{lines}");
        Config::parse(&text, &folder.path().join("yanmi.toml"), &keys)
    };
    let issuer = "issuer = \"https://sso.example\"\n";
    let rest = "client_id = \"yanmi\"\nclient_secret_file = \"oidc.secret\"\n";
    let url = |url: &str| format!("{issuer}{rest}public_url = \"{url}\"");
    let config = with(&url("https://yanmi.example:8353")).expect("a configuration");
    assert_eq!(config.oidc.title.as_str(), "统一认证登录");
    let explained = explained(&config);
    assert!(explained.values().all(|line| !line.value.contains("the secret")));
    assert!(!format!("{config:?}").contains("the secret"));
    for (lines, words) in [
        (
            issuer.to_owned(),
            "console.oidc.issuer 与 console.oidc.client_secret_file：统一认证登录还须设置后者",
        ),
        (rest.to_owned(), "console.oidc.issuer 与 console.oidc.client_id：没有前者，后者不起作用"),
        (url("http://yanmi.example"), "console.oidc.public_url：除本机地址外必须以 https:// 开头"),
        (url("https://yanmi.example/o"), "console.oidc.public_url：只写到主机名"),
    ] {
        let error = with(&lines).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_refused_value_is_not_reported_again_by_what_depends_on_it() {
    assert_eq!(problems("limits.requests_per_second = 0\nlimits.stop_seconds = 1").len(), 2);
    assert_eq!(problems("delivery.call_milliseconds = 0").len(), 1);
}

#[test]
fn warnings_are_given_for_what_is_allowed_but_risky() {
    let config = good(
        "listen.institution.address = \"0.0.0.0:1\"\n\
         listen.institution.plain_http = true\n\
         decode.enabled = true\n\
         outbound.allow = [\"0.0.0.0/0\"]\n\
         policy.timestamp_window_seconds = 299",
    );
    let warnings = config.warnings();
    let subjects: Vec<_> =
        warnings.iter().filter_map(|text| text.split_once('：')).map(|(key, _)| key).collect();
    assert_eq!(
        subjects,
        ["listen.institution.address", "decode.enabled", "outbound.allow", "policy.timestamp_window_seconds"]
    );
    let far = parse(&LEAST.replace("127.0.0.1:1/n", "national.example")).expect("a configuration");
    assert!(far.warnings()[0].starts_with("national.url："), "{:?}", far.warnings());
}

#[test]
fn without_a_key_there_is_no_start() {
    let error = Config::parse(LEAST, Path::new("yanmi.toml"), &|_| None).expect_err("refused");
    insta::assert_snapshot!(error, @r"
    配置文件 yanmi.toml 有 2 处问题：
      缺少密钥：请设置 keys.encryption_key_file 或环境变量 YANMI_KEY_ENCRYPTION_KEY，没有它进程不启动
      缺少密钥：请设置 national.key_file 或环境变量 YANMI_NATIONAL_KEY，没有它进程不启动
    ");
    // A variable that is set but empty is no key.
    let empty =
        Config::parse(LEAST, Path::new("yanmi.toml"), &|_| Some(" ".to_owned())).expect_err("refused");
    assert_eq!(empty, error);
}

#[test]
fn keys_come_from_exactly_one_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("yanmi.toml");
    private(&folder.path().join("kek"), &format!("{KEY}\n"));
    private(&folder.path().join("national"), "sixteen letters!");
    let text = format!("{LEAST}keys.encryption_key_file = \"kek\"\nnational.key_file = \"national\"\n");
    let config = Config::parse(&text, &file, &|_| None).expect("a configuration");
    assert_eq!(config.encryption_key, Sm4Key::from_hex(KEY).expect("a key"));
    assert_eq!(config.national.key, Sm4Key::from_ascii("sixteen letters!").expect("a key"));
    let lines = explained(&config);
    assert_eq!(lines["keys.encryption_key_file"].value, format!("KCV {}", config.encryption_key.kcv()));
    assert_eq!(lines["keys.encryption_key_file"].origin, Origin::KeyFile(6, folder.path().join("kek")));

    let error = Config::parse(&text, &file, &keys).expect_err("refused");
    assert_eq!(error.problems.len(), 2);
    assert!(
        error.to_string().contains("keys.encryption_key_file 与环境变量 YANMI_KEY_ENCRYPTION_KEY 只能"),
        "{error}"
    );
}

#[test]
fn unusable_keys_are_refused_without_being_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kek");
    let national = |name: &str| (name == "YANMI_NATIONAL_KEY").then(|| KEY.to_owned());
    let refused = |content: &str| {
        private(&path, content);
        let text = format!("{LEAST}keys.encryption_key_file = \"kek\"");
        let error = Config::parse(&text, &folder.path().join("yanmi.toml"), &national).expect_err("refused");
        assert_eq!(error.problems.len(), 1, "{error}");
        assert_eq!(error.problems[0].line, Some(6));
        error.to_string()
    };
    assert!(refused("secretsecret").contains("32 位十六进制"));
    assert!(!refused("secretsecret").contains("secret"));
    // Only the national center's key may be a text: ours is made by ourselves.
    assert!(refused("sixteen letters!").contains("32 位十六进制"));
    assert!(refused(&" ".repeat(300)).contains("超过 256 字节"));

    let text = format!("{LEAST}keys.encryption_key_file = \"missing\"");
    let error = Config::parse(&text, &folder.path().join("yanmi.toml"), &national).expect_err("refused");
    assert!(error.to_string().contains("无法打开文件"), "{error}");
    let broken = |_: &str| Some("secret".to_owned());
    let error = Config::parse(LEAST, Path::new("yanmi.toml"), &broken).expect_err("refused").to_string();
    assert!(error.contains("环境变量 YANMI_KEY_ENCRYPTION_KEY：") && !error.contains("secret"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_key_everybody_may_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kek");
    let national = |name: &str| (name == "YANMI_NATIONAL_KEY").then(|| KEY.to_owned());
    private(&path, KEY);
    let text = format!("{LEAST}keys.encryption_key_file = \"kek\"");
    for (mode, taken) in [(0o600, true), (0o400, true), (0o640, false), (0o644, false), (0o602, false)] {
        permit(&path, mode);
        let read = Config::parse(&text, &folder.path().join("yanmi.toml"), &national);
        assert_eq!(read.is_ok(), taken, "{mode:o}");
        if let Err(error) = read {
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }
}

#[test]
fn files_are_read_strictly() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("yanmi.toml");
    let load = || Config::load(&path, &keys).map_err(|error| error.to_string());
    assert!(load().expect_err("missing").contains("无法读取"));
    fs::write(&path, b"region = \"\xB8\xA3\"").expect("writing");
    assert!(load().expect_err("GBK").contains("UTF-8"));
    let bound = usize::try_from(MAX_FILE).expect("a size");
    fs::write(&path, " ".repeat(bound + 1)).expect("writing");
    assert!(load().expect_err("too long").contains("超过 1048576 字节"));
    let endless = Config::load(Path::new("/dev/zero"), &|_| None).expect_err("no end").to_string();
    assert!(endless.contains("超过 1048576 字节"), "{endless}");
    // What a Windows editor makes of a good file is still good, and lines are still counted.
    let windows = format!("\u{FEFF}{}limits.burst = 500\r\n", LEAST.replace('\n', "\r\n"));
    fs::write(&path, windows).expect("writing");
    let config = load().expect("a configuration");
    assert_eq!(explained(&config)["limits.burst"].origin, Origin::File(6));
    assert_eq!(config.database, Database::Sqlite(folder.path().join("yanmi.sqlite")));
}

/// What a database's password is read from, and what is said of it.
fn with_password(database: &str, file: Option<&str>, variable: Option<&str>) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = format!("database = \"{database}\"\n");
    if let Some(password) = file {
        private(&folder.path().join("p"), password);
        text.push_str("database_password_file = \"p\"\n");
    }
    let env = |name: &str| match name {
        "YANMI_DATABASE_PASSWORD" => variable.map(str::to_owned),
        name => keys(name),
    };
    let read = Config::parse(&format!("{text}{LEAST}"), &folder.path().join("yanmi.toml"), &env);
    let told = match &read {
        Ok(config) => format!("{config:?} {:?}", config.explain()),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!told.contains("s3cret"), "{told}");
    read.map_err(|error| error.to_string())
}

#[test]
fn a_databases_password_comes_from_one_place_and_is_never_shown() {
    let password = |config: Config| match config.database {
        Database::Postgres(settings) => settings.password.map(|password| password.to_string()),
        Database::Sqlite(_) => panic!("on PostgreSQL"),
    };
    let (bare, inside) = ("postgres://u@h/d", "postgres://u:s3cret-1@h/d");
    for (database, file, variable, expected) in [
        (bare, None, None, None),
        (inside, None, None, Some("s3cret-1")),
        (bare, Some("s3cret-2\n"), None, Some("s3cret-2")),
        (bare, None, Some("s3cret-3"), Some("s3cret-3")),
        (bare, Some("s3cret 4"), Some(""), Some("s3cret 4")),
    ] {
        let config = with_password(database, file, variable).expect("a configuration");
        assert_eq!(password(config).as_deref(), expected);
    }
    for (database, file, variable, expected) in [
        (inside, Some("s3cret"), None, "只能写在一处"),
        (inside, None, Some("s3cret"), "只能写在一处"),
        (bare, Some("s3cret"), Some("s3cret"), "只能写在一处"),
        (bare, Some(""), None, "应只有一行"),
        (bare, Some("s3cret\ns3cret"), None, "应只有一行"),
        ("sqlite:x", Some("s3cret"), None, "只用于 PostgreSQL"),
    ] {
        let error = with_password(database, file, variable).expect_err("refused");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn an_explanation_tells_value_and_origin_of_every_setting() {
    let config = good("[limits]\nburst = 1_000\n");
    let (set, defaults): (Vec<_>, Vec<_>) =
        config.explain().into_iter().partition(|line| line.origin != Origin::Default);
    assert_eq!(set.len() + defaults.len(), settings().count());
    let told: Vec<String> = set.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    region = "350000"  # 文件第 1 行
    keys.encryption_key_file = KCV 2677F4  # 环境变量 YANMI_KEY_ENCRYPTION_KEY
    listen.channel.address = "127.0.0.1:0"  # 文件第 2 行
    limits.burst = 1_000  # 文件第 7 行
    national.url = "http://127.0.0.1:1/n"  # 文件第 3 行
    national.org_id = "center"  # 文件第 4 行
    national.key_file = KCV 2677F4  # 环境变量 YANMI_NATIONAL_KEY
    "#);
    assert_eq!(defaults[0].to_string(), "database = \"sqlite:/etc/yanmi/yanmi.sqlite\"  # 默认值");
    assert_eq!(defaults[2].to_string(), "listen.institution.address = （未设置）  # 默认值");
    assert!(!format!("{config:?}").to_lowercase().contains(KEY));
}

#[test]
fn what_code_changes_is_explained_as_such() {
    let mut config = Config::new(essentials(), Path::new("/tmp"));
    config.listen.institution = Listen::plain(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.policy.notice_life = Duration::from_millis(1_500);
    let lines = explained(&config);
    assert_eq!(lines["policy.notice_seconds"].to_string(), "policy.notice_seconds = 1.5  # 程序设定");
    assert_eq!(lines["region"].origin, Origin::Code);
    assert_eq!(lines["limits.burst"].origin, Origin::Default);
    assert_eq!(
        config.problems(),
        ["policy.notice_interval_seconds 与 policy.notice_seconds：前者须短于后者，否则通知失效之前不能重发"]
    );
}

/// Compares a generated document with the one checked in, or rewrites it when asked to.
fn checked_in(name: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, generated).expect("writing");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == generated, "{name} is out of date: run the tests with UPDATE_REFERENCE=1");
}

#[test]
fn every_face_has_the_settings_of_a_listener() {
    for face in Face::ALL {
        for member in ["address", "tls_certificate", "tls_key"] {
            let key = format!("listen.{}.{member}", face.name());
            assert!(settings().any(|setting| setting.key == key), "{key}");
        }
    }
}

#[test]
fn the_reference_page_is_the_table() {
    checked_in("configuration.md", &reference_page());
}

#[test]
fn the_sample_of_the_reference_is_the_table_and_starts_a_center() {
    let sample = sample_file();
    checked_in("yanmi.example.toml", &sample);

    let folder = tempfile::tempdir().expect("a folder");
    for name in ["encryption", "national", "institution", "channel", "operations", "operator", "applicant"] {
        private(&folder.path().join(format!("{name}.key")), KEY);
    }
    private(&folder.path().join("oidc.secret"), KEY);
    let path = folder.path().join("yanmi.toml");
    fs::write(&path, &sample).expect("writing");
    let asit = Config::load(&path, &|_| None).expect("the sample as it is");
    let shown: Vec<_> = asit.listen.opened().iter().map(|(_, listen)| listen.address.to_string()).collect();
    assert_eq!(shown, ["127.0.0.1:8350", "127.0.0.1:8351", "127.0.0.1:8352"]);

    // With every setting uncommented it says the same, and the optional ones too.
    let uncommented: Vec<&str> = sample
        .lines()
        // A password and a standby are for the other kind of database.
        .filter(|line| {
            !line.starts_with("#database_password_file") && !line.starts_with("#database = \"postgres:")
        })
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', '='])).unwrap_or(line))
        .collect();
    fs::write(&path, uncommented.join("\n")).expect("writing");
    let whole = Config::load(&path, &|_| None).expect("the sample with everything");
    for (old, new) in asit.explain().into_iter().zip(whole.explain()) {
        if matches!(new.key, "database_password_file" | "console.database") {
            continue;
        }
        assert!(matches!(new.origin, Origin::File(_) | Origin::KeyFile(..)), "{new}");
        assert!(old.value == new.value || old.value == field::UNSET, "{old} / {new}");
    }
}
