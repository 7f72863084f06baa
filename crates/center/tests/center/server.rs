//! One private PostgreSQL for each process of tests, on a socket in a folder of its own, and a database for each test.
//!
//! A shell keeps it: when the process ends, however that comes about, its standard input ends, and it takes the server
//! and the folder away. Everybody may log in, but `guarded` only with a password. PostgreSQL refuses to run as root;
//! then it runs as `postgres`, or else as `nobody`.
//!
//! Some test runners give each test a process. The files of a server that has just been made are kept in the build
//! folder, because copying them is ten times faster than making them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use yanmi_center::config::{Database, PostgresSettings};

/// Makes a server in `$1` with the programs of `$2`, from the files at `$3` or, as its standby, from the server in the
/// folder `$4`, and runs it on port `$5` with the options that follow until standard input ends.
const KEEPER: &str = r#"
set -eu
folder=$1 programs=$2 made=$3 primary=$4 port=$5
shift 5
as=
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id -u "$user" >/dev/null 2>&1 || user=nobody
    chown -R "$user" "$folder"
    as="setpriv --reuid=$(id -u "$user") --regid=$(id -g "$user") --clear-groups"
fi
cd "$folder"
if [ -n "$primary" ]; then
    $as "$programs/pg_basebackup" -h "$primary" -U yanmi -D "$folder/data" -R -c fast --no-sync </dev/null \
        >"$folder.log" 2>&1
elif [ -d "$made" ]; then
    cp -a "$made" "$folder/data"
else
    $as "$programs/initdb" -D "$folder/data" -U yanmi -A trust -E UTF8 --locale=C --no-sync </dev/null \
        >"$folder.log" 2>&1
    { echo "local all guarded scram-sha-256"; cat "$folder/data/pg_hba.conf"; } >"$folder/data/hba"
    cat "$folder/data/hba" >"$folder/data/pg_hba.conf"
    cp -a "$folder/data" "$made.$$"
    # Whoever is second leaves the first one's in place.
    mv -T "$made.$$" "$made" 2>/dev/null || rm -rf "$made.$$"
fi
$as "$programs/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=400 \
    -c fsync=off -c full_page_writes=off -c autovacuum=off -c log_min_messages=fatal -p "$port" "$@" </dev/null >>"$folder.log" 2>&1 &
server=$!
trap 'kill -QUIT $server 2>/dev/null || true; wait $server || true; rm -rf "$folder" "$folder.log"' EXIT
until [ -S "$folder/.s.PGSQL.$port" ] && "$programs/pg_isready" -q -h "$folder" -p "$port"; do
    kill -0 $server
    sleep 0.05
done
echo ready
read -r _ || true
"#;

/// The server of this process.
struct Server {
    kept: Kept,
    databases: AtomicU32,
}

/// A server that runs until it is dropped.
pub(crate) struct Kept {
    folder: PathBuf,
    port: u16,
    keeper: Child,
}

/// Where Debian keeps the programs of the newest version.
fn programs() -> PathBuf {
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL (Debian: apt-get install postgresql)");
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(number);
    newest.expect("a version of PostgreSQL").join("bin")
}

/// Where the files of a new server are kept: by version and user, for they belong to both.
fn made() -> PathBuf {
    let programs = programs();
    let version = programs.iter().nth_back(1).expect("a version").to_string_lossy().into_owned();
    let user = std::fs::metadata("/proc/self").map_or(0, |of| std::os::unix::fs::MetadataExt::uid(&of));
    // The library's own tests use this file too, and have no such folder told.
    let folder = option_env!("CARGO_TARGET_TMPDIR");
    let folder = folder.unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tmp"));
    std::fs::create_dir_all(folder).expect("the build folder");
    Path::new(folder).join(format!("postgresql-{version}-{user}"))
}

impl Kept {
    /// A new folder for a server, for what it is to find there.
    pub(crate) fn folder_for_one() -> PathBuf {
        tempfile::Builder::new().prefix("yanmi-pg-").tempdir().expect("a folder").keep()
    }

    /// Starts a server in a folder, as the standby of another if there is one; nothing if it does not start.
    pub(crate) fn start(
        folder: PathBuf,
        primary: Option<&Self>,
        port: u16,
        options: &[&str],
    ) -> Option<Self> {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(&folder)
            .arg(programs())
            .arg(made())
            .arg(primary.map_or(Path::new(""), |primary| &primary.folder))
            .arg(port.to_string())
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let kept = Self { folder, port, keeper };
        (line == "ready\n").then_some(kept)
    }

    /// The folder of its socket.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A connection to one of its databases, past the center.
    pub(crate) async fn connect(&self, name: &str) -> PgConnection {
        let options = PgConnectOptions::new_without_pgpass().username("yanmi").database(name);
        let options = options.socket(&self.folder).port(self.port).disable_statement_logging();
        options.connect().await.expect("a connection")
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The end of its standard input tells the shell; it may have ended already.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let folder = Kept::folder_for_one();
        let log = folder.with_extension("log");
        let Some(kept) = Kept::start(folder, None, 5_432, &[]) else {
            panic!("no server: {}", std::fs::read_to_string(log).unwrap_or_default());
        };
        Server { kept, databases: AtomicU32::new(0) }
    })
}

/// The folder of the server's socket.
pub(crate) fn folder() -> &'static Path {
    server().kept.folder()
}

/// A connection to a database of the server, past the center.
pub(crate) async fn connect(name: &str) -> PgConnection {
    server().kept.connect(name).await
}

/// The settings of a database of the server.
pub(crate) fn settings(name: &str) -> PostgresSettings {
    PostgresSettings::parse(&address(name)).expect("an address")
}

/// The same, as an operator writes it.
pub(crate) fn address(name: &str) -> String {
    let folder = folder().to_str().expect("a plain path").replace('/', "%2F");
    format!("postgres://yanmi@{folder}/{name}?sslmode=disable")
}

/// A new, empty database.
pub(crate) async fn database() -> Database {
    let name = format!("t{}", server().databases.fetch_add(1, Ordering::Relaxed));
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    connect("postgres").await.execute(create).await.expect("a database");
    Database::Postgres(settings(&name))
}

/// The folder of a database's files, which hold all that was written.
pub(crate) async fn files(database: &Database) -> PathBuf {
    let Database::Postgres(settings) = database else { panic!("a database of this server") };
    let mut connection = connect(&settings.name).await;
    connection.execute("CHECKPOINT").await.expect("a superuser");
    let query = "SELECT oid::bigint FROM pg_database WHERE datname = current_database()";
    let oid: i64 = sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a number");
    folder().join("data/base").join(oid.to_string())
}
