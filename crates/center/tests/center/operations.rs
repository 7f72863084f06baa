//! What those see who run the center: whether it lives, is ready, and how it fares; and how it starts and stops.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use yanmi_center::StartError;
use yanmi_center::config::Database;
use yanmi_center::telemetry::{METRICS, NATIONAL_METRIC};
use yanmi_protocol::message::{notify, status};

use crate::party::{Mood, gate};
use crate::site::{self, AMPLE, Site, anywhere, eventually, unlimited};
use crate::wire::{Answer, Wire, request};

async fn get(address: SocketAddr, path: &str) -> Answer {
    Wire::to(address).await.ask("GET", path, "").await
}

#[tokio::test]
async fn it_lives_and_is_ready_unless_the_database_fails() {
    let site = Site::start().await;
    let are = async |status: u16| {
        assert_eq!(get(site.operations_addr(), "/healthz").await.status, 200);
        let ready = site.ready().await;
        assert_eq!((ready.0, ready.1 == "ok\n"), (status, status == 200), "{ready:?}");
        ready.1
    };
    are(200).await;
    site.execute("ALTER TABLE site RENAME TO elsewhere").await;
    assert!(are(503).await.starts_with("数据库不可用"));
    // Nobody has to ask for it to be seen.
    site.execute("ALTER TABLE elsewhere RENAME TO site").await;
    eventually(async || get(site.operations_addr(), "/readyz").await.status == 200).await;
    are(200).await;
}

#[tokio::test]
async fn those_who_run_it_ask_where_nobody_else_does() {
    let site = Site::start().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        for address in [site.institution_addr(), site.channel_addr()] {
            let answer = get(address, path).await;
            assert!(answer.code() == -5 && !answer.body.contains("ok\n"), "{path}: {answer:?}");
        }
        assert_eq!(get(site.operations_addr(), path).await.status, 200, "{path}");
    }
    for path in [notify::PATH, "/", "/p/x"] {
        let answer = Wire::to(site.operations_addr()).await.post(path, "{}").await;
        assert!(answer.status == 404 && answer.body.contains("/readyz"), "{path}: {answer:?}");
    }
}

/// What answering costs the database: nothing, however often it is asked.
#[tokio::test]
async fn asking_for_readiness_writes_nothing() {
    let site = Site::start().await;
    let files = crate::files(&site.config, site.folder.path()).await;
    let written = || {
        let of = |entry: std::io::Result<std::fs::DirEntry>| {
            let entry = entry.expect("an entry");
            let meta = entry.metadata().expect("there");
            (entry.file_name(), meta.len(), meta.modified().expect("a time"))
        };
        let mut all: Vec<_> = std::fs::read_dir(&files).expect("a folder").map(of).collect();
        all.sort();
        all
    };
    if matches!(site.config.database, Database::Postgres(_)) {
        // A node of a cluster says each second that it runs, whether it is asked or not.
        return;
    }
    let mut wire = Wire::to(site.operations_addr()).await;
    let mut quiet = false;
    // A center that has just started writes a little of its own; what asks wrote would be there each time.
    for _ in 0..3 {
        let before = written();
        for _ in 0..500 {
            assert_eq!(wire.ask("GET", "/readyz", "").await.status, 200);
        }
        quiet |= written() == before;
    }
    assert!(quiet, "each five hundred wrote something");
}

#[tokio::test]
async fn what_is_not_in_memory_answers_minus_one_while_the_database_fails_and_nothing_is_lost() {
    let site = Site::start().await;
    let [known, other] = [site.token().await, site.token().await];
    assert_eq!(site.notify(known, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    site.execute("ALTER TABLE audit RENAME TO elsewhere").await;
    assert_eq!(site.notify(other, Some("10")).await.code(), -1);
    assert_eq!(site.act(&number, "confirm", "03").await["code"], -1);
    assert_eq!(site.check_stas(known).await, "0", "not confirmed, since it could not be recorded");
    site.execute("ALTER TABLE elsewhere RENAME TO audit").await;
    assert_eq!(site.act(&number, "confirm", "03").await["code"], 0);
    assert_eq!(site.check_stas(known).await, "1");
    assert_eq!(site.notify(other, Some("10")).await.code(), 0);
    assert_eq!(site.metric("yanmi_ledger_failed_total").await, 2);
}

#[tokio::test]
async fn requests_deliveries_and_questions_are_counted() {
    let site = Site::start().await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    assert_eq!(site.notify(token, Some("10")).await.code(), 500_084);
    let number = site.newest_notice().await;
    site.act(&number, "wrongPassword", "01").await;
    site.act(&number, "confirm", "01").await;
    for _ in 0..3 {
        assert_eq!(site.check_stas(token).await, "1");
    }
    get(site.institution_addr(), "/cfc/api/none").await;
    Wire::to(site.institution_addr()).await.post(status::PATH, "{}").await;
    let channel = site.channel().chnl_id;
    for (name, value) in [
        ("yanmi_requests_total{op=\"decode\",code=\"0\"}", 1),
        ("yanmi_requests_total{op=\"notify\",code=\"0\"}", 1),
        ("yanmi_requests_total{op=\"notify\",code=\"500084\"}", 1),
        ("yanmi_requests_total{op=\"auth-result\",code=\"0\"}", 2),
        ("yanmi_requests_total{op=\"status\",code=\"0\"}", 3),
        ("yanmi_requests_total{op=\"status\",code=\"-2\"}", 1),
        ("yanmi_requests_total{op=\"unknown\",code=\"-5\"}", 1),
        ("yanmi_request_seconds_count{op=\"status\"}", 4),
        ("yanmi_national_total{question=\"qr-code\",result=\"ok\"}", 1),
        ("yanmi_national_total{question=\"password\",result=\"ok\"}", 2),
        // In memory only where nobody else changes them.
        ("yanmi_resident_verifications", u64::from(matches!(site.config.database, Database::Sqlite(_)))),
        ("yanmi_ledger_waiting", 0),
        ("yanmi_held_queries", 0),
        (&format!("yanmi_deliveries_total{{channel=\"{}\",result=\"ok\"}}", channel.as_str()), 1),
    ] {
        assert_eq!(site.metric(name).await, value, "{name}");
    }
    assert_eq!(site.notify(site.token().await, None).await.code(), 0);
    site.act(&site.newest_notice().await, "notMe", "01").await;
    site.center.remove_old().await.expect("a round");
    site.center.look_for_alarms().await;
    let page = get(site.operations_addr(), "/metrics").await;
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for (name, meaning) in METRICS.into_iter().chain([NATIONAL_METRIC]) {
        let line = format!("# HELP {name} {meaning}");
        assert!(page.body.lines().any(|l| l == line), "{line} is not in\n{}", page.body);
    }
    let person = site.person();
    for personal in
        [&person.user_name, &person.id_no, person.ec_index_no.as_str(), token.as_str(), &token.as_str()[30..]]
    {
        assert!(!page.body.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn metrics_are_for_the_networks_of_the_configuration() {
    let site =
        Site::with(|config| config.metrics_from = vec!["10.0.0.0/8".parse().expect("a network")]).await;
    let address = site.operations_addr();
    let refused = get(address, "/metrics").await;
    assert_eq!((refused.status, refused.body.contains("yanmi_")), (403, false));
    assert_eq!(get(address, "/healthz").await.status, 200, "for everybody who gets there");
}

#[tokio::test]
async fn every_decision_leaves_an_event() {
    let site = Site::start().await;
    let token = site.token().await;
    site.notify(token, Some("10")).await;
    site.hands.forward(Duration::from_secs(3));
    site.notify(token, Some("10")).await;
    site.hands.forward(Duration::from_secs(3));
    site.notify(token, Some("11")).await;
    let number = site.newest_notice().await;
    site.act(&number, "wrongPassword", "01").await;
    site.act(&number, "confirm", "01").await;
    site.hands.forward(Duration::from_secs(3));
    site.notify(token, Some("11")).await;
    site.notify(token, Some("12")).await;
    let number = site.newest_notice().await;
    site.act(&number, "notMe", "01").await;
    let events = [
        "free-on",
        "asked",
        "delivered",
        "asked-again",
        "superseded",
        "delivered",
        "wrong-password",
        "confirmed-01",
        "stands",
        "voided",
        "delivered",
        "not-me",
    ];
    let written =
        site.text("SELECT string_agg(event, ' ') FROM (SELECT event FROM audit ORDER BY id) AS events").await;
    assert_eq!(written.split(' ').collect::<Vec<_>>(), events);
}

#[tokio::test]
async fn a_stop_finishes_what_was_accepted_and_takes_nothing_new() {
    let site = Site::start().await;
    let app = site.scripted(site.channel()).await;
    let gate = gate();
    app.will([Mood::held(&gate)]);
    let token = site.token().await;
    let asking = site.asking(token, Some("10"));
    app.until(1).await;
    let listeners = [site.institution_addr(), site.channel_addr(), site.operations_addr()];
    let mut idle = Wire::to(listeners[2]).await;
    assert_eq!(idle.ask("GET", "/healthz", "").await.status, 200);
    let (stopping, stopped) = site.stopping();
    assert!(idle.answer().await.is_err(), "an idle connection is closed at once");
    for address in listeners {
        eventually(async || TcpStream::connect(address).await.is_err()).await;
    }
    assert!(!stopping.is_finished() && !asking.is_finished());
    gate.close();
    assert_eq!(asking.await.expect("no panic").code(), 0);
    let farewell = tokio::time::timeout(AMPLE, stopping).await.expect("in time").expect("no panic");
    assert_eq!(farewell.cut, 0);
    assert!(farewell.finished >= 1, "{farewell:?}");
    let site = stopped.start().await;
    assert_eq!(site.number("SELECT count(*) FROM verifications WHERE state = 'notified'").await, 1);
    site.act(&app.numbers()[0], "confirm", "03").await;
    assert_eq!(site.check_stas(token).await, "1");
}

#[tokio::test]
async fn a_stop_ends_at_its_bound_whoever_is_not_done() {
    let site = Site::with(|config| {
        config.delivery.call = Duration::from_millis(100);
        config.limits.stop = Duration::from_millis(100);
    })
    .await;
    let whole = request("POST", notify::PATH, site.institution().seal("{}").as_bytes());
    let mut slow = Wire::to(site.institution_addr()).await;
    slow.send(&whole[..whole.len() - 1]).await;
    // The connection is known to be served once another one is.
    assert_eq!(get(site.institution_addr(), "/none").await.code(), -5);
    let (stopping, _stopped) = site.stopping();
    let farewell = tokio::time::timeout(AMPLE, stopping).await.expect("in time").expect("no panic");
    assert_eq!(farewell.cut, 1);
    assert!(slow.answer().await.is_err());
}

#[tokio::test]
async fn a_start_that_fails_leaves_nothing_behind() {
    let site = Site::start().await.stop().await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut config = site.config.clone();
    config.listen.channel.address = Some(taken.local_addr().expect("an address"));
    let error = site::start(&config, &site.hands).await.expect_err("the port is taken");
    assert!(matches!(error, StartError::Bind(_)), "{error}");
    assert!(error.to_string().contains("channel"), "it names the listener: {error}");
    config.listen.channel = anywhere();
    config.limits.burst = 0;
    let error = site::start(&config, &site.hands).await.expect_err("no request at once");
    assert!(matches!(error, StartError::Zero("limits.burst")), "{error}");
    // Neither the database nor the first listener is held by what failed.
    let site = site.start().await;
    assert_eq!(site.status(site.token().await).await.code(), 0);
}

#[tokio::test]
async fn a_full_queue_turns_callers_away_and_forgets_nobody_it_answered() {
    let site = Site::with(|config| {
        unlimited(config);
        config.limits.ledger_queue = 1;
        config.limits.ledger_batch = 1;
        config.policy.notices_per_person_hour = 1_000;
    })
    .await;
    let mut tokens = Vec::new();
    for _ in 0..40 {
        tokens.push(site.token().await);
    }
    let asking: Vec<_> = tokens.iter().map(|token| (*token, site.asking(*token, Some("10")))).collect();
    let (mut notified, mut away) = (Vec::new(), 0);
    for (token, asking) in asking {
        let called = asking.await.expect("no panic");
        match called.code() {
            0 => notified.push(token),
            code => {
                assert_eq!((code, called.received.retry_after.as_deref()), (-6, Some("1")), "{called:?}");
                away += 1;
            }
        }
    }
    assert!(!notified.is_empty() && away > 0, "{} and {away}", notified.len());
    // Who was turned away has nothing stored and nothing on a phone, and whatever is on a phone is stored as notified: what
    // follows a delivery is never turned away.
    for query in
        ["SELECT count(*) FROM verifications", "SELECT count(*) FROM verifications WHERE state = 'notified'"]
    {
        let stored = site.number(query).await;
        assert_eq!(usize::try_from(stored).expect("few"), notified.len(), "{query}");
    }
    assert_eq!(site.phone().await.len(), notified.len());
    for token in notified {
        assert_eq!(site.check_stas(token).await, "0");
    }
    site.hands.forward(Duration::from_secs(3));
    for token in tokens {
        assert_eq!(site.notify(token, Some("10")).await.code(), 0, "one after the other");
    }
}
