//! Servers for benchmarks: the baseline that echoes, and a channel app without any bookkeeping.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use yanmi_protocol::envelope::{self, RequestEnvelope};
use yanmi_protocol::message::channel_notice::{self, Notice};
use yanmi_protocol::{ChannelId, Code, Region, Sm4Key};

/// Answers every request with its own body: what the framework costs, and nothing else.
pub fn echo_router() -> Router {
    Router::new().fallback(echo)
}

async fn echo(body: Bytes) -> Bytes {
    body
}

/// Takes every notice, at any path, for channels with these keys: opens it, reads it, answers `rcvFlag` "1",
/// and forgets it.
pub fn channel_router(region: Region, keys: impl IntoIterator<Item = (ChannelId, Sm4Key)>) -> Router {
    let received = channel_notice::received_json().as_bytes();
    let with_answer = |(id, key): (ChannelId, Sm4Key)| {
        // The same message under the same key is the same cipher text in this mode, so it is sealed once.
        let answer = Bytes::from(envelope::success(&key, received));
        (id.as_str().to_owned(), (key, answer))
    };
    let channels = keys.into_iter().map(with_answer).collect();
    Router::new().fallback(take).with_state(Arc::new(Channels { region, channels }))
}

struct Channels {
    region: Region,
    channels: HashMap<String, (Sm4Key, Bytes)>,
}

async fn take(State(channels): State<Arc<Channels>>, body: Bytes) -> Bytes {
    let refuse = |code: Code| Bytes::from(envelope::refusal(code, code.message()));
    let Ok(request) = RequestEnvelope::parse(&body, channels.region) else {
        return refuse(Code::BadParameter);
    };
    let Some((key, answer)) = channels.channels.get(&*request.org_id) else { return refuse(Code::Denied) };
    let Ok(opened) = request.sealed.open(key) else { return refuse(Code::Denied) };
    match opened.members().map(|members| Notice::read(&members).is_ok()) {
        Ok(true) => answer.clone(),
        _ => refuse(Code::BadParameter),
    }
}
