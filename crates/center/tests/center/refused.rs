//! A database that cannot be used is refused in words that name the setting, and without a secret.

use sqlx::{AssertSqlSafe, Executor};
use yanmi_center::config::{Database, PostgresSettings};
use yanmi_center::store::StoreError;
use yanmi_center::{Center, StartError};
use yanmi_protocol::Sm4Key;
use zeroize::Zeroizing;

use crate::server;
use crate::site::{Site, anywhere, start};

const SECRET: &str = "Geheim-4711";

/// What a center says that is started on these settings.
async fn said(site: &Site, change: impl FnOnce(&mut PostgresSettings)) -> String {
    let mut config = site.config.clone();
    config.listen.institution = anywhere();
    config.listen.channel = anywhere();
    let Database::Postgres(settings) = &mut config.database else { panic!("on PostgreSQL") };
    change(settings);
    let started: Result<Center, StartError> = start(&config, &site.hands).await;
    let Err(StartError::Store(error)) = started else { panic!("{started:?}") };
    let told = format!("{error} {error:?} {config:?} {:?}", config.explain());
    assert!(!told.contains(SECRET), "{told}");
    error.to_string()
}

#[tokio::test]
async fn servers_that_cannot_be_used_are_told_apart() {
    let site = Site::start().await;
    let mut connection = server::connect("postgres").await;
    let make = format!(
        "DO $$ BEGIN CREATE ROLE guarded LOGIN PASSWORD '{SECRET}'; CREATE ROLE few LOGIN CONNECTION LIMIT 0; \
         CREATE ROLE poor LOGIN; END $$"
    );
    connection.execute(AssertSqlSafe(make)).await.expect("roles");
    let wrong = said(&site, |settings| {
        settings.user = "guarded".to_owned();
        settings.password = Some(Zeroizing::new("wrong".to_owned()));
    })
    .await;
    assert!(wrong.contains("口令不对") && wrong.contains("database_password_file"), "{wrong}");
    let nobody = said(&site, |settings| settings.user = "nobody-of-that-name".to_owned()).await;
    assert!(nobody.contains("用户名"), "{nobody}");
    let limit = said(&site, |settings| settings.user = "few".to_owned()).await;
    assert!(limit.contains("max_connections") && limit.contains("limits.ledgers"), "{limit}");
    let none = said(&site, |settings| settings.name = "none".to_owned()).await;
    assert!(none.contains("没有这个数据库") && none.contains("设置 database"), "{none}");
    let lost = said(&site, |settings| {
        settings.password = Some(Zeroizing::new(SECRET.to_owned()));
        settings.hosts = vec![("no-such-host.invalid".to_owned(), 5_432), ("127.0.0.1".to_owned(), 1)];
    })
    .await;
    assert!(lost.contains("no-such-host.invalid:5432 找不到这个主机名"), "{lost}");
    assert!(lost.contains("127.0.0.1:1 连接被拒绝"), "{lost}");
    let poor = said(&site, |settings| settings.user = "poor".to_owned()).await;
    assert!(poor.contains("权限"), "{poor}");
}

#[tokio::test]
async fn of_several_servers_the_writable_one_is_used() {
    let site = Site::start().await;
    let mut config = site.config.clone();
    config.listen.institution = anywhere();
    config.listen.channel = anywhere();
    let Database::Postgres(settings) = &mut config.database else { panic!("on PostgreSQL") };
    settings.hosts.insert(0, ("127.0.0.1".to_owned(), 1));
    settings.hosts.push(("no-such-host.invalid".to_owned(), 5_432));
    start(&config, &site.hands).await.expect("a center").stop().await;
    let Database::Postgres(settings) = &site.config.database else { panic!("on PostgreSQL") };
    let only_read = format!("ALTER DATABASE {} SET default_transaction_read_only = on", settings.name);
    server::connect("postgres").await.execute(AssertSqlSafe(only_read)).await.expect("altered");
    let standby = said(&site, |_| {}).await;
    assert!(standby.contains("只读") && standby.contains("设置 database"), "{standby}");
}

#[tokio::test]
async fn whose_database_it_is() {
    let site = Site::start().await;
    let Database::Postgres(own) = site.config.database.clone() else { panic!("on PostgreSQL") };
    let Database::Postgres(other) = server::database().await else { panic!("on PostgreSQL") };
    server::connect(&other.name).await.execute("CREATE TABLE site (id BIGINT)").await.expect("a table");
    let foreign = said(&site, |settings| settings.name = other.name.clone()).await;
    assert!(foreign.contains("其他程序") && foreign.contains("设置 database"), "{foreign}");

    let mut config = site.config.clone();
    config.listen.institution = anywhere();
    config.listen.channel = anywhere();
    config.encryption_key = Sm4Key::from_bytes(&[3; 16]);
    let started = start(&config, &site.hands).await;
    assert!(matches!(started, Err(StartError::Store(StoreError::WrongKey))), "{started:?}");

    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (99, 'later', true, '', 0)";
    server::connect(&own.name).await.execute(newer).await.expect("a row");
    let oldest = "UPDATE _yanmi_schema SET oldest = 99";
    server::connect(&own.name).await.execute(oldest).await.expect("a row");
    let newer = said(&site, |_| {}).await;
    assert!(newer.contains("更新版本") && newer.contains("99"), "{newer}");
}
