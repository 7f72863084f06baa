//! Servers for benchmarks: the baseline that echoes, and a channel app without any bookkeeping.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use yanmi_protocol::envelope::{self, RequestEnvelope};
use yanmi_protocol::message::channel_notice::{self, Notice};
use yanmi_protocol::{ChannelId, Code, Region, Sm4Key};

use super::tap::Noted;

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
    router(region, keys, None)
}

/// The same, but notes the number of each notice.
pub fn noting_channel_router(
    region: Region,
    keys: impl IntoIterator<Item = (ChannelId, Sm4Key)>,
    noted: Arc<Noted>,
) -> Router {
    router(region, keys, Some(noted))
}

fn router(
    region: Region,
    keys: impl IntoIterator<Item = (ChannelId, Sm4Key)>,
    noted: Option<Arc<Noted>>,
) -> Router {
    let received = channel_notice::received_json().as_bytes();
    let with_answer = |(id, key): (ChannelId, Sm4Key)| {
        // The same message under the same key is the same cipher text in this mode, so it is sealed once.
        let answer = Bytes::from(envelope::success(&key, received));
        (id.as_str().to_owned(), (key, answer))
    };
    let known = keys.into_iter().map(with_answer).collect();
    Router::new().fallback(take).with_state(Arc::new(Channels { region, known, noted }))
}

struct Channels {
    region: Region,
    known: HashMap<String, (Sm4Key, Bytes)>,
    noted: Option<Arc<Noted>>,
}

async fn take(State(channels): State<Arc<Channels>>, body: Bytes) -> Bytes {
    let refuse = |code: Code| Bytes::from(envelope::refusal(code, code.message()));
    let Ok(request) = RequestEnvelope::parse(&body, channels.region) else {
        return refuse(Code::BadParameter);
    };
    let Some((key, answer)) = channels.known.get(&*request.org_id) else { return refuse(Code::Denied) };
    let Ok(opened) = request.sealed.open(key) else { return refuse(Code::Denied) };
    let Some(notice) = opened.members().ok().and_then(|members| Notice::read(&members).ok()) else {
        return refuse(Code::BadParameter);
    };
    if let Some(noted) = &channels.noted {
        noted.note(notice.token, notice.number);
    }
    answer.clone()
}
