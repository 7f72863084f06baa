//! The pinned roots are the only ones.

use std::sync::Arc;

use yanmi_client::transport::Trouble;
use yanmi_client::{CenterClient, Failure, SetupError, StatusQuery};

use crate::site::Site;

#[test]
fn only_the_pinned_root_is_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("tls.crt"), made.cert.pem()).expect("written");
    std::fs::write(path("other.crt"), other.cert.pem()).expect("written");
    std::fs::write(path("tls.key"), made.signing_key.serialize_pem()).expect("written");
    std::fs::write(path("empty.crt"), "").expect("written");
    let site = Site::with(|config| {
        config.listen.institution.tls_certificate = Some(path("tls.crt"));
        config.listen.institution.tls_key = Some(path("tls.key"));
    });
    let mut config = site.config();
    let port = site.institution_addr().port();
    config.center.urls = vec![format!("https://localhost:{port}")];
    let query = StatusQuery { token: site.magic("500001"), wait: None };
    let mut call = |roots: &str| {
        config.center.roots = Some(path(roots));
        CenterClient::new(&config, Arc::new(site.hands.clone()))
            .map(|client| client.status(query).expect_err("an unknown token at best").failure)
    };
    assert!(matches!(call("tls.crt"), Ok(Failure::Refused { code: 500_001, .. })));
    let refused = call("other.crt").expect("a client");
    assert!(matches!(&refused, Failure::Transport(error) if error.trouble == Trouble::Tls), "{refused:?}");
    assert!(refused.to_string().contains("证书"), "{refused}");
    assert_eq!(call("empty.crt"), Err(SetupError::RootsUnusable(path("empty.crt"))));
    assert_eq!(call("none.crt"), Err(SetupError::RootsUnreadable(path("none.crt"))));
}
