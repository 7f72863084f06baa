//! The listeners over real sockets. Whatever one side must wait for is waited for by reading to the end of a
//! stream or by a notification, never by sleeping.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

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
const LIMITS: ServerLimits = ServerLimits {
    connections: 8,
    connections_per_source: 8,
    handshake: NEVER,
    header: NEVER,
    keep_alive: NEVER,
    unproven: NEVER,
};

fn loopback() -> ListenSettings {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    ListenSettings { name: "test", address, tls: None, plain_http: false, proxies: Proxies::default() }
}

/// A server behind proxies of this machine.
async fn start_behind(by: ClientAddress, limits: ServerLimits) -> Server {
    let networks = vec!["127.0.0.1".parse::<std::net::IpAddr>().expect("an address").into()];
    let settings = ListenSettings { proxies: Proxies { networks, client: by }, ..loopback() };
    Server::start(Listener::bind(settings).await.expect("a listener"), tell(), limits)
}

/// Tells who asks.
fn tell() -> Router {
    Router::new()
        .route("/", get(|Extension(peer): Extension<Peer>| async move { format!("<{}>", peer.ip()) }))
}

/// A connection from another address of this machine.
async fn connect_from(source: [u8; 4], server: &Server) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from((source, 0))).expect("an address of this machine");
    socket.connect(server.addr()).await.expect("a connection")
}

async fn start(router: Router, limits: ServerLimits) -> Server {
    Server::start(Listener::bind(loopback()).await.expect("a listener"), router, limits)
}

fn hello() -> Router {
    hello_at("/")
}

fn hello_at(path: &str) -> Router {
    Router::new().route(path, get(|| async { "hello" }))
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
    let tell = |Extension(peer): Extension<Peer>| async move { format!("<{}>", peer.address()) };
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
async fn one_connection_too_many_is_told_503_when_all_are_at_work() {
    let (router, begun, go) = held();
    let server = start(router.merge(hello_at("/quick")), ServerLimits { connections: 1, ..LIMITS }).await;
    let mut first = connect(&server).await;
    send(&mut first, GET).await;
    begun.notified().await;

    let mut second = connect(&server).await;
    let told = rest(&mut second).await;
    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    assert!(told.ends_with("请稍后重试\n"), "{told}");

    // The first one is none the worse for it, and once it idles its place is for whoever comes.
    go.notify_one();
    assert!(until(&mut first, "at last").await.starts_with("HTTP/1.1 200 "));
    assert_eq!(server.traffic().refused, 1);
    let mut third = connect(&server).await;
    send(&mut third, "GET /quick HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").await;
    assert!(rest(&mut third).await.ends_with("hello"));
    assert_eq!(rest(&mut first).await, "");
    assert_eq!(server.traffic(), Traffic { made_room: 1, ..server.traffic() });
}

/// A connection on which somebody has asked, and got an answer.
async fn kept(server: &Server, path: &str) -> TcpStream {
    let mut stream = connect(server).await;
    send(&mut stream, &format!("GET {path} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
    until(&mut stream, "hello").await;
    stream
}

/// Answers, and takes the request for a proven one.
fn proving() -> Router {
    let prove = |Extension(peer): Extension<Peer>| async move {
        peer.prove();
        "hello"
    };
    Router::new().route("/proven", get(prove)).merge(hello())
}

#[tokio::test]
async fn who_has_proven_nothing_makes_room_first_then_who_has_idled_longest() {
    let server = start(proving(), ServerLimits { connections: 3, ..LIMITS }).await;
    let mut oldest = kept(&server, "/proven").await;
    let mut unproven = kept(&server, "/").await;
    let mut newest = kept(&server, "/proven").await;
    // The first is used again, so that the third has idled longer.
    send(&mut oldest, "GET /proven HTTP/1.1\r\nhost: t\r\n\r\n").await;
    until(&mut oldest, "hello").await;

    let _fourth = kept(&server, "/proven").await;
    assert_eq!(rest(&mut unproven).await, "");
    let _fifth = kept(&server, "/proven").await;
    assert_eq!(rest(&mut newest).await, "");
    send(&mut oldest, GET_ONCE).await;
    assert!(rest(&mut oldest).await.ends_with("hello"), "it is still there");
    let traffic = server.traffic();
    assert_eq!((traffic.made_room, traffic.refused), (2, 0));
}

#[tokio::test]
async fn two_thousand_idle_connections_shut_nobody_out() {
    let limits = ServerLimits { connections: 2_000, connections_per_source: 2_000, ..LIMITS };
    let server = start(proving(), limits).await;
    let mut idle = Vec::new();
    for _ in 0..2_000 {
        idle.push(connect(&server).await);
    }
    while server.traffic().accepted < 2_000 {
        tokio::task::yield_now().await;
    }
    // From the same address: the bound per source is another test's.
    let clients = LIMITS.connections;
    for _ in 0..clients {
        let mut client = connect_from([127, 0, 0, 2], &server).await;
        send(&mut client, "GET /proven HTTP/1.1\r\nhost: t\r\n\r\n").await;
        assert!(until(&mut client, "hello").await.starts_with("HTTP/1.1 200 "));
        idle.push(client);
    }
    let traffic = server.traffic();
    assert_eq!((traffic.refused, traffic.refused_by_source), (0, 0));
    assert!(traffic.made_room <= clients as u64, "{traffic:?}");
}

#[tokio::test]
async fn a_source_has_so_many_connections_and_another_is_served() {
    let server = start(tell(), ServerLimits { connections_per_source: 2, ..LIMITS }).await;
    let mut mine = [connect(&server).await, connect(&server).await];
    for stream in &mut mine {
        send(stream, GET).await;
        until(stream, ">").await;
    }
    let told = rest(&mut connect(&server).await).await;
    assert!(told.starts_with("HTTP/1.1 503 ") && told.contains("该来源地址"), "{told}");
    let mut other = connect_from([127, 0, 0, 2], &server).await;
    send(&mut other, GET_ONCE).await;
    assert!(rest(&mut other).await.ends_with("<127.0.0.2>"));
    // Both are kept: a source has to mind its own.
    for stream in &mut mine {
        send(stream, GET_ONCE).await;
        assert!(rest(stream).await.ends_with("<127.0.0.1>"));
    }
    assert_eq!(server.traffic().refused_by_source, 1);
}

#[tokio::test]
async fn who_proves_nothing_lives_seconds_and_who_does_as_long_as_others() {
    let server = start(proving(), ServerLimits { unproven: Duration::from_millis(30), ..LIMITS }).await;
    let mut proven = connect(&server).await;
    send(&mut proven, "GET /proven HTTP/1.1\r\nhost: t\r\n\r\n").await;
    until(&mut proven, "hello").await;
    let mut silent = connect(&server).await;
    assert_eq!(rest(&mut silent).await, "");
    // Asking again and again without proving anything gains no time.
    let mut busy = connect(&server).await;
    let mut answered = 0;
    while answered < 1_000_000 {
        if busy.write_all(GET.as_bytes()).await.is_err() || read_answer(&mut busy).await.is_none() {
            break;
        }
        answered += 1;
    }
    assert!(answered < 1_000_000, "it was never closed");
    send(&mut proven, GET_ONCE).await;
    assert!(rest(&mut proven).await.ends_with("hello"));
    assert_eq!(server.traffic().timed_out, 2);
}

/// One answer of [`hello`]; nothing when the connection ends.
async fn read_answer(stream: &mut TcpStream) -> Option<()> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"hello") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    Some(())
}

#[tokio::test]
async fn what_a_stranger_says_of_where_it_comes_from_is_not_read() {
    let spoofed = "GET / HTTP/1.1\r\nhost: t\r\nx-forwarded-for: 6.6.6.6\r\nforwarded: for=6.6.6.6\r\n\r\n";
    for by in ClientAddress::ALL {
        let server = start_behind(by, LIMITS).await;
        let mut stranger = connect_from([127, 0, 0, 2], &server).await;
        send(&mut stranger, spoofed).await;
        assert!(until(&mut stranger, ">").await.ends_with("<127.0.0.2>"), "{by:?}");
        // Nor is what a proxy would say before the first byte: to HTTP it is nonsense.
        let mut stranger = connect_from([127, 0, 0, 2], &server).await;
        stranger.write_all(PROXY).await.expect("sending");
        send(&mut stranger, GET).await;
        assert!(rest(&mut stranger).await.starts_with("HTTP/1.1 400 "), "{by:?}");
    }
}

/// 192.0.2.1 is the client.
const PROXY: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\x0a\0\0\x01\x12\x67\x20\x9e";

#[tokio::test]
async fn a_named_proxy_says_who_its_client_is_in_the_one_way_it_was_named_for() {
    let told = "GET / HTTP/1.1\r\nhost: t\r\nx-forwarded-for: 192.0.2.1\r\nforwarded: for=192.0.2.2\r\n\r\n";
    let table = [
        (ClientAddress::Untold, "<127.0.0.1>"),
        (ClientAddress::XForwardedFor, "<192.0.2.1>"),
        (ClientAddress::Forwarded, "<192.0.2.2>"),
    ];
    for (by, expected) in table {
        // Of one source there may be one; those of a proxy are everybody's.
        let server = start_behind(by, ServerLimits { connections_per_source: 1, ..LIMITS }).await;
        let mut streams = [connect(&server).await, connect(&server).await];
        for stream in &mut streams {
            send(stream, told).await;
            assert!(until(stream, ">").await.ends_with(expected), "{by:?}");
        }
    }
}

#[tokio::test]
async fn behind_the_proxy_protocol_a_connection_is_its_clients() {
    let server =
        start_behind(ClientAddress::ProxyV2, ServerLimits { connections_per_source: 1, ..LIMITS }).await;
    let mut first = connect(&server).await;
    first.write_all(PROXY).await.expect("sending");
    send(&mut first, GET).await;
    assert!(until(&mut first, ">").await.ends_with("<192.0.2.1>"));
    let mut second = connect(&server).await;
    second.write_all(PROXY).await.expect("sending");
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 503 "), "one of a source is enough");
    // A proxy that says nothing of the kind is not served.
    let mut silent = connect(&server).await;
    send(&mut silent, GET).await;
    let mut bytes = Vec::new();
    let _reset_or_end = silent.read_to_end(&mut bytes).await;
    assert!(bytes.is_empty(), "{bytes:?}");
    let traffic = server.traffic();
    assert_eq!((traffic.refused_by_source, traffic.proxies_failed), (1, 1));
}

#[tokio::test]
async fn who_closes_the_sending_side_gets_the_answer_whenever_that_is_heard_of() {
    let (router, begun, go) = held();
    let server = start(router, LIMITS).await;
    // Together with the request, and while it is being served.
    for late in [false, true] {
        let mut stream = connect(&server).await;
        send(&mut stream, GET).await;
        if late {
            begun.notified().await;
        }
        stream.shutdown().await.expect("said");
        if !late {
            begun.notified().await;
        }
        // Another connection served in between proves that there was time to hear of it.
        let mut other = connect(&server).await;
        send(&mut other, "GET /none HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").await;
        assert!(rest(&mut other).await.starts_with("HTTP/1.1 404 "));
        go.notify_one();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("at last"), "late: {late}: {answer}");
    }
}

#[tokio::test]
async fn a_head_has_so_many_bytes_and_no_more() {
    let server = start(hello(), LIMITS).await;
    let head = |length: usize| format!("GET / HTTP/1.1\r\nhost: t\r\nx: {}\r\n\r\n", "x".repeat(length));
    let mut fits = connect(&server).await;
    send(&mut fits, &head(8 * 1024)).await;
    assert!(until(&mut fits, "hello").await.starts_with("HTTP/1.1 200 "));
    let mut large = connect(&server).await;
    send(&mut large, &head(connection::READ_BUFFER)).await;
    assert!(until(&mut large, "\r\n\r\n").await.starts_with("HTTP/1.1 431 "));
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
        let mut room = Bodies::new(1_000, 0).room(SocketAddr::from(([127, 0, 0, 1], 0)).ip());
        match read_body(request.into_body(), 8, Duration::from_millis(20), &mut room).await {
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
    let server = Server::start(listener, hello(), ServerLimits { connections_per_source: 1, ..LIMITS });

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
