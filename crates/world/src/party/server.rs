//! A server of a party: it answers each request by a function, or ends the connection.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use crate::network::{Arrival, Host, WorldNetwork};
use crate::wire::{Message, Wire};

/// What a request is answered with.
pub(super) enum Reply {
    /// This status and body.
    Answer(u16, String),
    /// The connection ends.
    Hangup,
    /// There is no answer, and the connection stays.
    Silence,
}

pub(super) type ReplyFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;
type Handler = dyn Fn(Message) -> ReplyFuture + Send + Sync;

/// Begins to serve at an address.
pub(super) fn serve(
    network: &WorldNetwork,
    host: Host,
    address: SocketAddr,
    reply: impl Fn(Message) -> ReplyFuture + Send + Sync + 'static,
) {
    let arrival = network.listen(host, address);
    let reply: Arc<Handler> = Arc::new(reply);
    tokio::spawn(accept(arrival, reply));
}

async fn accept(mut arrival: Arrival, reply: Arc<Handler>) {
    while let Some((end, _)) = arrival.next().await {
        let reply = Arc::clone(&reply);
        tokio::spawn(async move {
            let mut wire = Wire::over(end);
            while let Ok(request) = wire.read().await {
                match reply(request).await {
                    Reply::Answer(status, body) => {
                        if wire.answer(status, &body).await.is_err() {
                            return;
                        }
                    }
                    Reply::Hangup => return,
                    Reply::Silence => std::future::pending().await,
                }
            }
        });
    }
}
