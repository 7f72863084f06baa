//! Two ledgers on an embedded database that they share, with a server in memory before it.

use std::fs::TryLockError;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use yanmi_database_server::{CommitFate, MemoryServer, MemorySession, Row};

use super::fate::Fate;
use super::place::{Held, Place};
use crate::config::Database;
use crate::ledger::machine::cuts::kind::{NOW, document, face, key, person};
use crate::ledger::machine::cuts::world::{sealer, start};
use crate::ledger::machine::tests::registered;
use crate::ledger::table::TABLES;
use crate::ledger::{Ledger, LedgerTasks};
use crate::ports::{Disk, DiskWork, FileIdentity, FileLock, Medium};
use crate::store::Store;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;
use crate::tables::everything;

yanmi_database_server::port!(crate::ports);

/// Where whoever holds rows is.
const HOLDER: u64 = 9;

/// How late a commit is done that nobody waits for.
const LATE_MILLIS: u64 = 300;

/// The system's files, before which a server stands.
struct Files {
    server: MemoryServer,
    from: u64,
}

impl Medium for Files {
    fn vfs(&self) -> &'static str {
        "unix"
    }

    fn head(&self, path: &Path, bytes: usize) -> io::Result<Vec<u8>> {
        Disk::system().head(path, bytes)
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        Disk::system().make(path)
    }

    fn exists(&self, path: &Path) -> bool {
        Disk::system().exists(path)
    }

    fn identity(&self, path: &Path) -> io::Result<FileIdentity> {
        Disk::system().identity(path)
    }

    fn lock(&self, path: &Path) -> Result<FileLock, TryLockError> {
        Disk::system().lock(path)
    }

    fn try_room(&self, _: &Path, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn took(&self, _: DiskWork) -> Duration {
        Duration::from_millis(1)
    }

    fn server(&self) -> Option<Arc<dyn crate::ports::DatabaseServer>> {
        let now = Box::new(|| NOW.get());
        Some(Arc::new(ServerPort { server: self.server.clone(), from: self.from, now }))
    }
}

pub(super) struct Model {
    runtime: Runtime,
    inside: Inside,
}

pub(super) struct Inside {
    server: MemoryServer,
    ledgers: [(Ledger, LedgerTasks); 2],
    past: Connection,
    holder: MemorySession,
    _folder: TempDir,
}

impl Model {
    pub(super) fn new() -> Self {
        let runtime =
            Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let inside = runtime.block_on(Inside::new());
        Self { runtime, inside }
    }

    pub(super) fn run<T>(&mut self, work: impl AsyncFnOnce(&mut Inside) -> T) -> T {
        self.runtime.block_on(work(&mut self.inside))
    }
}

impl Inside {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::Sqlite(folder.path().join("center.sqlite"));
        let (store, _) = registered(&database).await;
        let past = store.connect().await.expect("a connection");
        let mut turn = 0_u64;
        let server = MemoryServer::new(move |bound| {
            turn += 1;
            turn % bound
        });
        let open = async |from| {
            let disk = Disk::given(Files { server: server.clone(), from });
            let store = Store::open(&database, &disk, &sealer()).await.expect("a store");
            let (ledger, tasks, _) = start(store.clone(), &store).await;
            (ledger, tasks)
        };
        let ledgers = [open(0).await, open(1).await];
        let holder = server.connect(HOLDER).await.expect("a session");
        Self { server, ledgers, past, holder, _folder: folder }
    }

    /// What becomes of the next commit.
    pub(super) fn next_commit(&mut self, fate: Fate) {
        self.server.next_commit(match fate {
            Fate::Unheard => CommitFate::Unheard,
            Fate::Unanswered => CommitFate::Unanswered,
            Fate::Late => CommitFate::Late(LATE_MILLIS),
        });
    }

    async fn each_table(&mut self, text: impl Fn(&str) -> String) {
        for name in TABLES.map(Table::name) {
            self.past.run(Statement::composed(text(name))).await.expect("done");
        }
    }
}

impl Place for Inside {
    fn ledger(&self, number: usize) -> Ledger {
        self.ledgers[number].0.clone()
    }

    async fn keep(&mut self) {
        self.each_table(|name| format!("CREATE TABLE kept_{name} AS SELECT * FROM {name}")).await;
    }

    async fn put_back(&mut self) {
        self.past.begin().await.expect("begun");
        self.each_table(|name| format!("DELETE FROM {name}")).await;
        self.each_table(|name| format!("INSERT INTO {name} SELECT * FROM kept_{name}")).await;
        self.past.commit().await.expect("put back");
    }

    async fn rows(&mut self) -> Vec<String> {
        let found = self.past.fetch(everything(false)).await.expect("rows");
        found.iter().map(|row| Columns::new(row, "everything").text().expect("a line").to_owned()).collect()
    }

    async fn hold(&mut self, held: Held) {
        let row: Row = match held {
            Held::Token => ("tokens", key("T", 0).token.as_str().as_bytes().to_vec()),
            Held::Person => ("persons", person(0).0.to_vec()),
            Held::Document => ("password_tries", document(0).0.to_vec()),
            Held::Face => ("numbers", face(0).number().to_be_bytes().to_vec()),
        };
        assert_eq!(self.holder.lock(&[row]).await, Ok(false));
    }

    async fn let_go(&mut self) {
        self.holder.end();
    }

    async fn waiting(&mut self) -> usize {
        // Of a time that passes when nobody else has anything to do.
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.server.waiting()
    }
}
