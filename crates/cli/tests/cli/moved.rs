//! A site is moved to PostgreSQL from the command line, and its numbers are skipped.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::runtime::Runtime;
use yanmi_center::config::Database;

use crate::server;
use crate::serving::Serving;
use crate::site::{secret, site};
use crate::yanmi::{PROGRAM, Ran, http, run};

/// Tables that are copied, all but `site`: one line of progress each, and one more when it is compared.
fn tables(folder: &Path) -> usize {
    const NAMES: &str = "SELECT count(*) FROM sqlite_master WHERE type = 'table' \
        AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT IN ('site', 'sqlite_sequence')";
    let count: i64 = runtime().block_on(async {
        let mut connection = file(folder).await;
        sqlx::query_scalar(NAMES).fetch_one(&mut connection).await.expect("a number")
    });
    usize::try_from(count).expect("a few")
}

/// The site's database.
async fn file(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.join("center.sqlite")).connect().await.expect("the database")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// The address of a new, empty database.
fn empty() -> String {
    let Database::Postgres(settings) = runtime().block_on(server::database()) else {
        panic!("on PostgreSQL")
    };
    settings.to_string()
}

fn ok(args: &[&str]) -> Ran {
    let ran = run(args, "");
    assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    ran
}

fn fails(args: &[&str], words: &[&str]) {
    let ran = run(args, "");
    assert!(ran.code != 0 && words.iter().all(|word| ran.err.contains(word)), "{args:?}: {ran:?}");
}

/// A site with an account and some thousand rows; its configuration.
fn small_site(folder: &Path) -> String {
    let config = site(folder, "");
    ok(&["migrate", "--config", &config]);
    ok(&["account", "add", "--org-id", "his", "--name", "某 HIS", "--config", &config]);
    let grow = async {
        let mut connection = file(folder).await;
        for text in [
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
             INSERT INTO audit (at, event, token, amount) SELECT i, 'asked', 'T' || i, i FROM n",
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) \
             INSERT INTO tokens SELECT 'T' || i, randomblob(16), randomblob(16), 'app', 1, 'complete', 1, 1, i, x'01' \
             FROM n",
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) \
             INSERT INTO verifications (token, org_code, attempt, notice, serial, serial_at, asked_at, expires_at, \
             notices, first_at, state) \
             SELECT 'T' || i, 'H35010000001', 1, 1000000000000 + i, 1000000000000 + i, i, i, i, 1, i, 'asked' FROM n",
        ] {
            connection.execute(text).await.expect("rows");
        }
        connection.close().await.expect("closed");
    };
    runtime().block_on(grow);
    config
}

/// The configuration of the same site on another database.
fn config_on(folder: &Path, config: &str, database: &str) -> String {
    let text = std::fs::read_to_string(config).expect("a configuration");
    let path = folder.join("moved.toml");
    std::fs::write(&path, text.replace("sqlite:center.sqlite", database)).expect("written");
    path.to_str().expect("a path").to_owned()
}

/// Runs a copy and kills it when it has said so many lines; whether it was done before.
fn killed_after(args: &[&str], lines: usize) -> bool {
    let mut child = Command::new(PROGRAM)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the executable starts");
    let said = BufReader::new(child.stderr.take().expect("a pipe"));
    let said: Vec<String> = said.lines().take(lines).map(|line| line.expect("a line")).collect();
    assert!(said.iter().all(|line| line.starts_with("复制 [") || line.starts_with("核对 [")), "{said:?}");
    child.kill().expect("killed");
    child.wait().expect("it ends").success()
}

#[test]
fn killed_after_each_table_the_same_command_goes_on_and_the_site_serves_in_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = small_site(folder.path());
    let to = empty();
    let moved = config_on(folder.path(), &config, &to);
    let from = format!("sqlite:{}", folder.path().join("center.sqlite").display());
    // The key and the target are the new configuration's, as an operator writes it beforehand.
    let copy = ["store", "copy", "--config", &moved, "--from", &from];
    let tables = tables(folder.path());
    for lines in 1..=2 * tables {
        let done = killed_after(&copy, lines);
        if lines <= tables {
            assert!(!done, "everything is still to be compared after {lines} lines");
            fails(
                &["account", "list", "--config", &moved],
                &["没有完成的搬迁", "yanmi store copy", "database"],
            );
        }
    }
    let copied = ok(&copy);
    let alike = format!("{tables} 张表逐行一致");
    for words in ["搬迁完成", &alike, "20000  ", "不要再在来源上启动中心"] {
        assert!(copied.out.contains(words), "{words}: {}", copied.out);
    }
    assert!(copied.out.contains("继续") || copied.out.contains("只核对"), "{}", copied.out);
    let lists = [&config, &moved].map(|config| ok(&["account", "list", "--config", config]).out);
    assert_eq!(lists[0], lists[1]);
    let center = Serving::start(&moved);
    assert_eq!(http(center.operations, "GET", "/readyz", ""), "ok\n");
    drop(center);
    fails(&copy, &["--to", "已经搬到其中"]);
}

#[test]
fn what_a_copy_lacks_is_said_with_its_option() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    ok(&["migrate", "--config", &config]);
    let to = empty();
    let copy = |more: &[&str], words: &[&str]| {
        fails(&[&["store", "copy", "--config", &config], more].concat(), words);
    };
    copy(&[], &["缺少选项 --to"]);
    copy(&["--to", "mysql://u@h/d"], &["--to 应以 postgres:// 开头"]);
    copy(&["--from", &to, "--to", &to], &["--from 应写作 sqlite:文件路径"]);
    copy(&["--from", "sqlite:/nowhere/center.sqlite", "--to", &to], &["/nowhere/center.sqlite", "--from"]);
    copy(&["--to-password-file", "x"], &["缺少选项"]);
    copy(&["--to", "postgres://u@127.0.0.1:1/d"], &["--to", "连接被拒绝"]);
    secret(folder.path(), "database.password", "s3cret\n");
    let file = folder.path().join("database.password").to_string_lossy().into_owned();
    let twice = ["--to", "postgres://u:s3cret@127.0.0.1:1/d", "--to-password-file", &file];
    copy(&twice, &["--to-password-file", "YANMI_DATABASE_PASSWORD", "只能写在一处"]);
    copy(&["--to", "postgres://u@127.0.0.1:1/d", "--to-password-file", &file], &["连接被拒绝"]);
    secret(folder.path(), "center.key", "FFEEDDCCBBAA99887766554433221100");
    copy(&["--to", &to], &["--from", "keys.encryption_key_file"]);
}

#[test]
fn numbers_are_skipped_and_what_was_done_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    ok(&["migrate", "--config", &config]);
    let skip = |more: &[&str]| run(&[&["store", "skip-numbers", "--config", &config], more].concat(), "");
    let said = skip(&[]);
    assert!(said.out.contains("1000000000000 改为 1001000000000，跳过 1000000000 个"), "{said:?}");
    let said = skip(&["--by", "5", "--past", "2000000000000"]);
    assert!(said.out.contains("1001000000000 改为 2000000000005"), "{said:?}");
    let said = skip(&["--by", "9000000000000"]);
    assert!(said.code == 1 && said.err.contains("--by") && said.err.contains("7999999999995"), "{said:?}");
    let said = skip(&["--by", "1"]);
    assert!(said.out.contains("2000000000005 改为 2000000000006"), "nothing was done before: {said:?}");
    assert_eq!(skip(&["--by", "0"]).code, 2);
}
