//! One end of a connection.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::pipe::{Pipe, PipeEvent};
use super::way::Way;

/// One end of a connection; closed when it is dropped.
pub(crate) struct End {
    reads: Pipe,
    writes: Pipe,
    way: Arc<Way>,
    arrival: Option<Pin<Box<Sleep>>>,
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("End")
    }
}

/// The two ends of a new connection over a way.
pub(super) fn connect(way: &Arc<Way>) -> (End, End, [Pipe; 2]) {
    let (there, back) = (Pipe::default(), Pipe::default());
    let end = |reads: &Pipe, writes: &Pipe| End {
        reads: reads.clone(),
        writes: writes.clone(),
        way: Arc::clone(way),
        arrival: None,
    };
    (end(&back, &there), end(&there, &back), [there, back])
}

impl AsyncRead for End {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let end = self.get_mut();
        loop {
            let arrived = end.reads.read(Instant::now(), cx.waker(), |bytes| {
                let taken = bytes.len().min(into.remaining());
                into.put_slice(&bytes[..taken]);
                taken
            });
            match arrived {
                PipeEvent::Bytes | PipeEvent::End => return Poll::Ready(Ok(())),
                PipeEvent::Broken => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                PipeEvent::Later(None) => return Poll::Pending,
                PipeEvent::Later(Some(due)) => {
                    let arrival = end.arrival.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
                    if arrival.deadline() != due {
                        arrival.as_mut().reset(due);
                    }
                    ready!(arrival.as_mut().poll(cx));
                }
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let end = self.get_mut();
        let (count, due) = end.way.next(bytes.len());
        match ready!(end.writes.write(&bytes[..count], due, cx.waker())) {
            Ok(passed) => {
                if end.way.breaks_after(passed) {
                    end.writes.cut();
                    end.reads.cut();
                }
                Poll::Ready(Ok(count))
            }
            Err(()) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let end = self.get_mut();
        end.writes.end(end.way.next(0).1);
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.writes.end(self.way.next(0).1);
    }
}
