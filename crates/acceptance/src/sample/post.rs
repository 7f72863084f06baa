//! How a sample calls: through one pooled HTTP client, as an institution's program does.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::{Answer, AnswerError, MAX_BODY_BYTES, PlainText};

/// A sample's way to the suite.
pub(super) struct Client(Pool<HttpConnector, Full<Bytes>>);

/// What came back.
pub(super) struct Received {
    pub(super) status: u16,
    body: Bytes,
}

impl Client {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Pool::builder(TokioExecutor::new()).build(connector))
    }

    /// Posts a body as JSON and waits so long for the answer; the error says in Chinese why there is none.
    pub(super) async fn post(&self, url: &str, body: String, patience: Duration) -> Result<Received, String> {
        let request =
            Request::post(url).header(CONTENT_TYPE, "application/json").body(Full::new(body.into()));
        let request = request.map_err(|_| format!("地址有误：{url}"))?;
        let answered = async {
            let answer = self.0.request(request).await.map_err(|why| broken(&why))?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), MAX_BODY_BYTES + 1).collect().await;
            let body = body.map_err(|_| "应答不完整或太长".to_owned())?.to_bytes();
            Ok(Received { status, body })
        };
        let late = || Err(format!("{} 秒内没有应答", patience.as_secs_f32()));
        tokio::time::timeout(patience, answered).await.unwrap_or_else(|_| late())
    }
}

/// An error with its causes; the outermost says little.
fn broken(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    format!("无法连接或连接中断：{}", causes.join(": "))
}

impl Received {
    /// Reads the body as an answer and opens its message; a refusal has none.
    pub(super) fn open(&self, key: &Sm4Key) -> Result<(Answer, Option<PlainText>), String> {
        let malformed = |why| format!("中心的应答不合规范（HTTP {}）：{why}", self.status);
        let answer = Answer::parse(&self.body).map_err(malformed)?;
        match answer.open(key) {
            Ok(plain) => Ok((answer, Some(plain))),
            Err(AnswerError::Refused { .. }) => Ok((answer, None)),
            Err(why) => Err(why.to_string()),
        }
    }
}
