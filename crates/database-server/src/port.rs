//! The server as a center takes it.

/// Makes `ServerPort` in the module where it stands: a [`MemoryServer`](crate::MemoryServer) as a center at one place reaches it, by the
/// traits in the module that is named. A macro, because those who need it do not share the center's crate: its own tests are another.
#[macro_export]
macro_rules! port {
    ($($ports:ident)::+) => {
        use $($ports)::+ as server_ports;

        /// A server as a center at one place reaches it.
        pub(crate) struct ServerPort {
            pub(crate) server: $crate::MemoryServer,
            /// The place.
            pub(crate) from: u64,
            /// What time it is at the server.
            pub(crate) now: Box<dyn Fn() -> i64 + Send + Sync>,
        }

        struct SessionPort($crate::MemorySession);

        impl server_ports::DatabaseServer for ServerPort {
            fn connect(
                &self,
            ) -> server_ports::ServerAnswer<
                '_,
                Result<Box<dyn server_ports::ServerSession>, server_ports::SessionLost>,
            > {
                Box::pin(async {
                    match self.server.connect(self.from).await {
                        Ok(session) => {
                            Ok(Box::new(SessionPort(session)) as Box<dyn server_ports::ServerSession>)
                        }
                        Err($crate::Lost) => Err(server_ports::SessionLost),
                    }
                })
            }

            fn now(&self) -> yanmi_protocol::UnixMillis {
                yanmi_protocol::UnixMillis::new((self.now)())
            }
        }

        impl server_ports::ServerSession for SessionPort {
            fn ask(
                &self,
                message: server_ports::SessionMessage,
            ) -> server_ports::ServerAnswer<'_, server_ports::MessageFate> {
                let message = match message {
                    server_ports::SessionMessage::Statement => $crate::Message::Statement,
                    server_ports::SessionMessage::Commit => $crate::Message::Commit,
                };
                Box::pin(async move {
                    match self.0.ask(message).await {
                        $crate::Arrival::Now => server_ports::MessageFate::Now,
                        $crate::Arrival::Never => server_ports::MessageFate::Never,
                        $crate::Arrival::Later(after) => server_ports::MessageFate::Later(after),
                    }
                })
            }

            fn answer(&self) -> server_ports::ServerAnswer<'_, Result<(), server_ports::SessionLost>> {
                Box::pin(async { self.0.answer().await.map_err(|$crate::Lost| server_ports::SessionLost) })
            }

            fn lock(
                &self,
                rows: Vec<server_ports::RowLock>,
            ) -> server_ports::ServerAnswer<'_, Result<bool, server_ports::LockRefusal>> {
                Box::pin(async move {
                    let rows: Vec<$crate::Row> = rows.into_iter().map(|row| (row.table, row.key)).collect();
                    self.0.lock(&rows).await.map_err(|refusal| match refusal {
                        $crate::LockRefusal::Timeout => server_ports::LockRefusal::Timeout,
                        $crate::LockRefusal::Lost => server_ports::LockRefusal::Lost,
                    })
                })
            }

            fn end(&self) {
                self.0.end();
            }

            fn tell(&self, text: &str) {
                self.0.tell(text);
            }

            fn listen(&self) {
                self.0.listen();
            }

            fn hear(&self) -> server_ports::ServerAnswer<'_, Result<String, server_ports::SessionLost>> {
                Box::pin(async { self.0.hear().await.map_err(|$crate::Lost| server_ports::SessionLost) })
            }
        }
    };
}
