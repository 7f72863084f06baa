//! Over real sockets on loopback.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::peer::{Act, Peer, nobody};
use super::{AllowList, CallError, MAX_ANSWER_BYTES, Outbound, OutboundSettings, RootsError};
use crate::ports::Network;

/// Long enough for anything that is not about deadlines.
const AMPLE: Duration = Duration::from_secs(20);
/// Where a deadline itself is the subject.
const SHORT: Duration = Duration::from_millis(100);

fn outbound_with(allow: &[&str], roots: Option<PathBuf>, network: Network) -> Outbound {
    let allow = AllowList::parse(allow).expect("a list");
    Outbound::new(OutboundSettings { allow, roots, network }).expect("roots")
}

fn outbound() -> Outbound {
    outbound_with(&["127.0.0.0/8"], None, Network::system())
}

/// A resolver that knows one answer.
fn resolving_to(addresses: &'static [&'static str], port: u16) -> Network {
    Network::system().resolving(move |_, _| async move {
        Ok(addresses.iter().map(|ip| SocketAddr::new(ip.parse().expect("an address"), port)).collect())
    })
}

fn ok() -> Act {
    Act::Answer(200, "{}".to_owned())
}

#[tokio::test]
async fn a_call_is_a_post_of_json_and_brings_status_and_body() {
    let peer = Peer::start(|asked| {
        Act::Answer(200, format!("{} {}", asked.head.to_lowercase(), String::from_utf8_lossy(&asked.body)))
    })
    .await;
    let reply = outbound().post(&peer.url("/a/b?c=d"), "{\"x\":1}", AMPLE).await.expect("a reply");
    assert_eq!(reply.status, 200);
    let echoed = String::from_utf8(reply.body.to_vec()).expect("text");
    assert!(echoed.starts_with("post /a/b?c=d http/1.1\r\n"), "{echoed}");
    assert!(echoed.contains(&format!("host: {}\r\n", peer.address)), "{echoed}");
    assert!(echoed.contains("content-type: application/json;charset=utf-8\r\n"), "{echoed}");
    assert!(echoed.ends_with("{\"x\":1}"), "{echoed}");
}

#[tokio::test]
async fn what_must_not_be_said_twice_goes_over_a_connection_of_its_own() {
    let peer = Peer::start(|asked| {
        Act::Answer(200, format!("{} {}", asked.head.to_lowercase(), String::from_utf8_lossy(&asked.body)))
    })
    .await;
    let client = outbound();
    let text = |reply: super::Reply| String::from_utf8(reply.body.to_vec()).expect("text");
    let got = text(client.get(&peer.url("/a?b=c"), AMPLE).await.expect("a reply"));
    assert!(
        got.starts_with("get /a?b=c http/1.1\r\n") && got.contains("accept: application/json\r\n"),
        "{got}"
    );
    let basic = http::HeaderValue::from_static("Basic eA==");
    let form = "a=b&c=d".to_owned();
    let posted = text(client.post_form(&peer.url("/t"), form, Some(basic), AMPLE).await.expect("a reply"));
    assert!(posted.contains("content-type: application/x-www-form-urlencoded\r\n"), "{posted}");
    assert!(posted.contains("authorization: basic ea==\r\n") && posted.ends_with("a=b&c=d"), "{posted}");
    assert_eq!((peer.requests(), peer.connections()), (2, 2));
    // One that breaks is not said again; one that hangs has its deadline.
    for (act, error) in [(Act::Reset, CallError::BrokenConnection), (Act::Hang, CallError::TimedOut)] {
        let peer = Peer::start(move |_| act.clone()).await;
        assert_eq!(client.get(&peer.url("/"), SHORT).await, Err(error));
        assert!(peer.requests() <= 1);
    }
}

#[tokio::test]
async fn connections_are_kept_open() {
    let peer = Peer::start(|_| ok()).await;
    let outbound = outbound();
    for _ in 0..5 {
        outbound.post(&peer.url("/"), "{}", AMPLE).await.expect("a reply");
    }
    assert_eq!((peer.requests(), peer.connections()), (5, 1));
}

#[tokio::test]
async fn a_kept_connection_that_the_peer_closed_is_no_error() {
    let peer = Peer::start(|_| Act::AnswerAndClose(200, "{}".to_owned())).await;
    let outbound = outbound();
    for _ in 0..20 {
        outbound.post(&peer.url("/"), "{}", AMPLE).await.expect("a reply");
    }
    assert_eq!((peer.requests(), peer.connections()), (20, 20));
}

#[tokio::test]
async fn a_kept_connection_that_breaks_before_an_answer_is_replaced_once() {
    // The first answers and the second, on the same connection, is cut; the third, on a fresh one, answers.
    let peer = Peer::start(|asked| if asked.nth == 1 { Act::Reset } else { ok() }).await;
    let client = outbound();
    client.post(&peer.url("/"), "{}", AMPLE).await.expect("a reply");
    client.post(&peer.url("/"), "{}", AMPLE).await.expect("a reply");
    assert_eq!((peer.requests(), peer.connections()), (3, 2));
    // Where the fresh one breaks too, that is the outcome.
    let peer = Peer::start(|asked| if asked.nth == 0 { ok() } else { Act::Reset }).await;
    client.post(&peer.url("/"), "{}", AMPLE).await.expect("a reply");
    assert_eq!(client.post(&peer.url("/"), "{}", AMPLE).await, Err(CallError::BrokenConnection));
    assert_eq!((peer.requests(), peer.connections()), (3, 2));
}

#[tokio::test]
async fn what_goes_wrong_has_a_name() {
    let huge = "x".repeat(MAX_ANSWER_BYTES + 1);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{huge}\r\n0\r\n\r\n",
        huge.len()
    );
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"code\":";
    for (act, error, retryable) in [
        (Act::Reset, CallError::BrokenConnection, true),
        (Act::Raw(Vec::new()), CallError::BrokenConnection, true),
        (Act::Raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()), CallError::NotHttp, false),
        (Act::Raw(cut.as_bytes().to_vec()), CallError::CutShort, false),
        (Act::Answer(200, huge), CallError::TooLarge, false),
        (Act::Raw(chunked.into_bytes()), CallError::TooLarge, false),
    ] {
        let peer = Peer::start(move |_| act.clone()).await;
        assert_eq!(outbound().post(&peer.url("/"), "{}", AMPLE).await, Err(error));
        assert_eq!(peer.requests(), 1, "{error:?}");
        assert_eq!(error.is_retryable(), retryable, "{error:?}");
    }
    let nobody = format!("http://{}/", nobody().await).parse().expect("a URL");
    assert_eq!(outbound().post(&nobody, "{}", AMPLE).await, Err(CallError::Connect));
    assert!(CallError::Connect.is_retryable());
}

#[tokio::test]
async fn an_answer_of_the_largest_size_is_read() {
    let peer = Peer::start(|_| Act::Answer(200, "x".repeat(MAX_ANSWER_BYTES))).await;
    let reply = outbound().post(&peer.url("/"), "{}", AMPLE).await.expect("a reply");
    assert_eq!(reply.body.len(), MAX_ANSWER_BYTES);
}

#[tokio::test]
async fn the_deadline_covers_a_server_that_says_nothing_and_one_that_never_ends() {
    let silent = Peer::start(|_| Act::Hang).await;
    let client = outbound();
    assert_eq!(client.post(&silent.url("/"), "{}", SHORT).await, Err(CallError::TimedOut));
    assert!(!CallError::TimedOut.is_retryable());
    assert!(silent.requests() <= 1);
    let never = Network::system().resolving(|_, _| std::future::pending());
    let url = "http://channel.test/".parse().expect("a URL");
    let client = outbound_with(&["127.0.0.0/8"], None, never);
    assert_eq!(client.post(&url, "{}", SHORT).await, Err(CallError::TimedOut));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let peer = Peer::start(|_| Act::Answer(302, String::new())).await;
    let reply = outbound().post(&peer.url("/"), "{}", AMPLE).await.expect("a reply");
    assert_eq!((reply.status, peer.requests()), (302, 1));
}

#[tokio::test]
async fn addresses_are_checked_after_the_name_is_resolved() {
    let peer = Peer::start(|_| ok()).await;
    let port = peer.address.port();
    let url = format!("http://channel.test:{port}/").parse().expect("a URL");
    for (addresses, outcome) in [
        (&["127.0.0.1"][..], Ok(200)),
        (&["127.0.0.2"], Err(CallError::AddressRefused)),
        // One bad address refuses the name, wherever it stands.
        (&["127.0.0.1", "127.0.0.2"], Err(CallError::AddressRefused)),
        (&["127.0.0.2", "127.0.0.1"], Err(CallError::AddressRefused)),
        (&["::ffff:127.0.0.2"], Err(CallError::AddressRefused)),
        (&["::1"], Err(CallError::AddressRefused)),
        (&[], Err(CallError::NameNotFound)),
    ] {
        let client = outbound_with(&["127.0.0.1"], None, resolving_to(addresses, port));
        assert_eq!(client.check_url(&url), Ok(()), "a name cannot be judged before it is resolved");
        let got = client.post(&url, "{}", AMPLE).await.map(|reply| reply.status);
        assert_eq!(got, outcome, "{addresses:?}");
    }
    assert_eq!(peer.requests(), 1);
    let failing =
        Network::system().resolving(|_, _| std::future::ready(Err(std::io::ErrorKind::NotFound.into())));
    let client = outbound_with(&["127.0.0.1"], None, failing);
    assert_eq!(client.post(&url, "{}", AMPLE).await, Err(CallError::NameNotFound));
}

#[tokio::test]
async fn an_address_literal_off_the_list_is_not_called() {
    let peer = Peer::start(|_| ok()).await;
    let client = outbound_with(&["10.0.0.0/8"], None, Network::system());
    assert_eq!(client.check_url(&peer.url("/")), Err(CallError::AddressRefused));
    assert_eq!(client.post(&peer.url("/"), "{}", AMPLE).await, Err(CallError::AddressRefused));
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn another_address_of_the_name_is_tried() {
    let peer = Peer::start(|_| ok()).await;
    let port = peer.address.port();
    // Nobody listens at the first.
    let client = outbound_with(&["127.0.0.0/8"], None, resolving_to(&["127.0.0.77", "127.0.0.1"], port));
    let url = format!("http://channel.test:{port}/").parse().expect("a URL");
    assert_eq!(client.post(&url, "{}", AMPLE).await.expect("a reply").status, 200);
}

#[test]
fn addresses_are_checked_when_they_are_stored() {
    let client = outbound_with(&["127.0.0.1", "fd00::/8"], None, Network::system());
    for (url, outcome) in [
        ("http://127.0.0.1:8359/notice", Ok(())),
        ("https://channel.example.cn/notice", Ok(())),
        ("http://[fd00::1]:80/", Ok(())),
        ("http://[fe80::1]/", Err(CallError::AddressRefused)),
        ("http://[::ffff:127.0.0.2]/", Err(CallError::AddressRefused)),
        ("http://169.254.169.254/", Err(CallError::AddressRefused)),
        ("ftp://127.0.0.1/", Err(CallError::BadUrl("应以 http:// 或 https:// 开头"))),
        ("/notice", Err(CallError::BadUrl("应以 http:// 或 https:// 开头"))),
        ("http://user:pass@127.0.0.1/", Err(CallError::BadUrl("不能带用户名或密码"))),
        ("http://127.0.0.1:0/", Err(CallError::BadUrl("端口应为 1 至 65535"))),
        ("http://127.0.0.1:/", Err(CallError::BadUrl("端口应为 1 至 65535"))),
    ] {
        assert_eq!(client.check_url(&url.parse().expect(url)), outcome, "{url}");
    }
}

/// A certificate for `localhost` in a PEM file, and a server's side of TLS with it.
fn certificate() -> (tempfile::NamedTempFile, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), made.cert.pem()).expect("written");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate");
    (file, TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn tls_is_spoken_to_whom_the_certificate_names_and_to_nobody_else() {
    let (roots, acceptor) = certificate();
    let peer = Peer::start_tls(acceptor, |_| ok()).await;
    let port = peer.address.port();
    let here = || resolving_to(&["127.0.0.1"], port);
    let client = outbound_with(&["127.0.0.1"], Some(roots.path().to_owned()), here());
    let url = |host: &str| format!("https://{host}:{port}/").parse().expect("a URL");
    for _ in 0..2 {
        assert_eq!(client.post(&url("localhost"), "{}", AMPLE).await.expect("a reply").status, 200);
    }
    assert_eq!(peer.connections(), 1);
    assert_eq!(client.post(&url("channel.test"), "{}", AMPLE).await, Err(CallError::Tls));
    // Another root: not trusted.
    let (others, _) = certificate();
    let client = outbound_with(&["127.0.0.1"], Some(others.path().to_owned()), here());
    assert_eq!(client.post(&url("localhost"), "{}", AMPLE).await, Err(CallError::Tls));
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_from_one_that_is_not_there() {
    let (roots, _) = certificate();
    let client = outbound_with(&["127.0.0.1"], Some(roots.path().to_owned()), Network::system());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://{}/", listener.local_addr().expect("an address")).parse().expect("a URL");
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        stream.write_all(b"HTTP/1.1 400 -\r\ncontent-length: 0\r\n\r\n").await.expect("written");
        stream
    });
    assert_eq!(client.post(&url, "{}", AMPLE).await, Err(CallError::Tls));
    drop(served.await.expect("no panic"));
    assert_eq!(client.post(&url, "{}", AMPLE).await, Err(CallError::Connect));
}

#[test]
fn a_certificate_file_is_read_at_the_start() {
    let make = |path: PathBuf| {
        let allow = AllowList::default();
        Outbound::new(OutboundSettings { allow, roots: Some(path), network: Network::system() })
    };
    let missing = make(PathBuf::from("/nonexistent/roots.pem")).expect_err("no such file");
    assert_eq!(missing.to_string(), "无法读取根证书文件 /nonexistent/roots.pem");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "no certificate").expect("written");
    assert!(matches!(make(file.path().to_owned()), Err(RootsError::Unusable(_))));
}

#[test]
fn what_is_told_of_a_reply_and_an_error_is_not_what_was_said() {
    let reply = super::Reply { status: 200, body: "秘密".into() };
    assert_eq!(format!("{reply:?}"), "Reply(200, 6 bytes)");
    assert_eq!(CallError::TooLarge.to_string(), "应答超过 65536 字节");
    assert_eq!(CallError::BadUrl("缺少主机名").to_string(), "地址无效：缺少主机名");
}
