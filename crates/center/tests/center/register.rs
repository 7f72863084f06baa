//! Who is registered at a center under test, and changing it while the center runs.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Decode, Postgres, Row, Sqlite, Type};
use yanmi_center::config::{Config, Database};
use yanmi_center::ports::Entropy;
use yanmi_center::registry::{
    Act, Actor, Administration, ChannelEdit, Interfaces, MacRule, NewAccount, NewChannel, NewInstitution,
    SourceNetworks,
};
use yanmi_center::store::migrate::{Schema, migrate};
use yanmi_protocol::UnixMillis;
use yanmi_simulator::World;
use yanmi_simulator::world::{Channel, Record};
use yanmi_verification::{ChannelFacts, ChannelRecord, Ways};

use crate::party::App;
use crate::site::{START, Site};

/// When everything is registered.
pub(crate) const NOW: UnixMillis = UnixMillis::new(START);

/// What takes a database back to the first migration.
pub(crate) const FIRST_SCHEMA: [&str; 59] = [
    "DROP TABLE _yanmi_schema",
    "DROP TABLE key_uses",
    "DROP TABLE page_claims",
    "DROP TABLE not_me",
    "DROP TABLE free_payments",
    "ALTER TABLE persons DROP COLUMN asked",
    "ALTER TABLE channels DROP COLUMN handover_url",
    "ALTER TABLE channels DROP COLUMN word_single",
    "ALTER TABLE channels DROP COLUMN word_day",
    "ALTER TABLE password_free DROP COLUMN since",
    "ALTER TABLE free_uses DROP COLUMN at",
    "ALTER TABLE free_uses DROP COLUMN called_at",
    "ALTER TABLE free_uses DROP COLUMN ground",
    "ALTER TABLE free_uses DROP COLUMN day_total",
    "DROP TABLE face_uses",
    "DROP TABLE calls",
    "ALTER TABLE verifications DROP COLUMN compared",
    "ALTER TABLE accounts DROP COLUMN mac",
    "ALTER TABLE channels DROP COLUMN mac",
    "DROP TABLE stat_org_day",
    "DROP TABLE stat_city_hour",
    "DROP TABLE stat_marks",
    "DROP TABLE key_offers",
    "DROP TABLE pending",
    "DROP TABLE alarms",
    "DROP INDEX operator_events_by_actor",
    "DROP TABLE operator_events",
    "DROP TABLE account_institutions",
    "DROP TABLE import_rows",
    "DROP TABLE imports",
    "DROP TABLE attachment_parts",
    "DROP TABLE attachments",
    "DROP TABLE application_forms",
    "DROP TABLE application_steps",
    "DROP TABLE feedback_forms",
    "DROP TABLE applications",
    "DROP INDEX accounts_by_applicant",
    "ALTER TABLE accounts DROP COLUMN applicant",
    "ALTER TABLE accounts DROP COLUMN key_used",
    "ALTER TABLE accounts DROP COLUMN key_used_at",
    "DROP TABLE applicant_sessions",
    "DROP TABLE applicant_users",
    "DROP TABLE applicants",
    "DROP TABLE operator_sessions",
    "DROP TABLE operator_grants",
    "DROP TABLE operators",
    "DROP INDEX institutions_by_region",
    "ALTER TABLE institutions DROP COLUMN region",
    "ALTER TABLE institutions DROP COLUMN contact_name",
    "ALTER TABLE institutions DROP COLUMN contact_phone",
    "ALTER TABLE institutions DROP COLUMN contact_note",
    "ALTER TABLE accounts DROP COLUMN networks",
    "ALTER TABLE accounts DROP COLUMN stopped_until",
    "ALTER TABLE accounts DROP COLUMN closed_at",
    "ALTER TABLE institutions DROP COLUMN stopped_until",
    "ALTER TABLE institutions DROP COLUMN closed_at",
    "ALTER TABLE channels DROP COLUMN stopped_until",
    "ALTER TABLE channels DROP COLUMN closed_at",
    "DELETE FROM _sqlx_migrations WHERE version > 1",
];

/// A test's act.
pub(crate) fn act(at: UnixMillis) -> Act<'static> {
    act_because(at, "")
}

/// The same for a reason.
pub(crate) fn act_because(at: UnixMillis, reason: &'static str) -> Act<'static> {
    static TEST: Actor = Actor::program("test");
    Act::new(&TEST, reason, at)
}

/// The registry, opened as the command line opens it.
pub(crate) async fn administration(config: &Config) -> Administration {
    let entropy = Entropy::seeded(5);
    Administration::open(&config.database, &config.encryption_key, entropy).await.expect("a database")
}

/// Makes the database, as `yanmi migrate` does.
pub(crate) async fn made(config: &Config) {
    let (database, key) = (&config.database, &config.encryption_key);
    migrate(database, key, Entropy::seeded(6), &Schema::current(), false).await.expect("a database");
}

/// Registers everybody of the world that has to be.
pub(crate) async fn everybody(config: &Config, world: &World) {
    made(config).await;
    let mut administration = administration(config).await;
    for account in &world.accounts {
        let new = NewAccount {
            id: account.org_id,
            name: "测试账号".to_owned(),
            key: account.key.clone(),
            interfaces: Interfaces::ALL,
            rate: None,
            mac: MacRule::Optional,
            networks: SourceNetworks::default(),
        };
        administration.add_account(&new, act(NOW)).await.expect("a new account");
        for member in &account.institutions {
            let new = NewInstitution {
                org_code: member.org_codg,
                name: member.org_name.clone(),
                account: account.org_id,
            };
            administration.add_institution(&new, act(NOW)).await.expect("a new institution");
        }
    }
    for account in &world.extra_accounts {
        let (id, key, interfaces) = (account.org_id, account.key.clone(), Interfaces::default());
        let (name, mac) = ("没有权限".to_owned(), MacRule::Optional);
        let new =
            NewAccount { id, name, key, interfaces, rate: None, mac, networks: SourceNetworks::default() };
        administration.add_account(&new, act(NOW)).await.expect("a new account");
    }
    for channel in world.all_channels() {
        administration.add_channel(&new_channel(channel), act(NOW)).await.expect("a new channel");
    }
    administration.close().await.expect("closed");
}

/// A channel of the world, ready to be registered.
fn new_channel(channel: &Channel) -> NewChannel {
    NewChannel {
        id: channel.chnl_id,
        name: channel.name.clone(),
        notice_url: channel.notice_url.parse().expect("a URL"),
        facts: ChannelFacts {
            record: match channel.record {
                Record::Active => ChannelRecord::Active,
                Record::Disabled => ChannelRecord::Disabled,
                Record::Missing => ChannelRecord::Missing,
            },
            settlement: channel.settlement,
            password_free: channel.password_free,
            ways: channel.auth_ways.iter().fold(Ways::NONE, |set, way| set.with(*way)),
            word: channel.word_limits.as_deref().map(|limits| limits.parse().expect("limits")),
        },
        handover: channel.handover_url.as_ref().map(|url| url.parse().expect("an address")),
        mac: if channel.mac { MacRule::Required } else { MacRule::Optional },
        key: channel.key.clone(),
    }
}

impl Site {
    /// Changes the registry beside the running center, which then takes it over.
    pub(crate) async fn change(&self, change: impl AsyncFnOnce(&mut Administration)) {
        let mut administration = administration(&self.config).await;
        change(&mut administration).await;
        administration.close().await.expect("closed");
        self.center.refresh().await.expect("a new snapshot");
    }

    /// Has a channel's notices go to an app that is played by a script.
    pub(crate) async fn scripted(&self, channel: &Channel) -> App {
        let app = App::start(channel.key.clone()).await;
        self.relocate(channel, &app.url()).await;
        app
    }

    /// Has a channel take its notices at another address.
    pub(crate) async fn relocate(&self, channel: &Channel, url: &http::Uri) {
        self.change(async |administration| {
            let edit = ChannelEdit { notice_url: Some(url.clone()), ..ChannelEdit::default() };
            administration.edit_channel(channel.chnl_id, &edit, act(NOW)).await.expect("a channel");
        })
        .await;
    }

    /// Runs one statement beside the center.
    pub(crate) async fn execute(&self, statement: &'static str) {
        execute(&self.config, statement).await;
    }

    /// The one text a query answers.
    pub(crate) async fn text(&self, query: &'static str) -> String {
        one(&self.config, query).await
    }

    /// The one value a query answers.
    pub(crate) async fn bytes(&self, query: &'static str) -> Vec<u8> {
        one(&self.config, query).await
    }

    /// The one number a query answers.
    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        one(&self.config, query).await
    }
}

/// A connection to the database, beside whatever runs on it.
enum Beside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

async fn beside(config: &Config) -> Beside {
    match &config.database {
        Database::Sqlite(path) => {
            let options = SqliteConnectOptions::new().filename(path);
            Beside::Sqlite(options.connect().await.expect("the database"))
        }
        Database::Postgres(settings) => {
            let options = PgConnectOptions::new_without_pgpass().username(&settings.user);
            let options = options.database(&settings.name).socket(&settings.hosts[0].0);
            Beside::Postgres(options.connect().await.expect("the database"))
        }
        other => panic!("tests run on SQLite and PostgreSQL, not on {other:?}"),
    }
}

/// The one value a query answers.
pub(crate) async fn one<T>(config: &Config, query: &'static str) -> T
where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
{
    match beside(config).await {
        Beside::Sqlite(mut connection) => {
            let row = sqlx::query(query).fetch_one(&mut connection).await.expect("one row");
            row.try_get(0).expect("a value")
        }
        Beside::Postgres(mut connection) => {
            let row = sqlx::query(query).fetch_one(&mut connection).await.expect("one row");
            row.try_get(0).expect("a value")
        }
    }
}

/// Runs one statement.
pub(crate) async fn execute(config: &Config, statement: &'static str) {
    match beside(config).await {
        Beside::Sqlite(mut connection) => {
            sqlx::query(statement).execute(&mut connection).await.expect("executed");
            connection.close().await.expect("closed");
        }
        Beside::Postgres(mut connection) => {
            sqlx::query(statement).execute(&mut connection).await.expect("executed");
            connection.close().await.expect("closed");
        }
    }
}
