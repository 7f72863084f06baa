//! Two ledgers on PostgreSQL.

use std::sync::OnceLock;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor};
use tokio::runtime::{Builder, Runtime};
use yanmi_protocol::hex;

use super::fate::Fate;
use super::place::{Held, Place};
use crate::config::Database;
use crate::ledger::machine::cuts::kind::{document, face, key, person};
use crate::ledger::machine::cuts::world::{World, copied};
use crate::ledger::machine::tests::registered;
use crate::ledger::table::password_tries;
use crate::ledger::{Ledger, LedgerTasks};
use crate::proxy::CommitFate;
use crate::server;

/// The database of which all are copies.
static ORIGINAL: OnceLock<Database> = OnceLock::new();

pub(super) struct Real {
    runtime: Runtime,
    inside: Inside,
}

pub(super) struct Inside {
    /// The first ledger, by a proxy.
    first: World,
    second: Ledger,
    _tasks: LedgerTasks,
    holder: PgConnection,
}

impl Real {
    pub(super) fn new(name: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let of = ORIGINAL.get_or_init(|| {
            runtime.block_on(async {
                let of = server::database().await;
                drop(registered(&of).await);
                of
            })
        });
        let inside = runtime.block_on(async {
            let database = copied(of, name).await;
            let first = World::on(&database).await;
            let (second, tasks) = first.another(&database).await;
            let Database::Postgres(settings) = &database else { panic!("on PostgreSQL") };
            Inside { first, second, _tasks: tasks, holder: server::connect(&settings.name).await }
        });
        Self { runtime, inside }
    }

    pub(super) fn run<T>(&mut self, work: impl AsyncFnOnce(&mut Inside) -> T) -> T {
        self.runtime.block_on(work(&mut self.inside))
    }
}

impl Inside {
    /// What becomes of the first ledger's next commit.
    pub(super) fn next_commit(&mut self, fate: Fate) {
        self.first.proxy.next_commit(match fate {
            Fate::Unheard => CommitFate::Unheard,
            // What is under way is waited for (`under_way`), and comes to the same.
            Fate::Unanswered | Fate::Late => CommitFate::Unanswered,
        });
    }
}

impl Place for Inside {
    fn ledger(&self, number: usize) -> Ledger {
        if number == 0 { self.first.ledger.clone() } else { self.second.clone() }
    }

    async fn keep(&mut self) {
        self.first.keep("beginning").await;
    }

    async fn put_back(&mut self) {
        self.first.put_back("beginning").await;
    }

    async fn rows(&mut self) -> Vec<String> {
        self.first.rows().await
    }

    async fn hold(&mut self, held: Held) {
        let text = match held {
            Held::Token => {
                format!("SELECT 1 FROM tokens WHERE token = '{}' FOR UPDATE", key("T", 0).token.as_str())
            }
            Held::Person => {
                format!("SELECT 1 FROM persons WHERE person = '\\x{}' FOR UPDATE", hex::encode(&person(0).0))
            }
            Held::Document => {
                let (table, identity) = (password_tries::TABLE.name(), hex::encode(&document(0).0));
                format!(
                    "INSERT INTO {table} (identity, tries) VALUES ('\\x{identity}', 0) \
                     ON CONFLICT (identity) DO UPDATE SET tries = {table}.tries"
                )
            }
            Held::Face => format!("SELECT pg_advisory_xact_lock({})", face(0).number()),
        };
        self.holder.execute(AssertSqlSafe(format!("BEGIN; {text}"))).await.expect("held");
    }

    async fn let_go(&mut self) {
        self.holder.execute("ROLLBACK").await.expect("let go");
    }

    async fn waiting(&mut self) -> usize {
        self.first.waiting().await
    }
}
