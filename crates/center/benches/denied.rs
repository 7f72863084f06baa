//! What the time of a refusal tells (E7): unknown, disabled and known accounts whose envelopes do not open, 5,000 samples
//! each over one connection, taken in turns of random order, and how far their distributions lie over each other.
//!
//! `cargo bench -p yanmi-center --bench denied`. 100 % is the same distribution; what two halves of the samples of one
//! kind have in common is what can be reached at all with so many. The best guess is how often somebody is right who may
//! choose a time below which it is the one and above which the other: 50 % is knowing nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use yanmi_center::Center;
use yanmi_center::config::{Config, Essentials, Listen};
use yanmi_center::ports::{Clock, Entropy, Ports};
use yanmi_center::registry::{
    Act, Actor, Administration, Interfaces, MacRule, NewAccount, Object, SourceNetworks, Switch,
};
use yanmi_center::store::migrate::{Schema, migrate};
use yanmi_protocol::{AccountId, Region, Sm4Key, UnixMillis, envelope};

/// Who registers.
static TEST: Actor = Actor::program("test");

const SAMPLES: usize = 5_000;
const NOW: UnixMillis = UnixMillis::new(1_763_869_440_000);
const KINDS: [&str; 3] = ["unknown", "disabled", "known"];
/// A message of usual size, in bytes.
const MESSAGE: usize = 200;
/// Parts of the pooled samples that the distributions are compared in.
const PARTS: usize = 20;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let samples = runtime.expect("a runtime").block_on(measure());
    for (kind, samples) in KINDS.iter().zip(&samples) {
        let mut sorted = samples.clone();
        sorted.sort_unstable();
        let at = |percent: usize| sorted[(sorted.len() - 1) * percent / 100];
        println!("{kind:>9}: 10 % {:>6} ns, median {:>6} ns, 90 % {:>6} ns", at(10), at(50), at(90));
    }
    for (one, other) in [(0, 2), (1, 2), (0, 1)] {
        compare(&format!("{} and {}", KINDS[one], KINDS[other]), &samples[one], &samples[other]);
    }
    let halves: [Vec<u64>; 2] = [0, 1].map(|half| samples[2].iter().skip(half).step_by(2).copied().collect());
    compare("known, every other one", &halves[0], &halves[1]);
}

fn compare(what: &str, one: &[u64], other: &[u64]) {
    println!(
        "{what:>22}: overlap {:>5.1} %, best guess {:>4.1} %",
        100.0 * overlap(one, other),
        100.0 * guess(one, other)
    );
}

/// The part that two distributions have in common, in parts of equal weight of both together.
fn overlap(one: &[u64], other: &[u64]) -> f64 {
    let mut pooled: Vec<u64> = one.iter().chain(other).copied().collect();
    pooled.sort_unstable();
    let borders: Vec<u64> = (1..PARTS).map(|part| pooled[pooled.len() * part / PARTS]).collect();
    let shares = |samples: &[u64]| {
        let mut counts = [0_usize; PARTS];
        for sample in samples {
            counts[borders.partition_point(|border| border <= sample)] += 1;
        }
        counts.map(|count| ratio(count, samples.len()))
    };
    shares(one).iter().zip(shares(other)).map(|(one, other)| one.min(other)).sum()
}

/// How often the best border between the two tells them apart, when both are as likely.
fn guess(one: &[u64], other: &[u64]) -> f64 {
    let (mut one, mut other) = (one.to_vec(), other.to_vec());
    one.sort_unstable();
    other.sort_unstable();
    let below =
        |samples: &[u64], border| ratio(samples.partition_point(|sample| *sample < border), samples.len());
    let apart = one.iter().chain(&other).map(|border| (below(&one, *border) - below(&other, *border)).abs());
    0.5 + apart.fold(0.0, f64::max) / 2.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// The times of refusals, in nanoseconds, by kind.
async fn measure() -> [Vec<u64>; 3] {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path());
    register(&config).await;
    let center =
        Center::start(config, Ports::system(Clock::new(|| NOW), Entropy::seeded(2))).await.expect("a center");
    let mut stream =
        TcpStream::connect(center.institution_addr().expect("a listener")).await.expect("connected");
    stream.set_nodelay(true).expect("an option");
    let requests = KINDS.map(request);
    let dice = Entropy::seeded(3);
    let mut samples: [Vec<u64>; 3] = Default::default();
    let mut turn = 0;
    while samples.iter().any(|samples| samples.len() < SAMPLES) {
        let mut byte = [0];
        dice.fill(&mut byte);
        let kind = usize::from(byte[0]) % KINDS.len();
        let begun = Instant::now();
        stream.write_all(&requests[kind]).await.expect("sent");
        answer(&mut stream).await;
        let nanos = u64::try_from(begun.elapsed().as_nanos()).expect("short");
        turn += 1;
        // The first warm everything up.
        if turn > SAMPLES && samples[kind].len() < SAMPLES {
            samples[kind].push(nanos);
        }
    }
    center.stop().await;
    samples
}

fn config(folder: &std::path::Path) -> Config {
    let key = |byte| Sm4Key::from_bytes(&[byte; 16]);
    let essentials = Essentials {
        region: Region::new("350000").expect("a region"),
        encryption_key: key(1),
        national_url: "http://127.0.0.1:9".parse().expect("a URL"),
        national_org_id: AccountId::new("center").expect("an account"),
        national_key: key(2),
    };
    let mut config = Config::new(essentials, folder);
    config.listen.institution = Listen::plain(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.limits.failed_openings_per_minute = 1_000_000;
    config.limits.unproven = Duration::from_hours(1);
    config.log.requests = false;
    config
}

async fn register(config: &Config) {
    let schema = Schema::current();
    migrate(&config.database, &config.encryption_key, Entropy::seeded(4), &schema, false)
        .await
        .expect("migrated");
    let opened = Administration::open(&config.database, &config.encryption_key, Entropy::seeded(5)).await;
    let act = Act::new(&TEST, "", NOW);
    let mut administration = opened.expect("a database");
    for id in KINDS.into_iter().skip(1) {
        let id = AccountId::new(id).expect("an account");
        let (name, key) = ("测试账号".to_owned(), Sm4Key::from_bytes(&[3; 16]));
        let (interfaces, mac) = (Interfaces::ALL, MacRule::Optional);
        let new =
            NewAccount { id, name, key, interfaces, rate: None, mac, networks: SourceNetworks::default() };
        administration.add_account(&new, act).await.expect("a new account");
        if id.as_str() == "disabled" {
            administration.switch(Object::Account(id), Switch::Off, act).await.expect("disabled");
        }
    }
    administration.close().await.expect("closed");
}

/// A request in this account's name, sealed with a key it does not have. All are of the same length.
fn request(org_id: &str) -> Vec<u8> {
    let stranger = Sm4Key::from_bytes(&[9; 16]);
    let region = Region::new("350000").expect("a region");
    let prefix = "s".repeat(16 - org_id.len());
    let body = envelope::request(&stranger, org_id, &prefix, region, NOW, &[b'{'; MESSAGE]);
    let path = yanmi_protocol::message::status::PATH;
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: t\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

/// Reads one answer, whose code has to be -4.
async fn answer(stream: &mut TcpStream) {
    let mut bytes = Vec::with_capacity(512);
    while !bytes.ends_with(b"\"data\":{}}") {
        assert_ne!(stream.read_buf(&mut bytes).await.expect("read"), 0, "closed");
    }
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("\"code\":-4,"), "{text}");
}
