//! Configuration files of the center, of the institution's side and of the test center.
//!
//! The first byte says whose file it is: `a` of the institution's side with an agent, `i` the same without, `t` of the test
//! center, `d` only the address of a center's database, in which a password stands; anything else is a center's.
//!
//! A refusal names the setting or the line and repeats no secret; and what a center says it understood is a file of the same
//! meaning.
#![no_main]

#[path = "../../crates/testcenter/src/settings.rs"]
#[expect(dead_code, reason = "a test center reads more of its settings than is looked at here")]
mod settings_of_test_center;

use std::path::Path;

use yanmi_agent::AgentConfig;
use yanmi_center::config::{Config, ConfigError, Database, Form, Line, settings};
use yanmi_client::ClientConfig;
use yanmi_client::config::{KEY_VARIABLE, Problem, VISITS_KEY_VARIABLE};

/// Where no file is.
const FOLDER: &str = "/nowhere/at-all";
/// A password, and a key.
const SECRET: &str = "Zq7Vx2Wk9";
const KEY: &str = "00112233445566778899AABBCCDDEEFF";
/// What a center needs beside its database.
const REST: &str = "region = \"350000\"\n[national]\nurl = \"http://127.0.0.1:1\"\norg_id = \"0001\"\n";

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [what, rest @ ..] = input else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match what {
        b'a' => agent(text),
        b'i' => institution(text),
        b't' => test_center(text),
        b'd' => database(text),
        _ => center(text),
    }
});

fn parse(text: &str) -> Result<Config, ConfigError> {
    let keys = |name: &str| {
        settings().any(|setting| matches!(setting.form, Form::Secret { variable, .. } if variable == name))
    };
    Config::parse(text, &Path::new(FOLDER).join("yanmi.toml"), &|name| keys(name).then(|| KEY.to_owned()))
}

fn center(text: &str) {
    match parse(text) {
        Ok(config) => understood(&config),
        Err(error) => {
            assert!(!error.problems.is_empty());
            let lines = text.split('\n').count();
            for problem in &error.problems {
                let is_placed = problem.line.is_some_and(|line| (1..=lines).contains(&line));
                let names = || settings().any(|setting| problem.message.contains(setting.key));
                assert!(is_placed || (problem.line.is_none() && names()), "{problem}");
                // What is the name of something is repeated; no key is one.
                let repeats = problem.message.contains(KEY) && !text.contains(KEY);
                assert!(!problem.message.is_empty() && !repeats, "{problem}");
            }
        }
    }
}

/// What a center says that it understood, as a file, means the same.
fn understood(config: &Config) {
    assert_eq!(config.problems(), Vec::<String>::new());
    let _ = config.warnings();
    let lines = config.explain();
    let mut text = String::new();
    for line in &lines {
        assert!(!line.value.contains(KEY), "{line:?}");
        let setting = settings().find(|setting| setting.key == line.key).expect("a setting");
        // Keys are shown by their check value, and what is not set by words in brackets.
        if !matches!(setting.form, Form::Secret { .. }) && !line.value.starts_with('（') {
            text.extend([line.key, " = ", &line.value, "\n"]);
        }
    }
    let again = parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"));
    let values = |lines: &[Line]| lines.iter().map(|line| (line.key, line.value.clone())).collect::<Vec<_>>();
    assert_eq!(values(&again.explain()), values(&lines), "{text}");
}

/// The address of a database, whose password nobody reads: `$` stands for it.
fn database(text: &str) {
    let address = text.replace('$', SECRET);
    if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
        return;
    }
    let said = match Database::parse(&address, Path::new(FOLDER)) {
        Ok(database) => {
            let shown = format!("{database} {database:?}");
            let again = Database::parse(&database.to_string(), Path::new(FOLDER));
            assert_eq!(again.expect("what is shown is an address").to_string(), database.to_string());
            // It may as well stand where a user, a host or a file is, and is shown then.
            let rest = address.split_once("://").map_or("", |(_, rest)| rest);
            let (authority, behind) = rest.split_once('/').unwrap_or((rest, ""));
            let (login, hosts) = authority.rsplit_once('@').unwrap_or_default();
            let user = login.split_once(':').map_or(login, |(user, _)| user);
            let is_password = ![user, hosts, behind].iter().any(|part| part.contains(SECRET));
            if is_password { shown } else { String::new() }
        }
        Err(why) => why,
    };
    assert!(!said.contains(SECRET), "{said}");
    let quoted = toml::Value::String(address.clone()).to_string();
    if let Err(error) = parse(&format!("database = {quoted}\n{REST}")) {
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}

fn keys(name: &str) -> Option<String> {
    [KEY_VARIABLE, VISITS_KEY_VARIABLE].contains(&name).then(|| KEY.to_owned())
}

/// What is wrong is said of a member, or of a line of the whole.
fn named(problems: &[Problem], text: &str) {
    assert!(!problems.is_empty());
    for problem in problems {
        assert!(!problem.message.is_empty() && !problem.message.contains(KEY), "{problem:?}");
        let member = problem.member.rsplit('.').next().unwrap_or_default();
        let whole = problem.member.is_empty() && problem.message.contains('行');
        assert!(!member.is_empty() || whole || text.contains("\"\""), "{problem:?}");
    }
}

/// The institution's side reads TOML and JSON alike.
fn institution(text: &str) {
    let read = ClientConfig::from_toml(text, Path::new(FOLDER), &keys);
    if let Err(error) = &read {
        named(&error.problems, text);
    }
    let Ok(value) = toml::from_str::<serde_json::Value>(text) else {
        return assert!(read.is_err(), "what is no TOML is refused");
    };
    let as_json = ClientConfig::from_json(&value.to_string(), Path::new(FOLDER), &keys);
    assert_eq!(format!("{read:?}"), format!("{as_json:?}"), "TOML and JSON say the same");
}

fn agent(text: &str) {
    match AgentConfig::from_toml(text, Path::new(FOLDER), &keys) {
        Ok(config) => assert!(config.allow_remote || config.listen.ip().is_loopback(), "{config:?}"),
        Err(error) => named(error.problems(), text),
    }
}

fn test_center(text: &str) {
    match settings_of_test_center::Settings::from_toml(text, Path::new(FOLDER)) {
        Ok(settings) => {
            assert!(
                settings.public_url.starts_with("http") && !settings.public_url.ends_with('/'),
                "{settings:?}"
            );
            assert!((1..=1_000).contains(&settings.limits.running) && settings.limits.spaces >= 1);
            assert!(settings.data.starts_with(FOLDER) || settings.data.is_absolute());
            assert!(!settings.operator.plain_http, "{settings:?}");
        }
        Err(error) => named(&error.problems, text),
    }
}
