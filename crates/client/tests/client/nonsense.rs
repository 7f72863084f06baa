//! Servers that fail in every way: what comes of each, and that no address is asked more often than allowed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use yanmi_client::transport::Trouble;
use yanmi_client::{CenterClient, Failure, StatusAnswer, StatusQuery};
use yanmi_protocol::{EcToken, Sm4Key, envelope};

use crate::hands::Hands;
use crate::site::config;

fn key() -> Sm4Key {
    Sm4Key::from_ascii("yanmi-test-key-1").expect("a key")
}

/// What a server does with a connection after it has read the request.
type Manner = fn(&mut TcpStream);

/// A server of one manner, which counts and ends when dropped.
struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
    ending: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (asked, ending) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, ended) = (Arc::clone(&asked), Arc::clone(&ending));
        let thread = std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) > 0 {
                    return;
                }
                let mut stream = stream.expect("a connection");
                if read_request(&mut stream) {
                    counted.fetch_add(1, Ordering::SeqCst);
                    manner(&mut stream);
                    // Whoever says no more keeps the line open.
                    held.push(stream);
                }
            }
        });
        Self { url, asked, ending, thread: Some(thread) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ending.store(1, Ordering::SeqCst);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no panic");
        }
    }
}

/// Reads a request to the last byte of its body.
fn read_request(stream: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&seen);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase().split("content-length: ").nth(1).map(|rest| {
                rest.split("\r\n").next().and_then(|digits| digits.parse::<usize>().ok()).expect("a length")
            });
            if body.len() >= length.unwrap_or(0) {
                return true;
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return false,
            Ok(count) => seen.extend_from_slice(&chunk[..count]),
        }
    }
}

fn say(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    // The other side may have gone.
    let _ = stream.write_all(answer.as_bytes());
    let _ = stream.shutdown(Shutdown::Write);
}

fn sealed(key: &Sm4Key, message: &str) -> String {
    envelope::success(key, message.as_bytes())
}

const GOOD: &str = r#"{"checkStas":"1","resBizNo":"161665488196720251123114400"}"#;

/// Asks two servers of the same manner, in a configuration that allows three attempts.
fn judged(manner: Manner) -> (Result<StatusAnswer, Failure>, [usize; 2]) {
    let servers = [Server::start(manner), Server::start(manner)];
    let folder = tempfile::tempdir().expect("a folder");
    let urls = servers.iter().map(|server| server.url.clone()).collect();
    let mut config = config(urls, key(), "his", folder.path());
    config.center.attempt_timeout = Duration::from_millis(500);
    let client = CenterClient::new(&config, Arc::new(Hands::new())).expect("a client");
    let token = EcToken::new("T1").expect("a token");
    let called = client.status(StatusQuery { token, wait: None });
    let asked = [servers[0].asked(), servers[1].asked()];
    (called.map(|called| called.answer).map_err(|error| error.failure), asked)
}

#[test]
fn a_good_answer_is_taken_at_once() {
    let (answer, asked) = judged(|stream| say(stream, "200 OK", &sealed(&key(), GOOD)));
    assert!(matches!(answer, Ok(StatusAnswer::Checked { confirmed: true, .. })), "{answer:?}");
    assert_eq!(asked, [1, 0]);
}

#[test]
fn trouble_on_the_way_goes_to_the_next_address_and_back() {
    let table: [(&str, Manner, Trouble); 7] = [
        ("close", |stream| drop(stream.shutdown(Shutdown::Both)), Trouble::Broken),
        ("hang", |_| {}, Trouble::TimedOut),
        ("half a head", |stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nconte")), Trouble::TimedOut),
        (
            "truncated",
            |stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"code\":0");
                let _ = stream.shutdown(Shutdown::Both);
            },
            Trouble::Broken,
        ),
        (
            "drip",
            |stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{");
            },
            Trouble::TimedOut,
        ),
        ("no HTTP", |stream| drop(stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")), Trouble::NotHttp),
        ("too much", |stream| say(stream, "200 OK", &"x".repeat(70_000)), Trouble::NotHttp),
    ];
    for (name, manner, expected) in table {
        let (answer, asked) = judged(manner);
        let failure = answer.expect_err(name);
        let Failure::Transport(error) = &failure else { panic!("{name}: {failure:?}") };
        assert_eq!(error.trouble, expected, "{name}");
        assert!(error.may_have_arrived, "{name}");
        assert_eq!(asked, [2, 1], "{name}");
    }
}

#[test]
fn what_is_no_answer_of_the_protocol_is_not_taken_for_one() {
    const HTML: &str = "<html><body>502 Bad Gateway</body></html>";
    let table: [(&str, Manner, u16); 8] = [
        ("HTML", |stream| say(stream, "200 OK", HTML), 200),
        ("a gateway", |stream| say(stream, "502 Bad Gateway", HTML), 502),
        ("nothing", |stream| say(stream, "200 OK", ""), 200),
        ("a list", |stream| say(stream, "200 OK", "[]"), 200),
        ("no code", |stream| say(stream, "200 OK", r#"{"message":"成功"}"#), 200),
        (
            "not UTF-8",
            |stream| {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n\xB3\xC9");
            },
            200,
        ),
        (
            "moved",
            |stream| {
                let _ = stream.write_all(
                    b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
                );
            },
            302,
        ),
        ("a success of status 500", |stream| say(stream, "500 Oops", &sealed(&key(), GOOD)), 500),
    ];
    for (name, manner, expected) in table {
        let (answer, asked) = judged(manner);
        let failure = answer.expect_err(name);
        assert!(
            matches!(failure, Failure::NotAnAnswer { status, .. } if status == expected),
            "{name}: {failure:?}"
        );
        assert_eq!(asked, [2, 1], "{name}");
    }
}

#[test]
fn what_does_not_open_or_does_not_say_what_it_must_is_no_confirmation() {
    let (answer, asked) = judged(|stream| {
        let other = Sm4Key::from_ascii("another-centers-").expect("a key");
        say(stream, "200 OK", &sealed(&other, GOOD));
    });
    assert!(matches!(answer, Err(Failure::Sealed(_))), "{answer:?}");
    assert_eq!(asked, [2, 1]);
    let (answer, _) = judged(|stream| say(stream, "200 OK", r#"{"code":0,"data":{"encData":"00"}}"#));
    assert!(matches!(answer, Err(Failure::Sealed(_))), "{answer:?}");
    let (answer, _) = judged(|stream| say(stream, "200 OK", r#"{"code":0,"data":{}}"#));
    assert!(matches!(answer, Err(Failure::Sealed(_))), "{answer:?}");

    // What opens was said by our center: it is not asked again.
    let (answer, asked) = judged(|stream| say(stream, "200 OK", &sealed(&key(), r#"{"resBizNo":"1"}"#)));
    assert!(matches!(answer, Err(Failure::Member(_))), "{answer:?}");
    assert_eq!(asked, [1, 0]);
    let (answer, _) = judged(|stream| {
        say(stream, "200 OK", &sealed(&key(), r#"{"checkStas":"true","resBizNo":"1"}"#));
    });
    assert!(matches!(answer, Err(Failure::Member(_))), "{answer:?}");
    let (answer, _) = judged(|stream| {
        let contradiction = r#"{"checkStas":"1","resBizNo":"1","stage":"cancelled"}"#;
        say(stream, "200 OK", &sealed(&key(), contradiction));
    });
    assert!(matches!(answer, Err(Failure::Foreign(_))), "{answer:?}");
    // A refusal counts whatever its status is.
    let (answer, asked) = judged(|stream| say(stream, "403 No", r#"{"code":-4,"message":"权限校验异常"}"#));
    assert!(matches!(answer, Err(Failure::Refused { code: -4, .. })), "{answer:?}");
    assert_eq!(asked, [1, 0]);
}

#[test]
fn nobody_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let hands = Hands::new();
    let config = config(vec![format!("http://{free}")], key(), "his", folder.path());
    let client = CenterClient::new(&config, Arc::new(hands.clone())).expect("a client");
    let token = EcToken::new("T1").expect("a token");
    let error = client.status(StatusQuery { token, wait: None }).expect_err("nobody");
    let Failure::Transport(failure) = &error.failure else { panic!("{error:?}") };
    assert_eq!((failure.trouble, failure.may_have_arrived), (Trouble::Unreachable, false));
    assert_eq!((error.report.attempts, hands.pauses().len()), (3, 2));
    assert_eq!(error.to_string(), "请求中心失败：无法连接");
}
