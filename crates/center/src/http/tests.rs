//! The listeners over real sockets. Whatever one side must wait for is waited for by reading to the end of a
//! stream or by a notification, never by sleeping.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::routing::{get, post};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::*;

/// Long enough never to pass in a test that works.
const NEVER: Duration = Duration::from_mins(1);
const LIMITS: ServerLimits =
    ServerLimits { connections: 8, handshake: NEVER, header: NEVER, keep_alive: NEVER };

fn loopback() -> ListenSettings {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    ListenSettings { name: "test", address, tls: None, plain_http: false }
}

async fn start(router: Router, limits: ServerLimits) -> Server {
    Server::start(Listener::bind(loopback()).await.expect("a listener"), router, limits)
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.addr()).await.expect("a connection")
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), text: &str) {
    stream.write_all(text.as_bytes()).await.expect("sending");
}

/// Everything up to the end of the stream.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("reading");
    text
}

/// Everything up to and including `end`.
async fn until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        bytes.push(stream.read_u8().await.expect("more to read"));
    }
    String::from_utf8(bytes).expect("text")
}

const GET: &str = "GET / HTTP/1.1\r\nhost: t\r\n\r\n";
const GET_ONCE: &str = "GET / HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn requests_know_their_peer_and_connections_are_kept() {
    let tell = |Extension(Peer(address)): Extension<Peer>| async move { format!("<{address}>") };
    let server = start(Router::new().route("/", get(tell)), LIMITS).await;
    let mut stream = connect(&server).await;
    let me = stream.local_addr().expect("an address").to_string();
    for _ in 0..3 {
        send(&mut stream, GET).await;
        let answer = until(&mut stream, ">").await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(&format!("<{me}>")),
            "{answer}"
        );
    }
    assert_eq!(server.traffic(), Traffic { accepted: 1, ..Traffic::default() });
    assert_eq!(server.stop(NEVER).await, Stopped { finished: 1, cut: 0 });
}

#[tokio::test]
async fn plain_http_outside_loopback_must_be_switched_on() {
    let outside = ListenSettings { address: SocketAddr::from(([0, 0, 0, 0], 0)), ..loopback() };
    let refused = Listener::bind(outside.clone()).await.expect_err("refused");
    assert!(matches!(refused, BindError::PlainOutsideLoopback { name: "test", .. }), "{refused}");
    assert!(refused.to_string().contains("plain_http = true"), "{refused}");
    Listener::bind(ListenSettings { plain_http: true, ..outside }).await.expect("switched on");
    let mapped = SocketAddr::new("::ffff:127.0.0.1".parse().expect("an address"), 0);
    assert!(!ListenSettings { address: mapped, ..loopback() }.is_plain_outside_loopback());
}

#[tokio::test]
async fn an_address_already_taken_is_named() {
    let first = Listener::bind(loopback()).await.expect("a listener");
    let taken = ListenSettings { address: first.addr(), ..loopback() };
    let refused = Listener::bind(taken).await.expect_err("refused");
    assert!(refused.to_string().contains(&first.addr().to_string()), "{refused}");
}

#[tokio::test]
async fn one_connection_too_many_is_told_503() {
    let server = start(hello(), ServerLimits { connections: 1, ..LIMITS }).await;
    let mut first = connect(&server).await;
    send(&mut first, GET).await;
    until(&mut first, "hello").await;

    let mut second = connect(&server).await;
    let told = rest(&mut second).await;
    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    assert!(told.ends_with("请稍后重试\n"), "{told}");

    // The first one is none the worse for it, and its place is free once it has left.
    send(&mut first, GET_ONCE).await;
    assert!(rest(&mut first).await.ends_with("hello"));
    assert_eq!(server.traffic().refused, 1);
    let mut third = connect(&server).await;
    send(&mut third, GET_ONCE).await;
    // The server may hear of the third before it has heard that the first is gone; then it says so, and a
    // client that asks again, as it is told, succeeds.
    let mut told = rest(&mut third).await;
    while told.starts_with("HTTP/1.1 503 ") {
        let mut again = connect(&server).await;
        send(&mut again, GET_ONCE).await;
        told = rest(&mut again).await;
    }
    assert!(told.ends_with("hello"), "{told}");
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let server = start(hello(), ServerLimits { header: Duration::from_millis(20), ..LIMITS }).await;
    let mut silent = connect(&server).await;
    let mut slow = connect(&server).await;
    send(&mut slow, "GET / HTTP/1.1\r\nhost").await;
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut slow).await, "");
    assert_eq!(server.stop(NEVER).await.cut, 0);
}

#[tokio::test]
async fn the_second_head_is_timed_from_its_first_byte() {
    let server = start(hello(), ServerLimits { header: Duration::from_millis(20), ..LIMITS }).await;
    let mut stream = connect(&server).await;
    send(&mut stream, GET).await;
    until(&mut stream, "hello").await;
    // Idle it may be for a minute; but what it has begun it must bring to an end.
    send(&mut stream, "GET /").await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let server = start(hello(), ServerLimits { keep_alive: Duration::from_millis(20), ..LIMITS }).await;
    let mut stream = connect(&server).await;
    send(&mut stream, GET).await;
    assert!(rest(&mut stream).await.ends_with("hello"));
}

#[tokio::test]
async fn an_answer_may_take_longer_than_any_head() {
    let (router, begun, go) = held();
    let short = Duration::from_millis(5);
    let server = start(router, ServerLimits { header: short, keep_alive: short, ..LIMITS }).await;
    let mut busy = connect(&server).await;
    send(&mut busy, GET).await;
    begun.notified().await;
    // Another connection living through its whole patience proves that the busy one's has passed.
    let mut silent = connect(&server).await;
    assert_eq!(rest(&mut silent).await, "");
    go.notify_one();
    assert!(rest(&mut busy).await.ends_with("at last"));
}

/// A router whose only answer waits: `begun` is told when the request has come, `go` lets it be answered.
fn held() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&go));
    let hold = move || {
        let (tell, wait) = (Arc::clone(&tell), Arc::clone(&wait));
        async move {
            tell.notify_one();
            wait.notified().await;
            "at last"
        }
    };
    (Router::new().route("/", get(hold)), begun, go)
}

#[tokio::test]
async fn a_stop_lets_a_request_in_progress_finish_and_takes_no_new_one() {
    let (router, begun, go) = held();
    let server = start(router, LIMITS).await;
    let address = server.addr();
    let mut busy = connect(&server).await;
    send(&mut busy, GET).await;
    begun.notified().await;
    let mut idle = connect(&server).await;
    // The idle one has to be accepted before it can be closed rather than refused.
    while server.traffic().accepted < 2 {
        tokio::task::yield_now().await;
    }

    let stopping = tokio::spawn(server.stop(NEVER));
    // Idle connections go at once, while the other one is still being served.
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(address).await.is_err(), "the port is closed");
    assert!(!stopping.is_finished());

    go.notify_one();
    let answer = rest(&mut busy).await;
    assert!(answer.contains("connection: close") && answer.ends_with("at last"), "{answer}");
    assert_eq!(stopping.await.expect("a stop"), Stopped { finished: 2, cut: 0 });
}

#[tokio::test]
async fn a_stop_cuts_what_is_not_done_at_the_deadline() {
    let (router, begun, _go) = held();
    let server = start(router, LIMITS).await;
    let mut busy = connect(&server).await;
    send(&mut busy, GET).await;
    begun.notified().await;
    assert_eq!(server.stop(Duration::from_millis(1)).await, Stopped { finished: 0, cut: 1 });
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test]
async fn dropping_a_server_cuts_everything() {
    let (router, begun, _go) = held();
    let server = start(router, LIMITS).await;
    let mut busy = connect(&server).await;
    send(&mut busy, GET).await;
    begun.notified().await;
    drop(server);
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test]
async fn bodies_are_bounded_on_the_wire() {
    let read = |request: Request<Body>| async move {
        match read_body(request.into_body(), 8, Duration::from_millis(20)).await {
            Ok(bytes) => format!("{} bytes", bytes.len()),
            Err(error) => error.to_string(),
        }
    };
    let server = start(Router::new().route("/", post(read)), LIMITS).await;
    let table = [
        ("content-length: 8\r\n\r\n12345678", "8 bytes"),
        // Nothing of it is sent, and still it is refused.
        ("content-length: 9\r\n\r\n", "请求体超过 8 字节"),
        ("transfer-encoding: chunked\r\n\r\n4\r\n1234\r\n5\r\n56789\r\n", "请求体超过 8 字节"),
        ("content-length: 8\r\n\r\n1234", "请求体未在 20 毫秒内收完"),
        ("transfer-encoding: chunked\r\n\r\nnonsense\r\n", "请求体传输中断"),
    ];
    for (request, expected) in table {
        let mut stream = connect(&server).await;
        send(&mut stream, &format!("POST / HTTP/1.1\r\nhost: t\r\nconnection: close\r\n{request}")).await;
        let answer = until(&mut stream, expected).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
}

/// A certificate for `localhost` in two PEM files, and how to trust it.
fn certificate(folder: &Path) -> (TlsFiles, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let files = TlsFiles { certificate: folder.join("tls.crt"), key: folder.join("tls.key") };
    std::fs::write(&files.certificate, made.cert.pem()).expect("writing");
    std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("writing");
    (files, made.cert.der().clone())
}

async fn shake_hands(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(address).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await.expect("a handshake")
}

#[tokio::test]
async fn tls_serves_outside_loopback_and_refuses_politely() {
    let folder = tempfile::tempdir().expect("a folder");
    let (files, trusted) = certificate(folder.path());
    let outside = SocketAddr::from(([0, 0, 0, 0], 0));
    let settings = ListenSettings { address: outside, tls: Some(files), ..loopback() };
    let listener = Listener::bind(settings).await.expect("a listener");
    let address = SocketAddr::from(([127, 0, 0, 1], listener.addr().port()));
    let server = Server::start(listener, hello(), ServerLimits { connections: 1, ..LIMITS });

    let mut first = shake_hands(address, &trusted).await;
    send(&mut first, GET).await;
    assert!(until(&mut first, "hello").await.starts_with("HTTP/1.1 200 OK"));
    let mut second = shake_hands(address, &trusted).await;
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 503 "));
    drop(second);

    let stopping = tokio::spawn(server.stop(NEVER));
    assert_eq!(rest(&mut first).await, "");
    assert_eq!(stopping.await.expect("a stop"), Stopped { finished: 1, cut: 0 });
}

#[tokio::test]
async fn a_client_that_does_not_shake_hands_is_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (files, _) = certificate(folder.path());
    let settings = ListenSettings { tls: Some(files), ..loopback() };
    let listener = Listener::bind(settings).await.expect("a listener");
    let limits = ServerLimits { handshake: Duration::from_millis(20), ..LIMITS };
    let server = Server::start(listener, hello(), limits);
    let mut silent = connect(&server).await;
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(server.traffic().handshakes_failed, 1);
}

#[tokio::test]
async fn unusable_certificates_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (files, _) = certificate(folder.path());
    let other = tempfile::tempdir().expect("a folder");
    let (others, _) = certificate(other.path());

    let missing = TlsFiles { certificate: folder.path().join("missing.crt"), ..files.clone() };
    let swapped = TlsFiles { certificate: files.key.clone(), ..files.clone() };
    for tls in [missing, swapped] {
        let path = tls.certificate.clone();
        let refused =
            Listener::bind(ListenSettings { tls: Some(tls), ..loopback() }).await.expect_err("refused");
        assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
    }
    let strangers = TlsFiles { key: others.key, ..files };
    let refused =
        Listener::bind(ListenSettings { tls: Some(strangers), ..loopback() }).await.expect_err("refused");
    assert!(matches!(refused, BindError::Tls { .. }), "{refused:?}");
}
