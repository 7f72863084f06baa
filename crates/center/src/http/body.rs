//! Reading a request's body, no more than is wanted and no longer than is patient.

use std::time::Duration;

use axum::body::HttpBody;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

/// Why a body could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BodyError {
    /// Longer than the limit, by its Content-Length or by what arrived; the limit, in bytes.
    #[error("请求体超过 {0} 字节")]
    TooLarge(usize),
    /// Not complete within the deadline.
    #[error("请求体未在 {} 毫秒内收完", .0.as_millis())]
    TimedOut(Duration),
    /// The connection broke, or the chunks were malformed.
    #[error("请求体传输中断")]
    Broken,
}

/// Reads the whole body, at most `limit` bytes of it and for at most `deadline`.
///
/// A Content-Length above the limit is refused before a byte is read; without one, reading ends with the
/// first chunk that exceeds the limit. A body that arrives in one piece is handed on without being copied.
///
/// # Errors
/// [`BodyError`]. The connection is closed by the server afterwards, as the rest of the body is still on it.
pub async fn read_body<B>(body: B, limit: usize, deadline: Duration) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(BodyError::TooLarge(limit));
    }
    match tokio::time::timeout(deadline, collect(body, announced, limit)).await {
        Ok(read) => read,
        Err(_) => Err(BodyError::TimedOut(deadline)),
    }
}

async fn collect<B>(mut body: B, announced: usize, limit: usize) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // A frame that is no data is trailers: nobody here wants them.
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if first.len() + whole.len() + data.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        if whole.is_empty() && first.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            whole.reserve(announced.max(first.len() + data.len()));
            whole.extend_from_slice(&std::mem::take(&mut first));
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::Body;
    use hyper::body::Frame;

    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    /// A body without a Content-Length: what each poll yields, then the end; `None` is a client that stalls.
    struct Chunks(VecDeque<Option<Result<&'static str, &'static str>>>);

    impl HttpBody for Chunks {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            // A client that stalls goes on stalling, however often it is asked.
            if self.0.front().is_some_and(Option::is_none) {
                return Poll::Pending;
            }
            match self.0.pop_front().flatten() {
                None => Poll::Ready(None),
                Some(chunk) => {
                    Poll::Ready(Some(chunk.map(|text| Frame::data(Bytes::from_static(text.as_bytes())))))
                }
            }
        }
    }

    fn chunks<const N: usize>(list: [Option<Result<&'static str, &'static str>>; N]) -> Chunks {
        Chunks(list.into())
    }

    #[tokio::test]
    async fn a_body_up_to_the_limit_is_read_whole() {
        let read = read_body(Body::from("12345678"), 8, PATIENCE).await;
        assert_eq!(read, Ok(Bytes::from_static(b"12345678")));
        let read = read_body(chunks([Some(Ok("123")), Some(Ok("45")), Some(Ok("678"))]), 8, PATIENCE).await;
        assert_eq!(read, Ok(Bytes::from_static(b"12345678")));
        assert_eq!(read_body(Body::empty(), 0, PATIENCE).await, Ok(Bytes::new()));
    }

    #[tokio::test]
    async fn a_byte_more_is_refused_whether_announced_or_not() {
        let read = read_body(Body::from("123456789"), 8, PATIENCE).await;
        assert_eq!(read, Err(BodyError::TooLarge(8)));
        // The third chunk would stall for ever: it is not asked for.
        let read = read_body(chunks([Some(Ok("1234")), Some(Ok("56789")), None]), 8, PATIENCE).await;
        assert_eq!(read, Err(BodyError::TooLarge(8)));
    }

    #[tokio::test]
    async fn a_stalled_or_broken_body_is_told_apart() {
        let patience = Duration::from_millis(1);
        let read = read_body(chunks([Some(Ok("1")), None]), 8, patience).await;
        assert_eq!(read, Err(BodyError::TimedOut(patience)));
        let read = read_body(chunks([Some(Ok("1")), Some(Err("gone"))]), 8, PATIENCE).await;
        assert_eq!(read, Err(BodyError::Broken));
    }
}
