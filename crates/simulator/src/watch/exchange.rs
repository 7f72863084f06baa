//! One call as it passes: the request when it is sent or received, then the answer, or that there is none.
//!
//! Whoever records it has the key, and opens again what passes: the parties themselves stay as they are.

use std::borrow::Cow;
use std::sync::Arc;

use http_body_util::BodyExt;
use serde::Serialize;
use yanmi_protocol::envelope::{Answer, PlainText, RequestEnvelope};
use yanmi_protocol::message::channel_notice::Notice;
use yanmi_protocol::{EcToken, Region, Sm4Key};

use super::calls::Call;
use super::feed::Watch;
use super::masked::masked;
use crate::bench::is_bench_token;
use crate::outgoing::Received;
use crate::reply::{Cut, Reply};
use crate::state::State;
use crate::world::{Channel, World};

/// Characters of a sealed or opened message that are shown; longer ones are cut.
const MOST_SHOWN: usize = 8 * 1_024;

/// Between whom, under which key.
#[derive(Clone)]
pub(crate) struct Lane {
    call: Call,
    from: (&'static str, String),
    to: (&'static str, String),
    /// The key, where it is known, and what is said about it; nothing where nothing is sealed.
    key: Option<(Option<Sm4Key>, String)>,
    path: String,
}

const CENTER: &str = "地方电子凭证中心";

pub(super) fn key_words(whose: &str, key: &Sm4Key) -> String {
    format!("{whose}的密钥，校验值 {}", key.kcv())
}

impl Lane {
    /// An institution asks the center; decoding has no key.
    pub(crate) fn institution(
        call: Call,
        name: &str,
        account: &str,
        key: Option<&Sm4Key>,
        path: &str,
    ) -> Self {
        Self {
            call,
            from: ("institution", name.to_owned()),
            to: ("center", CENTER.to_owned()),
            key: key.map(|key| (Some(key.clone()), key_words(&format!("账号 {account} "), key))),
            path: path.to_owned(),
        }
    }

    /// A program outside of the sandbox asks the center, under a key that is known or not.
    pub(super) fn outside(
        call: Call,
        name: String,
        key: Option<(Option<Sm4Key>, String)>,
        path: &str,
    ) -> Self {
        let to = ("center", CENTER.to_owned());
        Self { call, from: ("institution", name), to, key, path: path.to_owned() }
    }

    /// A channel asks the center.
    pub(crate) fn channel(call: Call, channel: &Channel, path: &str) -> Self {
        Self {
            call,
            from: ("channel", channel.name.clone()),
            to: ("center", CENTER.to_owned()),
            key: Some((Some(channel.key.clone()), key_words("渠道", &channel.key))),
            path: path.to_owned(),
        }
    }

    /// The center posts to a channel.
    fn to_channel(channel: &Channel, path: &str) -> Self {
        let asks = Self::channel(Call::Notice, channel, path);
        Self { from: asks.to, to: asks.from, ..asks }
    }

    /// The center asks the national center.
    fn national(call: Call, world: &World, path: &str) -> Self {
        let key = &world.national.key;
        Self {
            call,
            from: ("center", CENTER.to_owned()),
            to: ("national", "国家电子凭证".to_owned()),
            key: Some((Some(key.clone()), key_words("中心在国家平台", key))),
            path: path.to_owned(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    exchange: u64,
    part: &'static str,
    at: i64,
    call: &'static str,
    from: &'static str,
    from_name: &'a str,
    to: &'static str,
    to_name: &'a str,
    path: &'a str,
    key: Option<&'a str>,
    sealed: Option<Cow<'a, str>>,
    opened: Option<String>,
    status: Option<u16>,
    code: Option<i64>,
    words: Option<&'a str>,
}

/// A call that has begun. Dropped without an answer, it says that nobody waited for one any longer.
pub(crate) struct Exchange {
    watch: Arc<Watch>,
    number: u64,
    lane: Lane,
    over: bool,
}

impl Exchange {
    /// Records a request: the body as it passes, and its message where there is one beneath a seal.
    pub(crate) fn begin(watch: &Arc<Watch>, lane: Lane, body: &[u8], opened: Option<&str>) -> Self {
        let exchange = Self { watch: Arc::clone(watch), number: watch.next_exchange(), lane, over: false };
        exchange.publish("request", Some(body), opened, None, None);
        exchange
    }

    /// Records an answer of the protocol, sealed or not.
    pub(crate) fn answered(self, status: u16, body: &[u8]) {
        self.answered_because(status, body, None);
    }

    /// The same, with the cause the answer keeps to itself.
    pub(crate) fn answered_because(mut self, status: u16, body: &[u8], cause: Option<&str>) {
        let answer = Answer::parse(body).ok();
        let key = self.lane.key.as_ref().and_then(|(key, _)| key.as_ref());
        let plain = answer.as_ref().zip(key).and_then(|(answer, key)| answer.open(key).ok());
        let opened = plain.as_ref().map(PlainText::as_str);
        // Without a key the body itself is the message.
        let opened = opened.or_else(|| std::str::from_utf8(body).ok().filter(|_| self.lane.key.is_none()));
        let code = answer.as_ref().map(|answer| answer.code);
        let words = answer.as_ref().filter(|answer| answer.code != 0).map(|answer| answer.message.as_str());
        self.over = true;
        let words = words.map(|words| match cause {
            Some(cause) => format!("{words}。真正的原因：{cause}"),
            None => words.to_owned(),
        });
        self.publish("answer", Some(body), opened, Some((status, code)), words.as_deref());
    }

    /// Records that no answer came, and why.
    pub(crate) fn failed(mut self, why: &str) {
        self.over = true;
        self.publish("silence", None, None, None, Some(why));
    }

    /// Records what a simulated party replies.
    pub(crate) async fn replied(self, reply: &Result<Reply, Cut>) {
        match reply {
            Err(Cut) => self.failed("没有应答：连接被对方断开"),
            Ok(reply) => {
                let status = reply.status().as_u16();
                // The body is in memory: collecting it neither waits nor fails.
                let Ok(body) = reply.body().clone().collect().await;
                self.answered(status, &body.to_bytes());
            }
        }
    }

    /// Records what came back to a simulated party.
    pub(crate) fn received<E: std::fmt::Display>(self, received: &Result<Received, E>) {
        match received {
            Ok(received) => self.answered(received.status, &received.body),
            Err(error) => self.failed(&error.to_string()),
        }
    }

    fn publish(
        &self,
        part: &'static str,
        body: Option<&[u8]>,
        opened: Option<&str>,
        outcome: Option<(u16, Option<i64>)>,
        words: Option<&str>,
    ) {
        let lane = &self.lane;
        let forth = part == "request";
        let (from, to) = if forth { (&lane.from, &lane.to) } else { (&lane.to, &lane.from) };
        let sealed = body.filter(|_| lane.key.is_some()).map(String::from_utf8_lossy);
        self.watch.publish(
            "message",
            &Message {
                exchange: self.number,
                part,
                at: self.watch.now(),
                call: lane.call.words().call,
                from: from.0,
                from_name: &from.1,
                to: to.0,
                to_name: &to.1,
                path: &lane.path,
                key: lane.key.as_ref().map(|(_, words)| words.as_str()),
                sealed: sealed.map(cut),
                opened: opened.map(|text| cut(masked(text).into()).into_owned()),
                status: outcome.map(|(status, _)| status),
                code: outcome.and_then(|(_, code)| code),
                words,
            },
        );
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.over {
            self.publish("silence", None, None, None, Some("没有应答：等待的一方不再等了"));
        }
    }
}

fn cut(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= MOST_SHOWN {
        return text;
    }
    let end = (0..=MOST_SHOWN).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end]).into()
}

pub(super) fn open(body: &[u8], region: Region, key: &Sm4Key) -> Option<PlainText> {
    RequestEnvelope::parse(body, region).ok()?.sealed.open(key).ok()
}

/// A notice arrives at a channel. Nothing for persons this world does not know: they are the load generator's, and
/// too many.
pub(crate) fn of_notice(state: &State, id: &str, path: &str, body: &[u8]) -> Option<Exchange> {
    let channel = state.world.channel(id)?;
    let opened = open(body, state.world.region, &channel.key);
    let notice = opened.as_ref().and_then(|opened| Notice::read(&opened.members().ok()?).ok());
    let known = |notice: &Notice| notice.index.is_some_and(|i| state.world.person(i.as_str()).is_some());
    if notice.as_ref().is_some_and(|notice| !known(notice)) {
        return None;
    }
    let call = notice.map_or(Call::Notice, |notice| Call::of_notice(notice.kind));
    let lane = Lane { call, ..Lane::to_channel(channel, path) };
    Some(Exchange::begin(&state.watch, lane, body, opened.as_ref().map(PlainText::as_str)))
}

/// A question arrives at the national center. Nothing for the load generator's tokens.
pub(crate) fn of_question(state: &State, path: &str, body: &[u8]) -> Option<Exchange> {
    let call = Call::of_national_path(path)?;
    let opened = open(body, state.world.region, &state.world.national.key);
    let token = opened.as_ref().and_then(|opened| {
        opened.members().ok()?.optional_identifier("ecToken", EcToken::MAX_LENGTH, EcToken::new).ok()?
    });
    if token.as_ref().is_some_and(is_bench_token) {
        return None;
    }
    let lane = Lane::national(call, &state.world, path);
    Some(Exchange::begin(&state.watch, lane, body, opened.as_ref().map(PlainText::as_str)))
}
