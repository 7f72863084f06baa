//! The papers of applications: brought, taken away, frozen with the form, and downloaded.

use std::iter::repeat_n;

use yanmi_onboarding::Role;
use yanmi_onboarding::application::{Attachment, MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS};
use yanmi_protocol::hex;

use super::by_applicant::{begun, ground, page, send};
use super::{FILLED_IN, begin, cast, done, stay, step, to_province};
use crate::console::person::Person;
use crate::console::somebody;
use crate::wire::Answer;

const PDF: &[u8] = b"%PDF-1.7\nstamped and signed by those in charge\n%%EOF\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR";
const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0\0\x10JFIF";
const JSON: &[u8] = b"{\"licence\": \"certified\"}";

/// Where a file is, by its digest; and the sixteen digits that people see.
fn place(path: &str, file: &[u8]) -> (String, String) {
    let attachment = Attachment::of_file("x", file).expect("a paper");
    (format!("{path}/attachments/{}", hex::encode(attachment.digest())), attachment.short_digest())
}

/// Logs in again where the session has ended, at either face.
async fn here(person: &mut Person, path: &str) {
    if path.starts_with("/a/") {
        page(person, "/a/").await;
    } else {
        stay(person).await;
    }
}

async fn bring(person: &mut Person, path: &str, name: &str, file: &[u8]) -> Answer {
    here(person, path).await;
    person.upload(&format!("{path}/attachments"), name, file).await
}

async fn brought(person: &mut Person, path: &str, name: &str, file: &[u8]) {
    let answer = bring(person, path, name, file).await;
    assert_eq!(answer.status, 303, "{name}: {}", answer.body);
    assert_eq!(answer.header("location"), Some(format!("{path}/attachments?done=1").as_str()));
}

async fn take_away(person: &mut Person, path: &str, file: &[u8]) -> Answer {
    here(person, path).await;
    let digest = hex::encode(Attachment::of_file("x", file).expect("a paper").digest());
    person.act(&format!("{path}/attachments"), &[("digest", &digest)]).await
}

/// The head of a download, which has to be these bytes.
async fn same(person: &mut Person, path: &str, file: &[u8]) -> String {
    here(person, path).await;
    let (head, bytes) = person.download_with_head(&place(path, file).0).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(bytes == file, "{head}");
    head.to_lowercase()
}

#[tokio::test]
async fn papers_are_brought_and_taken_away_from_both_faces_and_downloaded_as_they_were() {
    let (mut cast, [mut admin, mut technician, mut other]) = ground().await;
    let (path, there) = begun(&mut admin).await;
    assert!(page(&mut technician, &path).await.body.contains("添加或移除附件"));
    brought(&mut technician, &path, "盖章申请表.pdf", PDF).await;
    brought(&mut admin, &path, "执照.JPEG", JPEG).await;
    brought(&mut admin, &path, "又一个名字.pdf", PDF).await;
    let shown = page(&mut admin, &path).await.body;
    let (at, digits) = place(&path, PDF);
    assert!(shown.contains("盖章申请表") && shown.contains(&at) && shown.contains("JPEG"), "{shown}");
    assert!(!shown.contains("又一个名字"), "the same file twice is one: {shown}");
    assert!(shown.contains("添加附件") && shown.contains(&format!("附件 {digits}")), "{shown}");
    assert_eq!(take_away(&mut technician, &path, JPEG).await.status, 303);
    assert_eq!(take_away(&mut technician, &path, JPEG).await.status, 409, "it is gone");
    assert_eq!(page(&mut admin, &place(&path, JPEG).0).await.status, 404);
    assert!(page(&mut admin, &path).await.body.contains("移除附件"));
    // Only what the draft has is stored.
    assert_eq!(cast.site.number("SELECT count(*) FROM attachments").await, 1);
    assert_eq!(cast.site.number("SELECT count(*) FROM attachment_parts").await, 1);

    let head = same(&mut technician, &path, PDF).await;
    for line in [
        "content-type: application/pdf\r\n",
        "content-security-policy: sandbox; default-src 'none'\r\n",
        "x-content-type-options: nosniff\r\n",
        "cache-control: no-store\r\n",
        "content-disposition: attachment; filename=\"-----.pdf\"; filename*=utf-8''%e7%9b%96%e7%ab%a0%e7%94%b3%e8%af%b7%e8%a1%a8.pdf\r\n",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
    for nowhere in ["", "x", &"0".repeat(64), &"0".repeat(63)] {
        assert_eq!(page(&mut admin, &format!("{path}/attachments/{nowhere}")).await.status, 404, "{nowhere}");
    }
    // Another applicant's are not there, and no operator but who filed it changes anything.
    assert_eq!(page(&mut other, &at).await.status, 404);
    assert_eq!(page(&mut other, &format!("{path}/attachments")).await.status, 404);
    assert!(matches!(bring(&mut other, &path, "x.pdf", PDF).await.status, 403 | 404));
    let own = place(&there, PDF).0;
    same(&mut cast.county[0], &there, PDF).await;
    assert_eq!(bring(&mut cast.county[0], &there, "x.png", PNG).await.status, 403, "there is no form");
    let mut elsewhere = somebody(&cast.site, &mut cast.three, (Role::Clerk, "3502", 120)).await;
    assert_eq!(elsewhere.get(&own).await.status, 404);
    assert_eq!(elsewhere.get(&format!("{there}/attachments")).await.status, 404);

    let counter = begin(&mut cast.counter, "system").await;
    for (name, file) in [("证书.png", PNG), ("许可.json", JSON)] {
        brought(&mut cast.counter, &counter, name, file).await;
        same(&mut cast.counter, &counter, file).await;
    }
    assert_eq!(take_away(&mut cast.counter, &counter, PNG).await.status, 303);
    // One application's are not another's.
    assert_eq!(cast.counter.get(&place(&counter, PDF).0).await.status, 404);
    stay(&mut cast.three[2]).await;
    let events = cast.three[2].get("/o/events").await.body;
    for words in ["添加附件", "移除附件", digits.as_str(), "applicant:tech.one", "clerk.35"] {
        assert!(events.contains(words), "{words}: {events}");
    }
    assert!(!events.contains("盖章申请表"), "a title may name a person: {events}");
    assert!(cast.three[2].get("/o/events/chain").await.body.contains("操作记录完整"));

    let stopped = cast.site.stop().await;
    let mut stored = Vec::new();
    for entry in
        std::fs::read_dir(crate::files(&stopped.config, stopped.folder.path()).await).expect("a folder")
    {
        stored.extend(std::fs::read(entry.expect("an entry").path()).unwrap_or_default());
    }
    let holds = |part: &[u8]| stored.windows(part.len()).any(|window| window == part);
    assert!(holds(digits.as_bytes()), "the history, so this looks in the right place");
    for part in [&PDF[..20], &JSON[..16], "盖章申请表".as_bytes(), "许可.json".as_bytes()] {
        assert!(!holds(part), "{}", String::from_utf8_lossy(part));
    }
}

#[tokio::test]
async fn what_is_no_paper_is_refused_with_what_would_be_one() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    let mut large = PDF.to_vec();
    large.resize(MAX_ATTACHMENT_BYTES + 1, b' ');
    for (name, file, status, words) in [
        ("报告.pdf", &b"MZ\x90\0\x03"[..], 422, "PDF、PNG、JPEG 或 JSON"),
        ("a.pdf", b"<html><script>alert(1)</script>", 422, "PDF、PNG、JPEG 或 JSON"),
        ("a.png", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", 422, "按内容识别"),
        ("a.json", b"PK\x03\x04....", 422, "按内容识别"),
        ("a.json", b"{\"a\": ", 422, "按内容识别"),
        ("a.pdf", b"", 422, "文件是空的"),
        ("", PDF, 422, "没有选择文件"),
        ("a.pdf", &large, 413, "超过 5 MiB"),
    ] {
        let refused = bring(&mut cast.counter, &path, name, file).await;
        assert!(refused.status == status && refused.body.contains(words), "{name}: {}", refused.body);
    }
    assert_eq!(cast.site.number("SELECT count(*) FROM attachments").await, 0);
    // The largest there may be, whole; then the others up to the last.
    large.pop();
    brought(&mut cast.counter, &path, "a.pdf", &large).await;
    same(&mut cast.counter, &path, &large).await;
    assert_eq!(cast.site.number("SELECT count(*) FROM attachment_parts").await, 321);
    assert_eq!(
        cast.site.number("SELECT CAST(max(length(content)) AS BIGINT) FROM attachment_parts").await,
        16_384
    );
    for at in 1..MAX_ATTACHMENTS {
        brought(&mut cast.counter, &path, "证书.json", format!("[{at}]").as_bytes()).await;
    }
    let eleventh = bring(&mut cast.counter, &path, "a.png", PNG).await;
    assert!(eleventh.status == 409 && eleventh.body.contains("至多 10 个"), "{}", eleventh.body);
    brought(&mut cast.counter, &path, "again.json", b"[1]").await;
    assert_eq!(take_away(&mut cast.counter, &path, &large).await.status, 303);
    // What is called like a page of ours is called so and does nothing.
    let name = "<img src=x onerror=alert(1)>\u{202E}gnp.exe";
    brought(&mut cast.counter, &path, name, PNG).await;
    let shown = cast.counter.get(&path).await.body;
    assert!(!shown.contains("<img") && !shown.contains('\u{202E}') && shown.contains("gnp.exe"), "{shown}");
    let head = same(&mut cast.counter, &path, PNG).await;
    assert!(head.contains("exe.png\"") && head.contains("image/png"), "{head}");
    assert!(!head.contains("%e2%80%ae") && !head.contains("%3c"), "{head}");
    // Forms that no page has.
    let there = format!("{path}/attachments");
    for digest in ["", "xyz", &"0".repeat(63)] {
        assert_eq!(cast.counter.act(&there, &[("digest", digest)]).await.status, 400, "{digest}");
    }
    assert_eq!(cast.counter.act(&there, &[("digest", &"0".repeat(64))]).await.status, 409);
    let forged = cast.counter.post_file(&there, [("t", "AAAA"), ("code", "")], ("a.pdf", PDF)).await;
    assert_eq!(forged.status, 403);
}

#[tokio::test]
async fn papers_are_added_so_often_and_no_more() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    let mut added = 0;
    let refused = loop {
        let file = format!("[{added}]");
        let answer = bring(&mut cast.counter, &path, "a.json", file.as_bytes()).await;
        if answer.status != 303 {
            break answer;
        }
        added += 1;
        assert!(added <= 40, "there is no end");
        assert_eq!(take_away(&mut cast.counter, &path, file.as_bytes()).await.status, 303);
    };
    assert!(refused.status == 409 && refused.body.contains("至多添加 40 个"), "{}", refused.body);
    assert_eq!(added, 40);
    assert_eq!(cast.site.number("SELECT count(*) FROM attachment_parts").await, 0);
}

#[tokio::test]
async fn papers_are_frozen_with_the_form_that_was_submitted() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    brought(&mut cast.counter, &path, "一.pdf", PDF).await;
    let there = format!("{path}/attachments");
    // Somebody adds a paper after the form was shown: what is sent is not what was looked at.
    let seen = cast.counter.get(&path).await.body;
    let seen =
        seen.split("name=\"seen\" value=\"").nth(1).expect("a form").get(..64).expect("hex").to_owned();
    brought(&mut cast.counter, &path, "二.png", PNG).await;
    let token = cast.counter.token(&path).await;
    let stale =
        [&[("do", "submit"), ("seen", seen.as_str()), ("t", token.as_str())][..], &FILLED_IN].concat();
    let refused = cast.counter.post(&path, &stale, &[]).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    let token = cast.counter.token(&there).await;
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    assert_eq!(cast.site.number("SELECT count(*) FROM attachments WHERE round = 1").await, 2);

    // With a token of before, by hand.
    let late = cast.counter.post_file(&there, [("t", &token), ("code", "")], ("三.json", JSON)).await;
    assert!(late.status == 409 && late.body.contains("现在的状态"), "{}", late.body);
    let digest = place("", PDF).0.rsplit('/').next().expect("a digest").to_owned();
    let fields = [("t", token.as_str()), ("digest", digest.as_str())];
    assert_eq!(cast.counter.post(&there, &fields, &[]).await.status, 409);
    let shown = cast.counter.get(&there).await.body;
    assert!(shown.contains("不能更改") && !shown.contains("type=\"file\""), "{shown}");
    same(&mut cast.county[1], &path, PDF).await;
    assert!(cast.county[1].get(&path).await.body.contains(&place(&path, PNG).1));

    // Sent back it is open again; what was looked at in the first round stays.
    done(&mut cast.county[0], &path, &[("do", "claim")]).await;
    done(&mut cast.county[0], &path, &[("do", "return"), ("opinion", "扫描件看不清")]).await;
    let first = cast.site.bytes("SELECT digest FROM application_forms WHERE round = 1").await;
    assert_eq!(take_away(&mut cast.counter, &path, PNG).await.status, 303);
    brought(&mut cast.counter, &path, "三.json", JSON).await;
    let shown = cast.counter.get(&path).await.body;
    assert!(shown.contains("（上一轮没有）") && shown.contains("（上一轮有，已移除）"), "{shown}");
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    let second = cast.site.bytes("SELECT digest FROM application_forms WHERE round = 2").await;
    assert_ne!(first, second, "the same fields and other papers are another form");
    for file in [PDF, PNG, JSON] {
        same(&mut cast.county[0], &path, file).await;
    }
    let shown = cast.county[0].get(&path).await.body;
    assert!(shown.contains("（上一轮没有）") && shown.contains("（上一轮有，已移除）"), "{shown}");
    // A decision about the first round's form is none about these papers.
    done(&mut cast.county[0], &path, &[("do", "claim")]).await;
    let form: String = hex::encode(&first);
    let token = cast.county[0].token(&path).await;
    let fields = [("do", "pass"), ("check", "designated,persons,complete"), ("form", &form), ("t", &token)];
    assert_eq!(cast.county[0].post(&path, &fields, &[]).await.status, 409);
    done(&mut cast.county[0], &path, &[("do", "release")]).await;
    to_province(&mut cast, &path).await;
    same(&mut cast.approver, &path, JSON).await;
}

#[tokio::test]
async fn what_never_was_submitted_goes_with_the_draft() {
    let (cast, [mut admin, ..]) = ground().await;
    let (path, _) = begun(&mut admin).await;
    brought(&mut admin, &path, "一.pdf", PDF).await;
    assert_eq!(send(&mut admin, &path, &[("do", "withdraw")]).await.status, 303);
    assert_eq!(page(&mut admin, &place(&path, PDF).0).await.status, 404);
    assert!(page(&mut admin, &path).await.body.contains("没有附件"));
    assert_eq!(cast.site.number("SELECT count(*) FROM attachments").await, 0);

    let (path, _) = begun(&mut admin).await;
    brought(&mut admin, &path, "一.pdf", PDF).await;
    let submit = [&[("do", "submit")][..], &FILLED_IN].concat();
    assert_eq!(send(&mut admin, &path, &submit).await.status, 303);
    assert_eq!(send(&mut admin, &path, &[("do", "withdraw")]).await.status, 303);
    same(&mut admin, &path, PDF).await;
}

#[tokio::test]
async fn a_paper_that_was_changed_in_the_database_is_not_sent() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    let many: Vec<u8> = PDF.iter().copied().chain(repeat_n(b' ', 40_000)).collect();
    brought(&mut cast.counter, &path, "一.pdf", &many).await;
    same(&mut cast.counter, &path, &many).await;
    cast.site.execute("DELETE FROM attachment_parts WHERE part = 2").await;
    let broken = cast.counter.get(&place(&path, &many).0).await;
    assert_eq!(broken.status, 503, "{}", broken.body);
    assert_eq!(step(&mut cast.counter, &path, &[("do", "withdraw")]).await.status, 303);
}
