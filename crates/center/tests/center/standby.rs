//! A real standby, fed by its primary: it is told apart, and found when it takes over.

use sqlx::Executor;
use yanmi_center::StartError;
use yanmi_center::config::{Database, PostgresSettings};
use yanmi_onboarding::Role;

use crate::console::{administrators, somebody};
use crate::server::{self, Kept};
use crate::site::{AMPLE, Site, anywhere, eventually, start};

fn settings(servers: &[&Kept]) -> PostgresSettings {
    let host = |server: &&Kept| (server.folder().to_str().expect("a plain path").to_owned(), 5_432);
    let hosts = servers.iter().map(host).collect();
    PostgresSettings { hosts, ..server::settings("center") }
}

fn on(servers: &[&Kept]) -> Database {
    Database::Postgres(settings(servers))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_refused_until_it_is_promoted() {
    let primary = Kept::start(Kept::folder_for_one(), None, 5_432, &[]).expect("a primary");
    let standby = Kept::start(Kept::folder_for_one(), Some(&primary), 5_432, &[]).expect("a standby");
    primary.connect("postgres").await.execute("CREATE DATABASE center").await.expect("a database");
    let site = Site::with(|config| config.database = on(&[&standby, &primary])).await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let another = site.token().await;

    let mut alone = site.config.clone();
    alone.database = on(&[&standby]);
    alone.listen.institution = anywhere();
    alone.listen.channel = anywhere();
    let mut observer = primary.connect("center").await;
    let same = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()";
    let following = async {
        while sqlx::query_scalar::<_, i64>(same).fetch_one(&mut observer).await.expect("a number") == 0 {}
    };
    tokio::time::timeout(AMPLE, following).await.expect("the standby follows");
    let refused = start(&alone, &site.hands).await;
    let Err(StartError::Store(error)) = refused else { panic!("{refused:?}") };
    let said = error.to_string();
    assert!(said.contains("只读的备库") && said.contains("设置 database"), "{said}");

    drop(observer);
    drop(primary);
    eventually(async || site.ready().await.0 == 503).await;
    let why = site.ready().await.1;
    assert!(why.contains("只读的备库") && why.contains("连接被拒绝"), "{why}");
    assert_eq!(site.notify(another, Some("10")).await.code(), -1);

    standby.connect("center").await.execute("SELECT pg_promote()").await.expect("promoted");
    eventually(async || site.ready().await.0 == 200).await;
    assert_eq!(site.check_stas(token).await, "0", "known to the new primary");
    assert_eq!(site.notify(another, Some("10")).await.code(), 0);
    site.center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_reads_from_a_standby_and_changes_go_to_the_primary() {
    let primary = Kept::start(Kept::folder_for_one(), None, 5_432, &[]).expect("a primary");
    let standby = Kept::start(Kept::folder_for_one(), Some(&primary), 5_432, &[]).expect("a standby");
    primary.connect("postgres").await.execute("CREATE DATABASE center").await.expect("a database");
    let site = Site::with(|config| {
        config.database = on(&[&primary]);
        config.console_database = Some(settings(&[&standby]));
        config.listen.operator = anywhere();
    })
    .await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 91)).await;
    let mut follower = standby.connect("postgres").await;
    follower.execute("SELECT pg_wal_replay_pause()").await.expect("paused");
    let paused = "SELECT (pg_get_wal_replay_pause_state() = 'paused')::int::int8";
    let waiting = async {
        while sqlx::query_scalar::<_, i64>(paused).fetch_one(&mut follower).await.expect("a number") == 0 {}
    };
    tokio::time::timeout(AMPLE, waiting).await.expect("it pauses");
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    // The question itself is an event, which only the primary takes.
    let sent = duty.act("/o/trace", &[("number", &number)]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let address = sent.header("location").expect("an address").to_owned();
    let page = duty.get(&address).await.body;
    assert!(page.contains("没有查到") && page.contains("读自备库"), "{page}");
    follower.execute("SELECT pg_wal_replay_resume()").await.expect("resumed");
    let found = async { while !duty.get(&address).await.body.contains("渠道应用收下通知") {} };
    tokio::time::timeout(AMPLE, found).await.expect("it follows");
    // Without it the pages that read say so; what is registered is shown and changed as before.
    drop(follower);
    drop(standby);
    assert_eq!(duty.get(&address).await.status, 503);
    assert_eq!(duty.get("/o/institutions").await.status, 200);
    site.center.stop().await;
}
