//! The reference of the institution's calls against the code, and against a sandbox: the document, what is made of it, and
//! the page of every return code.

mod conforming;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use yanmi_protocol::envelope::Answer;
use yanmi_protocol::message::Call;
use yanmi_protocol::{Code, Sm4Key};

use crate::conforms::schema::misfit;
use crate::testcenter::{TestCenter, curl};
use crate::yanmi::{PROGRAM, Sandbox, http};

/// The key that is printed in the reference.
const KEY: &str = "00112233445566778899AABBCCDDEEFF";

fn reference(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn document() -> Value {
    serde_json::from_str(&reference("institution-openapi.json")).expect("JSON")
}

fn key() -> Sm4Key {
    Sm4Key::from_hex(KEY).expect("a key")
}

/// The answers that a call of the document shows.
fn shown(document: &Value, call: Call) -> Vec<(String, Value)> {
    let content = &document["paths"][call.path()]["post"]["responses"]["200"]["content"];
    let examples = content["application/json"]["examples"].as_object().expect("examples");
    examples.iter().map(|(name, example)| (name.clone(), example.clone())).collect()
}

/// A request of the `.http` file.
struct Sent {
    title: String,
    address: String,
    body: String,
}

/// The requests of the `.http` file, read as the clients of editors read them.
fn sent(text: &str) -> Vec<Sent> {
    let mut all = Vec::new();
    for part in text.split("\n### ").skip(1) {
        let (title, rest) = part.split_once('\n').expect("a title");
        let rest: Vec<&str> = rest.lines().skip_while(|line| line.starts_with('#')).collect();
        let address = rest[0].strip_prefix("POST ").expect("a method").to_owned();
        let blank = rest.iter().position(|line| line.is_empty()).expect("a blank line");
        assert_eq!(rest[1..blank], ["Content-Type: application/json"], "{title}");
        let body = rest[blank + 1..].join("\n").trim().to_owned();
        all.push(Sent { title: title.to_owned(), address, body });
    }
    all
}

/// Seconds, as the clients put them in place of `{{$timestamp}}`.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox has the time of the machine, and so has who asks it"
)]
fn seconds() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    since.as_secs().to_string()
}

#[test]
fn every_request_of_the_http_file_gets_from_a_sandbox_what_its_title_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let document = document();
    let mut code_on_the_phone = String::new();
    let requests = sent(&reference("institution.http"));
    for request in &requests {
        let body =
            request.body.replace("{{$timestamp}}", &seconds()).replace("{{ecQrCode}}", &code_on_the_phone);
        assert!(!body.contains("{{"), "{body}");
        if let Some(path) = request.address.strip_prefix("{{simulator}}") {
            let answer: Value =
                serde_json::from_str(&http(sandbox.port + 9, "POST", path, &body)).expect("JSON");
            answer["ecQrCode"].as_str().expect("a code").clone_into(&mut code_on_the_phone);
            continue;
        }
        let path = request.address.strip_prefix("{{center}}").expect("the center");
        let call = Call::ALL.into_iter().find(|call| call.path() == path).expect("a call");
        let answer = http(sandbox.port, "POST", path, &body);
        as_its_title_says(&document, call, &request.title, &answer);
    }
    assert!(requests.len() > 40, "{}", requests.len());
    sandbox.stop();
}

/// The code of the title, the words of the document, and members as it describes them.
fn as_its_title_says(document: &Value, call: Call, title: &str, body: &str) {
    let (code, _) = title.split_once(' ').and_then(|(_, rest)| rest.split_once('：')).expect("a code");
    let value: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(value["code"].to_string(), code, "{title}: {body}");
    let shown = shown(document, call);
    let example =
        shown.iter().find(|(name, _)| name == code).unwrap_or_else(|| panic!("no example of {code}"));
    assert_eq!(value["message"], example.1["value"]["message"], "{title}");
    assert_eq!(conforming::misfit_of_answer(document, call, body), None, "{title}: {body}");
}

#[test]
fn the_collection_of_postman_has_the_requests_of_the_http_file() {
    let collection: Value = serde_json::from_str(&reference("institution.postman.json")).expect("JSON");
    assert_eq!(
        collection["info"]["schema"],
        "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    );
    let variables: Vec<&Value> =
        collection["variable"].as_array().expect("a list").iter().map(|each| &each["key"]).collect();
    assert_eq!(variables, ["center", "simulator", "ecQrCode"]);
    let folders = collection["item"].as_array().expect("folders");
    let items = folders.iter().flat_map(|folder| folder["item"].as_array().expect("requests"));
    let requests: Vec<(String, String)> = items
        .map(|item| {
            let (request, text) =
                (&item["request"], |value: &Value| value.as_str().expect("a text").to_owned());
            assert_eq!((&request["method"], &request["body"]["mode"]), (&"POST".into(), &"raw".into()));
            let url = &request["url"];
            let host = text(&url["host"][0]);
            let path: Vec<String> = url["path"].as_array().expect("parts").iter().map(text).collect();
            assert_eq!(text(&url["raw"]), format!("{host}/{}", path.join("/")));
            (text(&url["raw"]), text(&request["body"]["raw"]))
        })
        .collect();
    let of_file: Vec<(String, String)> =
        sent(&reference("institution.http")).into_iter().map(|sent| (sent.address, sent.body)).collect();
    assert_eq!(requests, of_file);
}

#[test]
fn every_example_opens_and_says_what_the_program_says() {
    let document = document();
    for call in Call::OF_INSTITUTIONS {
        let operation = &document["paths"][call.path()]["post"];
        let codes: Vec<i32> = call.codes().map(Code::number).collect();
        assert_eq!(operation["x-codes"], serde_json::json!(codes), "{call:?}");
        let shown = shown(&document, call);
        for code in call.codes() {
            assert!(shown.iter().any(|(name, _)| *name == code.to_string()), "{call:?} {code}");
        }
        for (name, example) in &shown {
            let body = example["value"].to_string();
            assert_eq!(conforming::misfit_of_answer(&document, call, &body), None, "{call:?} {name}");
            let answer = Answer::parse(body.as_bytes()).expect("an answer");
            let code = Code::from_number(answer.code).expect("a code");
            assert!(
                name.split('-').find(|part| !part.is_empty()) == Some(code.to_string().trim_matches('-')),
                "{name}"
            );
            assert!(answer.message.starts_with(code.message()), "{name}: {}", answer.message);
            let opened =
                answer.enc_data.is_some().then(|| answer.open(&key()).expect("opens").as_str().to_owned());
            assert_eq!(example["x-plain"].as_str(), opened.as_deref(), "{call:?} {name}");
        }
        let asked = &operation["requestBody"]["content"]["application/json"];
        for (name, example) in asked["examples"].as_object().expect("examples") {
            conforming::request(&document, call, name, example);
            let fit = misfit(&document, &asked["schema"], &example["value"]).is_none();
            let meant_to = call != Call::Decode || !matches!(name.as_str(), "-2" | "500156" | "500316");
            assert_eq!(fit, meant_to, "{call:?} {name}");
        }
    }
}

/// The commands of a page, for a simulator elsewhere.
fn commands(page: &str, simulator: &str) -> String {
    let (_, rest) = page.split_once("```sh\n").expect("commands");
    let (block, _) = rest.split_once("```").expect("an end");
    block.replace("http://127.0.0.1:8359", simulator)
}

/// The first answer a page shows.
fn first_answer(page: &str) -> Value {
    let (_, rest) = page.split_once("```json\n").expect("an answer");
    let (block, _) = rest.split_once("\n```").expect("an end");
    serde_json::from_str(block).expect("JSON")
}

/// Follows every page in a folder beside `yanmi-sandbox/sandbox.json`: its code comes, with its words.
fn follow_pages(folder: &Path, simulator: &str) {
    let pages = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/codes");
    assert_eq!(std::fs::read_dir(pages).expect("a folder").count(), Code::ALL.len());
    for code in Code::ALL {
        let page = reference(&format!("codes/{code}.md"));
        let script = format!("yanmi() {{ \"$YANMI\" \"$@\"; }}\n{}", commands(&page, simulator));
        let ran = Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder)
            .env("YANMI", PROGRAM)
            .output()
            .expect("bash");
        let said = String::from_utf8(ran.stdout).expect("UTF-8");
        let answer = first_answer(&page);
        assert_eq!(answer["code"], code.number(), "{code}");
        let told = |sign: char| said.contains(&format!("\"code\":{code}{sign}"));
        assert!(told(',') || told('}'), "{code}: {said}");
        let words = answer["message"].as_str().expect("words");
        // A page that shows the desk has the desk's words for what went well.
        assert!(said.contains(words) || code == Code::Success, "{code}: {words}: {said}");
        assert!(page.contains(code.advice()), "{code}");
    }
}

#[test]
fn every_page_of_a_code_is_followed_in_a_sandbox_and_the_code_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(&folder.path().join("yanmi-sandbox"));
    follow_pages(folder.path(), &format!("http://127.0.0.1:{}", sandbox.port + 9));
    sandbox.stop();
}

#[test]
fn every_page_of_a_code_is_followed_in_a_space_of_a_test_center_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let center = TestCenter::start(folder.path());
    let space = center.space();
    let own = folder.path().join("yanmi-sandbox");
    std::fs::create_dir(&own).expect("a folder");
    std::fs::write(own.join("sandbox.json"), curl(&[&format!("{space}sandbox.json")])).expect("written");
    follow_pages(folder.path(), &format!("{space}play"));
}

#[test]
fn the_page_of_messages_has_every_member() {
    let (document, page) = (document(), reference("messages.md"));
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        for member in schema["properties"].as_object().expect("members").keys() {
            let known = page.contains(&format!("`{member}`")) || page.contains(&format!("\"{member}\""));
            assert!(known, "{member} of {name} is not on the page");
        }
    }
}
