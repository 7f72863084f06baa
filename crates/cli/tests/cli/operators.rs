//! The sandbox's console: everybody in `sandbox.json` gets in with what stands there.

use std::path::Path;
use std::process::Command;

use crate::yanmi::{Sandbox, run};

/// What `curl` prints.
fn curl(args: &[&str]) -> String {
    let ran = Command::new("curl").args(["--silent", "--show-error"]).args(args).output().expect("curl runs");
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).expect("UTF-8")
}

/// Where somebody logs in: the member with the address, the member with the persons, and what its pages begin with.
type Face = (&'static str, &'static str, &'static str);
const CONSOLE: Face = ("operatorUrl", "operators", "/o/");
const APPLICANTS: Face = ("applicantUrl", "applicants", "/a/");

/// Logs one person in, from an address of his own; the page he sees there.
fn page(
    world: &serde_json::Value,
    (url, all, root): Face,
    at: usize,
    (file, path): (&str, &str),
    folder: &Path,
) -> String {
    let person = &world[all][at];
    let [url, login, password] =
        [&world[url], &person["login"], &person["password"]].map(|v| v.as_str().expect("a text"));
    let shown = run(&["operator", "code", "--sandbox", file, "--login", login], "");
    assert_eq!(shown.code, 0, "{shown:?}");
    let (login, password) = (format!("login={login}"), format!("password={password}"));
    let code = format!("code={}", shown.out.trim());
    let source = format!("127.0.0.{}", 20 + at);
    let jar = folder.join(format!("cookies-{all}-{at}"));
    let jar = jar.to_str().expect("a path");
    let from = ["--interface", source.as_str(), "--cookie-jar", jar, "--cookie", jar];
    let form = ["--data", &login, "--data", &password, "--data", &code, "--write-out", "%{http_code}"];
    let entered = curl(&[&from[..], &form, &["--output", "-", &format!("{url}{root}login")]].concat());
    assert!(entered.ends_with("303"), "{login}: {entered}");
    curl(&[&from[..], &[&format!("{url}{path}")]].concat())
}

#[test]
fn every_operator_of_the_sandbox_gets_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let world = sandbox.world();
    assert_eq!(world["operatorUrl"], format!("http://127.0.0.1:{}", sandbox.port + 3));
    let operators = world["operators"].as_array().expect("operators");
    let gets_in = |sandbox: &Sandbox, at: usize| {
        let page = page(&sandbox.world(), CONSOLE, at, (&sandbox.file, "/o/"), folder.path());
        let region = operators[at]["grants"][0]["region"].as_str().expect("a region");
        let name = operators[at]["name"].as_str().expect("a name");
        assert!(page.contains(&format!("（{region}）")) && page.contains(name), "{name}: {page}");
    };
    let config = folder.path().join("yanmi.toml");
    let listed = run(&["institution", "list", "--config", config.to_str().expect("a path")], "");
    assert_eq!(listed.out.lines().count(), 201, "a heading and two hundred: {}", listed.out);
    let approver = operators.iter().position(|one| one["login"] == "approver2").expect("an approver");
    let all = (sandbox.file.as_str(), "/o/applications?list=all");
    let shown = page(&world, CONSOLE, approver, all, folder.path());
    for state in
        ["草稿", "审核中", "已退回", "不予接入", "已撤回", "联调中", "待发密钥", "已接入", "停用中", "已注销"]
    {
        assert!(shown.contains(state), "{state}: {shown}");
    }
    // One more is brought in, and calls.
    let simulator = world["simulatorUrl"].as_str().expect("an address");
    let brought = curl(&["--request", "POST", &format!("{simulator}/onboard")]);
    let brought: serde_json::Value = serde_json::from_str(&brought).expect("JSON");
    assert_eq!(brought["checkStas"], "1", "{brought}");
    assert_eq!(brought["steps"].as_array().expect("steps").len(), 7);
    let last = operators.len() - 1;
    (0..last).filter(|at| *at != approver).for_each(|at| gets_in(&sandbox, at));
    let nobody = run(&["operator", "code", "--sandbox", &sandbox.file, "--login", "nobody"], "");
    assert!(nobody.code != 0 && nobody.err.contains("approver"), "{nobody:?}");
    sandbox.stop();
    let sandbox = Sandbox::start(folder.path());
    assert_eq!(sandbox.world()["operators"], world["operators"]);
    gets_in(&sandbox, last);
    sandbox.stop();
}

#[test]
fn every_person_of_an_applicant_gets_in_and_sees_his_own_account() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let world = sandbox.world();
    assert_eq!(world["applicantUrl"], format!("http://127.0.0.1:{}", sandbox.port + 4));
    let persons = world["applicants"].as_array().expect("applicants");
    assert_eq!(persons.len(), 4);
    for (at, person) in persons.iter().enumerate() {
        let page = page(&world, APPLICANTS, at, (&sandbox.file, "/a/"), folder.path());
        let account = person["applicant"]["account"].as_str().expect("an account");
        let name = person["applicant"]["name"].as_str().expect("a name");
        assert!(page.contains(&format!("/a/accounts/{account}")) && page.contains(name), "{name}: {page}");
        let others = persons.iter().filter_map(|other| other["applicant"]["account"].as_str());
        for other in others.filter(|other| *other != account) {
            assert!(!page.contains(other), "{name}: {page}");
        }
    }
    sandbox.stop();
    // Started again, everybody is who he was.
    let sandbox = Sandbox::start(folder.path());
    assert_eq!(sandbox.world()["applicants"], world["applicants"]);
    sandbox.stop();
}
