//! `GET /events`: the events of the ring as server-sent events, from where the browser left off.
//!
//! Thousands of streams must cost little, and a stream does nothing but wait. So it is no HTTP connection any more
//! once its request was read: the socket is taken out of hyper, whose buffers would be kept for nothing, and a small
//! task writes to it. It has no queue. It waits for word that there is something newer than what it sent last, and
//! writes that from the ring, in bytes all streams share.
//!
//! A reader that does not keep up holds up nobody: when a write takes longer than [`WRITE_PATIENCE`], or the ring has
//! moved on past what it sent last, its stream ends, and the browser comes back with `Last-Event-ID`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::ring::{Since, render};
use super::scene;
use crate::state::State;

/// How long a write may take before the reader is given up.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// How often something is written though there is nothing to tell, so that a reader that is gone is noticed.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How long a browser waits before it comes back, in milliseconds.
const RETRY_MILLIS: u32 = 1_000;

/// What a stream is written to.
trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

/// Where the browser left off: the header `Last-Event-ID`.
pub(crate) fn last_event(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// Whether there is a place for one more stream.
pub(crate) fn has_place(state: &State) -> bool {
    state.watch.places().available_permits() > 0
}

/// Serves a socket, whose request was read, until its reader is gone or the simulator stops.
pub(crate) async fn run(
    mut socket: TcpStream,
    state: Arc<State>,
    after: Option<u64>,
    mut stopping: watch::Receiver<bool>,
) {
    let Ok(_place) = Arc::clone(state.watch.places()).try_acquire_owned() else { return };
    tokio::select! {
        // Why a stream ended is nobody's concern: the browser comes back.
        _ = tell(&mut socket, &state, after) => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

async fn tell(socket: &mut impl Socket, state: &State, after: Option<u64>) -> io::Result<()> {
    let mut newest = state.watch.ring.newest();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\nconnection: close\r\n\r\nretry: {RETRY_MILLIS}\n\n"
    );
    write(socket, head.as_bytes()).await?;
    let known = after.filter(|id| state.watch.ring.since(*id) != Since::Lost);
    let mut at = match known {
        Some(id) => id,
        None => begin(socket, state).await?,
    };
    loop {
        newest.borrow_and_update();
        loop {
            let Since::Events(events, last) = state.watch.ring.since(at) else {
                return Err(io::ErrorKind::TimedOut.into());
            };
            if events.is_empty() {
                break;
            }
            write_all(socket, &events).await?;
            at = last;
        }
        wait(socket, &mut newest).await?;
    }
}

/// Everything from the beginning, then how things stand: for a page that knows nothing.
async fn begin(socket: &mut impl Socket, state: &State) -> io::Result<u64> {
    write(socket, &render("begin", None, &())).await?;
    let mut at = state.watch.ring.beginning();
    // Between two looks the ring may move on; what is missed then is in the scene.
    while let Since::Events(events, last) = state.watch.ring.since(at) {
        if events.is_empty() {
            break;
        }
        write_all(socket, &events).await?;
        at = last;
    }
    let scene = scene::now(state);
    write(socket, &render("scene", None, &scene)).await?;
    Ok(at)
}

/// Waits for something new; an error when the reader is gone.
async fn wait(socket: &mut impl Socket, newest: &mut watch::Receiver<u64>) -> io::Result<()> {
    loop {
        // A reader says nothing; if it does, that is read and forgotten.
        let mut ignored = [0; 32];
        tokio::select! {
            changed = newest.changed() => return changed.map_err(|_| io::ErrorKind::BrokenPipe.into()),
            read = socket.read(&mut ignored) => if read? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            },
            () = tokio::time::sleep(HEARTBEAT) => write(socket, b": \n\n").await?,
        }
    }
}

async fn write_all(socket: &mut impl Socket, events: &[Bytes]) -> io::Result<()> {
    for event in events {
        write(socket, event).await?;
    }
    Ok(())
}

async fn write(socket: &mut impl Socket, bytes: &[u8]) -> io::Result<()> {
    tokio::time::timeout(WRITE_PATIENCE, socket.write_all(bytes)).await?
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use yanmi_protocol::UnixMillis;

    use super::*;
    use crate::watch::ring::MOST_EVENTS;
    use crate::world::tests::{sample, urls};

    fn state() -> Arc<State> {
        let next = AtomicU8::new(1);
        let fill = move |bytes: &mut [u8]| bytes.fill_with(|| next.fetch_add(41, Ordering::Relaxed));
        let world = sample(&urls("http://127.0.0.1:8359"));
        let clock: crate::ambient::Clock = Arc::new(|| UnixMillis::new(1_700_000_000_000));
        Arc::new(State::new(world, clock, Arc::new(fill), watch::channel(false).1))
    }

    /// Starts a stream over a pipe of this many bytes; the reader's end.
    fn stream(state: &Arc<State>, after: Option<u64>, room: usize) -> tokio::io::DuplexStream {
        let (reader, mut writer) = tokio::io::duplex(room);
        let state = Arc::clone(state);
        tokio::spawn(async move { tell(&mut writer, &state, after).await });
        reader
    }

    /// Reads until these words have come; everything read.
    async fn read_to(reader: &mut tokio::io::DuplexStream, words: &str) -> String {
        let mut text = String::new();
        while !text.contains(words) {
            let mut bytes = [0; 4_096];
            let count = reader.read(&mut bytes).await.expect("a read");
            assert!(count > 0, "ended before {words}: {text}");
            text.push_str(std::str::from_utf8(&bytes[..count]).expect("ASCII"));
        }
        text
    }

    #[tokio::test]
    async fn a_fresh_page_gets_everything_and_then_how_things_stand() {
        let state = state();
        state.watch.publish("first", &1);
        let mut reader = stream(&state, None, 1 << 20);
        let text = read_to(&mut reader, "event: scene").await;
        let order = ["200 OK", "retry:", "event: begin", "event: first", "event: scene"];
        let places: Vec<_> = order.iter().map(|words| text.find(words).expect(words)).collect();
        assert!(places.is_sorted(), "{text}");
        state.watch.publish("second", &2);
        assert!(read_to(&mut reader, "event: second\ndata: 2\n\n").await.contains("id: "));
    }

    #[tokio::test]
    async fn a_page_that_was_away_gets_what_it_missed_and_no_more() {
        let state = state();
        let before = *state.watch.ring.newest().borrow();
        state.watch.publish("first", &1);
        state.watch.publish("second", &2);
        let text = read_to(&mut stream(&state, Some(before + 1), 1 << 20), "event: second").await;
        assert!(!text.contains("begin") && !text.contains("first"), "{text}");
        // Of another life of the sandbox, or from too long ago: everything again.
        for strange in [before + 3, before - 1, 0] {
            read_to(&mut stream(&state, Some(strange), 1 << 20), "event: begin").await;
        }
    }

    #[tokio::test]
    async fn a_reader_that_falls_behind_is_dropped_and_holds_up_nobody() {
        let state = state();
        let mut slow = stream(&state, None, 64);
        let mut quick = stream(&state, None, 1 << 20);
        read_to(&mut slow, "event: scene").await;
        read_to(&mut quick, "event: scene").await;
        for n in 0..MOST_EVENTS * 2 {
            state.watch.publish("n", &n);
            read_to(&mut quick, &format!("data: {n}\n")).await;
        }
        let mut rest = Vec::new();
        // It ends, instead of going on with what came after the gap.
        slow.read_to_end(&mut rest).await.expect("an end");
        let rest = String::from_utf8(rest).expect("ASCII");
        assert!(!rest.contains(&format!("data: {}\n", MOST_EVENTS * 2 - 1)));
    }

    #[tokio::test]
    async fn a_stream_ends_with_its_reader() {
        let state = state();
        let (reader, mut writer) = tokio::io::duplex(1 << 20);
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move { tell(&mut writer, &shared, None).await });
        drop(reader);
        assert!(task.await.expect("no panic").is_err());
    }
}
