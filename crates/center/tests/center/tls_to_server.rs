//! The way to the server over TLS: who it is, is checked as far as `sslmode` says.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlx::Executor;
use yanmi_center::StartError;
use yanmi_center::config::{Database, PostgresSettings, PostgresTls};

use crate::server::{self, Kept};
use crate::site::{Site, anywhere, start};

/// An authority, written down at `path`.
fn authority(path: &Path) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a root");
    std::fs::write(path, issuer.pem()).expect("written");
    issuer
}

/// A server that is `localhost`, and says so with a certificate of this authority; on a port that is free now, or on
/// another if somebody takes it meanwhile.
fn server(authority: &CertifiedIssuer<'static, KeyPair>) -> (Kept, u16) {
    for _ in 0..20 {
        let folder = Kept::folder_for_one();
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, authority).expect("a certificate");
        let (certificate_path, key_path) = (folder.join("server.crt"), folder.join("server.key"));
        std::fs::write(&certificate_path, certificate.pem()).expect("written");
        std::fs::write(&key_path, key.serialize_pem()).expect("written");
        std::fs::set_permissions(&key_path, std::fs::Permissions::from_mode(0o600)).expect("private");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let set = |name: &str, path: &Path| format!("{name}={}", path.display());
        let (certificate, key) = (set("ssl_cert_file", &certificate_path), set("ssl_key_file", &key_path));
        let options = ["-c", "listen_addresses=127.0.0.1", "-c", "ssl=on", "-c", &certificate, "-c", &key];
        if let Some(server) = Kept::start(folder, None, port, &options) {
            return (server, port);
        }
    }
    panic!("no server started on twenty ports");
}

fn over_tls(host: &str, port: u16, tls: PostgresTls, roots: Option<PathBuf>) -> Database {
    let hosts = vec![(host.to_owned(), port)];
    Database::Postgres(PostgresSettings { hosts, tls, roots, ..server::settings("center") })
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_server_of_our_authority_and_of_that_name_is_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, others) = (folder.path().join("ours.pem"), folder.path().join("others.pem"));
    let issuer = authority(&ours);
    authority(&others);
    let (server, port) = server(&issuer);
    server.connect("postgres").await.execute("CREATE DATABASE center").await.expect("a database");

    let full = PostgresTls::VerifyFull;
    let site =
        Site::with(|config| config.database = over_tls("localhost", port, full, Some(ours.clone()))).await;
    assert_eq!(site.notify(site.token().await, Some("10")).await.code(), 0);
    let ready = site.ready().await;
    assert_eq!(ready.0, 200, "{}", ready.1);
    let secured = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
        WHERE application_name = 'yanmi' AND NOT ssl";
    let mut observer = server.connect("center").await;
    let in_the_clear: i64 = sqlx::query_scalar(secured).fetch_one(&mut observer).await.expect("a number");
    assert_eq!(in_the_clear, 0);

    let mut config = site.config.clone();
    config.listen.institution = anywhere();
    config.listen.channel = anywhere();
    for (host, tls, roots, believed) in [
        ("localhost", full, Some(&others), false),
        ("127.0.0.1", full, Some(&ours), false),
        ("127.0.0.1", PostgresTls::VerifyCa, Some(&ours), true),
        ("127.0.0.1", PostgresTls::VerifyCa, Some(&others), false),
        ("localhost", full, None, false),
        ("localhost", PostgresTls::Require, None, true),
    ] {
        config.database = over_tls(host, port, tls, roots.cloned());
        match start(&config, &site.hands).await {
            Ok(center) => {
                assert!(believed, "{host} {tls:?} {roots:?}");
                center.stop().await;
            }
            Err(StartError::Store(error)) => {
                let said = error.to_string();
                assert!(!believed, "{host} {tls:?} {roots:?}: {said}");
                assert!(said.contains("sslmode") && said.contains("sslrootcert"), "{said}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let site = Site::start().await;
    let mut config = site.config.clone();
    config.listen.institution = anywhere();
    config.listen.channel = anywhere();
    let Database::Postgres(settings) = &mut config.database else { panic!("on PostgreSQL") };
    settings.tls = PostgresTls::Require;
    let started = start(&config, &site.hands).await;
    let Err(StartError::Store(error)) = started else { panic!("{started:?}") };
    assert!(error.to_string().contains("sslmode"), "{error}");
}
