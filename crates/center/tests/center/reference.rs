//! The reference of the institution's calls: `institution-openapi.json` with an example for every code, what is made of
//! it (`institution.http`, `institution.postman.json`, the tables of `messages.md`), and a page for every code.
//!
//! What is shown was asked of a center and answered by it. Which codes a call may answer is a table of the protocol
//! ([`Call::may_answer`]); a code of it that no request here brings about fails the test.

mod answers;
mod document;
mod http_file;
mod pages;
mod postman;
mod requests;
mod schemas;
mod tables;

use std::path::{Path, PathBuf};

use yanmi_protocol::message::Call;

use self::answers::Answered;

/// Where the reference is.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference")
}

/// Compares a page with the one that is checked in; with `UPDATE_REFERENCE=1`, writes it.
fn compare(name: &str, text: &str) {
    let path = folder().join(name);
    if std::env::var("UPDATE_REFERENCE").is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/reference/{name} is out of date: run `cargo xtask references`");
}

#[tokio::test]
async fn the_reference_of_the_institutions_calls_is_what_is_answered() {
    let answers = Box::pin(answers::all()).await;
    complete(&answers);
    let requests = requests::all();
    let document = document::document(&requests, &answers);
    compare("institution-openapi.json", &format!("{document:#}\n"));
    compare("institution.http", &http_file::text(&document));
    compare("institution.postman.json", &format!("{:#}\n", postman::collection(&document)));
    let messages = std::fs::read_to_string(folder().join("messages.md")).expect("a page");
    compare("messages.md", &tables::within(&messages));
    for (name, page) in pages::all(&answers) {
        compare(&name, &page);
    }
}

/// Every code a call may answer was answered by it.
fn complete(answers: &[Answered]) {
    for call in Call::OF_INSTITUTIONS {
        for code in call.codes() {
            let shown = answers.iter().any(|answer| (answer.call, answer.code) == (call, code));
            assert!(shown, "{call:?} may answer {code}, and nothing shows it");
        }
        for answer in answers.iter().filter(|answer| answer.call == call) {
            assert!(call.may_answer(answer.code), "{call:?} answered {}", answer.code);
        }
    }
}
