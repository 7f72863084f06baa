//! Whoever looks on: told of each request to the institution face, and of its answer with the cause that the answer keeps to
//! itself.
//!
//! It is for a sandbox, which shows newcomers what their programs sent. A center that is started without has nothing of
//! it in the way of a request. What is told is what passed: the body is copied as the operation reads it, so that what is
//! too large, too slow or cut short is dealt with as ever.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use yanmi_protocol::envelope;

/// The most of an answer that is told, in bytes: more than any has.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Told of each request, and then of its answer; of a request that is not answered the second part is dropped.
pub type Observer = Arc<dyn Fn(SeenRequest) -> Box<dyn FnOnce(SeenAnswer) + Send> + Send + Sync>;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct SeenRequest {
    /// Where it was posted to.
    pub path: String,
    /// Its body, as far as it was read.
    pub body: Vec<u8>,
}

/// What it was answered.
#[derive(Clone, Debug)]
pub struct SeenAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
    /// Why, where the answer does not say: of every -4 (E7).
    pub cause: Option<String>,
}

/// The cause of a refusal, on its way to who looks on.
#[derive(Clone, Debug)]
pub(crate) struct Cause(pub(crate) String);

/// One request, as far as it was heard.
struct Heard {
    observer: Observer,
    path: String,
    body: Vec<u8>,
    answer: Option<Box<dyn FnOnce(SeenAnswer) + Send>>,
}

impl Heard {
    /// Tells of the request, once.
    fn arrived(&mut self) {
        if self.answer.is_none() {
            let (path, body) = (std::mem::take(&mut self.path), std::mem::take(&mut self.body));
            self.answer = Some((self.observer)(SeenRequest { path, body }));
        }
    }
}

/// A body that is heard by who looks on while it is read.
struct Overheard {
    body: Body,
    heard: Arc<Mutex<Heard>>,
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HttpBody for Overheard {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let mut heard = lock(&self.heard);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let room = envelope::MAX_BODY_BYTES.saturating_sub(heard.body.len());
                let data = frame.data_ref().map_or(&[][..], |data| data);
                heard.body.extend_from_slice(&data[..data.len().min(room)]);
                if self.body.is_end_stream() {
                    heard.arrived();
                }
            }
            Poll::Ready(_) => heard.arrived(),
            Poll::Pending => {}
        }
        drop(heard);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Serves a request while somebody looks on.
pub(crate) async fn observe(State(observer): State<Observer>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let heard = Arc::new(Mutex::new(Heard { observer, path, body: Vec::new(), answer: None }));
    let (parts, body) = request.into_parts();
    let body = Body::new(Overheard { body, heard: Arc::clone(&heard) });
    let response = next.run(Request::from_parts(parts, body)).await;
    let (mut parts, body) = response.into_parts();
    // An answer of ours is in memory: collecting it neither waits nor fails.
    let body = axum::body::to_bytes(body, MAX_ANSWER_BYTES).await.unwrap_or_default();
    let cause = parts.extensions.remove::<Cause>().map(|Cause(text)| text);
    let mut heard = lock(&heard);
    heard.arrived();
    if let Some(answer) = heard.answer.take() {
        answer(SeenAnswer { status: parts.status.as_u16(), body: body.clone(), cause });
    }
    drop(heard);
    Response::from_parts(parts, Body::from(body))
}
