//! Both listeners over TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use yanmi_protocol::envelope::{self, Answer};
use yanmi_protocol::message::{auth_result, decode, notify, pending, status};
use yanmi_protocol::{Sm4Key, UnixMillis};

use crate::site::{HOSPITAL, HOSPITAL_NAME, Site};
use crate::wire::{Wire, request};

/// A connection whose other end has shown this certificate.
async fn secured(address: SocketAddr, trusted: &CertificateDer<'static>) -> Wire<TlsStream<TcpStream>> {
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
    let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.expect("a handshake");
    Wire::over(stream)
}

/// Who seals.
struct Party<'a> {
    id: &'a str,
    key: &'a Sm4Key,
    now: UnixMillis,
}

impl Party<'_> {
    /// Seals, posts, opens.
    async fn call(&self, wire: &mut Wire<TlsStream<TcpStream>>, path: &str, message: &Value) -> Value {
        let region = yanmi_protocol::Region::new("350000").expect("a region");
        let message = message.to_string();
        let body = envelope::request(self.key, self.id, "sys", region, self.now, message.as_bytes());
        let received = wire.post(path, body).await;
        assert_eq!(received.status, 200, "{received:?}");
        let answer = Answer::parse(received.body.as_bytes()).expect("an answer");
        let plain = answer.open(self.key).unwrap_or_else(|why| panic!("{path}: {why}"));
        serde_json::from_str(plain.as_str()).expect("JSON")
    }
}

#[tokio::test]
async fn the_journey_over_tls_on_both_listeners() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let site = Site::with(|config| {
        let faces = &mut config.listen;
        for listen in [&mut faces.institution, &mut faces.channel, &mut faces.operations] {
            listen.tls_certificate = Some(certificate.clone());
            listen.tls_key = Some(key.clone());
        }
    })
    .await;
    let trusted = made.cert.der().clone();
    let mut institution = secured(site.institution_addr(), &trusted).await;
    let mut channel = secured(site.channel_addr(), &trusted).await;

    let account = &site.world().accounts[0];
    let hospital = Party { id: account.org_id.as_str(), key: &account.key, now: site.hands.now() };
    let works = site.channel();
    let app = Party { id: works.chnl_id.as_str(), key: &works.key, now: site.hands.now() };
    let shown = site.shown_code(works).await;
    let decoded = institution.post(decode::PATH, decode::Request::write(HOSPITAL, "01101", &shown)).await;
    let token = decoded.json()["data"]["ecToken"].clone();
    let mut ask = json!({ "token": token, "orgCodg": HOSPITAL, "orgName": HOSPITAL_NAME });
    let notified = hospital.call(&mut institution, notify::PATH, &ask).await;
    assert_eq!(notified["notcFlag"], "1");
    let index = json!({ "ecIndexNo": site.person().ec_index_no.as_str() });
    let notices = app.call(&mut channel, pending::PATH, &index).await;
    let result = json!({
        "notcNo": notices["notcs"][0]["notcNo"], "authWay": "03", "authStas": "1",
        "authTime": site.hands.now().to_string(),
    });
    assert_eq!(app.call(&mut channel, auth_result::PATH, &result).await["acptFlag"], "1");
    ask["ext"] = json!("1");
    let told = hospital.call(&mut institution, status::PATH, &ask).await;
    assert_eq!([&told["checkStas"], &told["stage"]], ["1", "confirmed"]);
    let mut operations = secured(site.operations_addr(), &trusted).await;
    assert_eq!(operations.ask("GET", "/readyz", "").await.status, 200);

    for address in [site.institution_addr(), site.channel_addr(), site.operations_addr()] {
        // Whoever speaks in the clear is not heard.
        let mut clear = Wire::to(address).await;
        clear.send(&request("GET", "/healthz", b"")).await;
        assert!(clear.answer().await.is_err());
    }
    let farewell = site.center.stop().await;
    assert_eq!(farewell.cut, 0);
    assert!(institution.answer().await.is_err(), "closed");
}
