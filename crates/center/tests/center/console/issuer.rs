//! A provider (`OpenID` Connect) on this machine, which says what a test wants it to say.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use http::{HeaderMap, StatusCode, Uri, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::site::Hands;

pub(crate) const CLIENT: &str = "yanmi & co";
pub(crate) const SECRET: &str = "a secret: with + and %";
pub(crate) const PUBLIC_URL: &str = "http://127.0.0.1:8353";

type Fields = HashMap<String, String>;

/// How it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
    Well,
    Failing,
    Hanging,
    Huge,
    Nonsense,
}

/// What it says.
pub(crate) struct Script {
    /// At discovery and at the token endpoint.
    pub(crate) moods: [Mood; 2],
    pub(crate) subject: String,
    /// What is put over the members of the `id_token`.
    pub(crate) claims: Value,
    /// The same of its metadata.
    pub(crate) metadata: Value,
    /// Codes that were made, each with what it was asked for with.
    codes: HashMap<String, Fields>,
    made: usize,
    /// Where the console is.
    pub(crate) public_url: String,
    /// Whether somebody is asked before he is sent back.
    pub(crate) asks: bool,
    /// How often it was asked: discovery, token endpoint.
    pub(crate) asked: [usize; 2],
}

#[derive(Clone)]
struct Shared {
    address: SocketAddr,
    issuer: String,
    hands: Hands,
    script: Arc<Mutex<Script>>,
}

pub(crate) struct Provider {
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Provider {
    /// One of this name, by this clock.
    pub(crate) fn start(listener: TcpListener, issuer: &str, hands: Hands) -> Self {
        let script = Script {
            moods: [Mood::Well; 2],
            subject: "350100199001010011".to_owned(),
            claims: json!({}),
            metadata: json!({}),
            codes: HashMap::new(),
            made: 0,
            public_url: PUBLIC_URL.to_owned(),
            asks: false,
            asked: [0; 2],
        };
        let address = listener.local_addr().expect("an address");
        let shared =
            Shared { address, issuer: issuer.to_owned(), hands, script: Arc::new(Mutex::new(script)) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        Self { shared, serving }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.shared.address
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.shared.script.lock().expect("nobody panicked")
    }
}

/// An answer in another mood than well.
async fn in_mood(mood: Mood) -> Option<Response> {
    Some(match mood {
        Mood::Well => return None,
        Mood::Failing => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Hanging => std::future::pending().await,
        Mood::Huge => format!("{{\"x\":\"{}\"}}", "x".repeat(100_000)).into_response(),
        Mood::Nonsense => "<html>请先连接网络</html>".into_response(),
    })
}

fn answer(status: StatusCode, json: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response()
}

/// `application/x-www-form-urlencoded`.
fn fields(text: &str) -> Fields {
    let decoded = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            let hex = |byte: Option<u8>| char::from(byte.expect("a digit")).to_digit(16).expect("a digit");
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => u8::try_from(hex(rest.next()) * 16 + hex(rest.next())).expect("a byte"),
                byte => byte,
            });
        }
        String::from_utf8(bytes).expect("text")
    };
    let pairs = text.split('&').map(|pair| pair.split_once('=').expect("a pair"));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn put_over(base: &mut Value, over: &Value) {
    for (name, value) in over.as_object().expect("an object") {
        base[name] = value.clone();
    }
}

async fn describe(State(shared): State<Shared>) -> Response {
    let (mood, over) = {
        let mut script = shared.script.lock().expect("nobody panicked");
        script.asked[0] += 1;
        (script.moods[0], script.metadata.clone())
    };
    if let Some(answer) = in_mood(mood).await {
        return answer;
    }
    let at = &shared.issuer;
    let mut document = json!({
        "issuer": at,
        "authorization_endpoint": format!("{at}/authorize"),
        "token_endpoint": format!("{at}/token"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["plain", "S256"],
    });
    put_over(&mut document, &over);
    answer(StatusCode::OK, &document)
}

async fn authorize(State(shared): State<Shared>, uri: Uri) -> Response {
    let asked = fields(uri.query().expect("a question"));
    let mut script = shared.script.lock().expect("nobody panicked");
    let redirect = format!("{}/o/oidc/return", script.public_url);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", redirect.as_str()),
        ("scope", "openid"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked.get(name).map(String::as_str), Some(value), "{name}");
    }
    let state = asked["state"].clone();
    script.made += 1;
    let code = format!("code-{}", script.made);
    script.codes.insert(code.clone(), asked);
    let issuer = shared.issuer.replace(':', "%3A").replace('/', "%2F");
    let back = format!("{redirect}?code={code}&state={state}&iss={issuer}");
    if script.asks {
        let page =
            format!("<!doctype html><title>同意</title><a href=\"{}\">同意</a>", back.replace('&', "&amp;"));
        return ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    }
    Redirect::to(&back).into_response()
}

async fn token(State(shared): State<Shared>, headers: HeaderMap, body: String) -> Response {
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let form = fields(&body);
    let mood = {
        let mut script = shared.script.lock().expect("nobody panicked");
        script.asked[1] += 1;
        script.moods[1]
    };
    if let Some(answer) = in_mood(mood).await {
        return answer;
    }
    let mut script = shared.script.lock().expect("nobody panicked");
    let refuse = |error: &str| answer(StatusCode::BAD_REQUEST, &json!({ "error": error }));
    let encoded = "yanmi%20%26%20co:a%20secret%3A%20with%20%2B%20and%20%25";
    let basic = format!("Basic {}", BASE64_STANDARD.encode(encoded));
    let posted = (form.get("client_id").map(String::as_str), form.get("client_secret").map(String::as_str));
    let by_header = headers.get("authorization").is_some_and(|value| *value == basic);
    let by_form = posted == (Some(CLIENT), Some(SECRET));
    if by_header == by_form {
        return refuse("invalid_client");
    }
    // A code is good once.
    let Some(asked) = script.codes.remove(&form["code"]) else { return refuse("invalid_grant") };
    let challenge = BASE64.encode(Sha256::digest(&form["code_verifier"]));
    let fits = challenge == asked["code_challenge"]
        && form["redirect_uri"] == asked["redirect_uri"]
        && form["grant_type"] == "authorization_code"
        && (43..=128).contains(&form["code_verifier"].len());
    if !fits {
        return refuse("invalid_grant");
    }
    let now = shared.hands.now().get() / 1_000;
    let mut claims = json!({
        "iss": shared.issuer, "aud": CLIENT, "sub": script.subject,
        "nonce": asked["nonce"], "iat": now, "exp": now + 300, "preferred_username": "lin.wei",
    });
    put_over(&mut claims, &script.claims);
    let part = |value: &Value| BASE64.encode(value.to_string());
    let id_token =
        format!("{}.{}.{}", part(&json!({ "alg": "RS256" })), part(&claims), BASE64.encode("unseen"));
    let tokens =
        json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": id_token });
    answer(StatusCode::OK, &tokens)
}
