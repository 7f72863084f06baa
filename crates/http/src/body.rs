//! Reading a request's body, no more than is wanted, no longer than is patient, and no more at a time for all callers
//! together than there is room for.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::HttpBody;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use crate::places::{Holding, Place, Places};
use crate::source_of;

/// Among how many parties sources are spread. Two that fall together share what one may have; which do, nobody knows
/// beforehand.
const PARTIES: usize = 1_024;

/// The room for bodies nobody has looked into yet, in bytes, shared by all listeners. A source may have as much as is
/// free, so half of it at most.
#[derive(Debug)]
pub struct Bodies {
    room: Arc<Places>,
    /// By a hash of the source: a table of sources would need a lock for every request.
    parties: Box<[Arc<Holding>]>,
    seed: u64,
}

impl Bodies {
    /// Room for so many bytes. Which sources fall together follows from the seed; nobody outside may know it, as whoever
    /// does can choose an address to share the room of another.
    pub fn new(bytes: usize, seed: u64) -> Self {
        let parties = (0..PARTIES).map(|_| Arc::default()).collect();
        Self { room: Places::new(bytes), parties, seed }
    }

    /// Room for one body from this address, nothing of it taken yet.
    pub fn room(&self, source: IpAddr) -> Room {
        // Below a thousand, it fits; and were it not, the first would do.
        let at = usize::try_from(self.party_of(source)).unwrap_or(0);
        let holding = self.parties.get(at).map(Arc::clone).unwrap_or_default();
        Room(Place::none(&self.room, &holding))
    }

    fn party_of(&self, source: IpAddr) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, source_of(source)).hash(&mut hasher);
        hasher.finish() % (PARTIES as u64)
    }

    /// Bytes taken at this moment.
    pub fn taken(&self) -> usize {
        self.room.taken()
    }
}

/// What one body takes of [`Bodies`], until this is dropped.
#[derive(Debug)]
pub struct Room(Place);

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
    /// Too much of other bodies is there already (503; reading, E11).
    #[error("正在接收的请求体过多")]
    NoRoom,
}

/// Reads the whole body into `room`, at most `limit` bytes of it and for at most `deadline`.
///
/// Room is taken for what has arrived, not for what was announced: a number costs its sender nothing. A Content-Length above the limit is refused before a byte is read; without one, reading ends with the
/// first chunk that exceeds the limit. A body that arrives in one piece is handed on without being copied.
///
/// # Errors
/// [`BodyError`]. The connection is closed by the server afterwards, as the rest of the body is still on it.
pub async fn read_body<B>(
    body: B,
    limit: usize,
    deadline: Duration,
    room: &mut Room,
) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(BodyError::TooLarge(limit));
    }
    match tokio::time::timeout(deadline, collect(body, limit, room)).await {
        Ok(read) => read,
        Err(_) => Err(BodyError::TimedOut(deadline)),
    }
}

async fn collect<B>(mut body: B, limit: usize, room: &mut Room) -> Result<Bytes, BodyError>
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
        if !room.0.grow(data.len()) {
            return Err(BodyError::NoRoom);
        }
        if whole.is_empty() && first.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            whole.reserve(first.len() + data.len());
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
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    async fn within<B>(body: B, limit: usize, deadline: Duration) -> Result<Bytes, BodyError>
    where
        B: HttpBody<Data = Bytes> + Unpin,
    {
        read_body(body, limit, deadline, &mut Bodies::new(1_000, 0).room(HERE)).await
    }

    #[tokio::test]
    async fn what_arrived_takes_room_until_it_is_let_go_and_one_source_never_takes_all_of_it() {
        let bodies = Bodies::new(100, 0);
        let mut room = bodies.room(HERE);
        let read = read_body(Body::from(vec![b'1'; 50]), 100, PATIENCE, &mut room).await;
        assert_eq!((read.map(|body| body.len()), bodies.taken()), (Ok(50), 50));
        let more = read_body(Body::from("1"), 100, PATIENCE, &mut bodies.room(HERE)).await;
        assert_eq!(more, Err(BodyError::NoRoom));
        let another = IpAddr::from([10, 0, 0, 1]);
        let read = read_body(Body::from("1"), 100, PATIENCE, &mut bodies.room(another)).await;
        assert_eq!((read.map(|body| body.len()), bodies.taken()), (Ok(1), 50));
        drop(room);
        assert_eq!(bodies.taken(), 0);
        // Announced is not arrived.
        let mut room = bodies.room(HERE);
        let stalled = chunks([Some(Ok("12")), None]);
        let read = read_body(stalled, 100, Duration::from_millis(1), &mut room).await;
        assert_eq!((read, bodies.taken()), (Err(BodyError::TimedOut(Duration::from_millis(1))), 2));
    }

    #[test]
    fn which_sources_share_follows_from_the_seed() {
        let parties = |seed| {
            let bodies = Bodies::new(100, seed);
            let of = |last: u8| bodies.party_of(IpAddr::from([10, 0, 0, last]));
            (0..=255).map(of).collect::<Vec<_>>()
        };
        assert_eq!(parties(1), parties(1));
        assert_ne!(parties(1), parties(2));
        let apart = parties(1).into_iter().collect::<std::collections::BTreeSet<_>>().len();
        assert!(apart > 200, "{apart} of 256 sources alone or first of their party");
    }

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
        let read = within(Body::from("12345678"), 8, PATIENCE).await;
        assert_eq!(read, Ok(Bytes::from_static(b"12345678")));
        let read = within(chunks([Some(Ok("123")), Some(Ok("45")), Some(Ok("678"))]), 8, PATIENCE).await;
        assert_eq!(read, Ok(Bytes::from_static(b"12345678")));
        assert_eq!(within(Body::empty(), 0, PATIENCE).await, Ok(Bytes::new()));
    }

    #[tokio::test]
    async fn a_byte_more_is_refused_whether_announced_or_not() {
        let read = within(Body::from("123456789"), 8, PATIENCE).await;
        assert_eq!(read, Err(BodyError::TooLarge(8)));
        // The third chunk would stall for ever: it is not asked for.
        let read = within(chunks([Some(Ok("1234")), Some(Ok("56789")), None]), 8, PATIENCE).await;
        assert_eq!(read, Err(BodyError::TooLarge(8)));
    }

    #[tokio::test]
    async fn a_stalled_or_broken_body_is_told_apart() {
        let patience = Duration::from_millis(1);
        let read = within(chunks([Some(Ok("1")), None]), 8, patience).await;
        assert_eq!(read, Err(BodyError::TimedOut(patience)));
        let read = within(chunks([Some(Ok("1")), Some(Err("gone"))]), 8, PATIENCE).await;
        assert_eq!(read, Err(BodyError::Broken));
    }
}
