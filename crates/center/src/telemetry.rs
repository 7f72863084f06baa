//! What the center tells about itself: metrics, and one log line for each request.
//!
//! Every name, field and label is documented in `docs/reference/metrics.md` and `docs/reference/request-log.md`.
//! Nothing personal is ever among them: a token shows its last eight characters, causes name what is wrong and not
//! what was sent.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit,
};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use yanmi_protocol::{Code, EcToken, UnixMillis};

use crate::claimed::Claimed;
use crate::strangers::{RefusalSum, Strangers};
use yanmi_http::Traffic;

/// Upper bounds of the request time histogram, in seconds.
const SECONDS: [f64; 12] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 5.0];
/// Upper bounds of the batch size histogram.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 256.0, 1_024.0];
/// The name tracing filters the request lines by.
pub const REQUEST_TARGET: &str = "yanmi::request";

static METADATA: Metadata<'static> = Metadata::new("yanmi", Level::INFO, None);

/// What somebody asks of the center; the `op` of the log and the label of the metrics.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// 1.7.1.
    Notify,
    /// 1.7.2.
    Status,
    /// Password check.
    Password,
    /// Decode.
    Decode,
    /// A channel's result.
    AuthResult,
    /// A channel's pending notices.
    Pending,
    /// A channel's password-free switch.
    PasswordFree,
    /// A channel's wish for a link to the page of that switch.
    PasswordFreePage,
    /// The insured person's page.
    Page,
    /// A page of the operators' console.
    Console,
    /// A page for those who asked for an account.
    Applicant,
    /// An address that is none.
    Unknown,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Notify,
        Self::Status,
        Self::Password,
        Self::Decode,
        Self::AuthResult,
        Self::Pending,
        Self::PasswordFree,
        Self::PasswordFreePage,
        Self::Page,
        Self::Console,
        Self::Applicant,
        Self::Unknown,
    ];

    /// The word in log and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Status => "status",
            Self::Password => "password",
            Self::Decode => "decode",
            Self::AuthResult => "auth-result",
            Self::Pending => "pending",
            Self::PasswordFree => "password-free",
            Self::PasswordFreePage => "password-free-page",
            Self::Page => "page",
            Self::Console => "console",
            Self::Applicant => "applicant",
            Self::Unknown => "unknown",
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// The metrics of one center. Cloning is cheap.
#[derive(Clone)]
pub struct Telemetry(Arc<Instruments>);

struct Instruments {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// One counter for each operation and code, made when first needed.
    requests: [[OnceLock<Counter>; Code::ALL.len()]; Operation::ALL.len()],
    seconds: [Histogram; Operation::ALL.len()],
    batch_size: Histogram,
    commit_seconds: Histogram,
    batches_failed: Counter,
    outage_seconds: Histogram,
    database_retries: [(&'static str, Counter); 2],
    calls_lost: [(&'static str, Counter); 2],
    read_size: Histogram,
    strangers: Strangers,
    waiting: Gauge,
    resident: Gauge,
    held: Gauge,
    log_requests: bool,
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telemetry")
    }
}

impl Telemetry {
    /// Metrics of their own for one center. A scratch center, whose metrics nobody asks for, has none of the `histograms`: each
    /// takes room for what was recorded until it is folded.
    ///
    /// # Errors
    /// Never with the bounds above; the library cannot know that.
    pub(crate) fn new(log_requests: bool, histograms: bool) -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZES)?
            .build_recorder();
        describe(&recorder);
        let register = |key: &Key| {
            if histograms { recorder.register_histogram(key, &METADATA) } else { Histogram::noop() }
        };
        let seconds = Operation::ALL
            .map(|operation| register(&key("yanmi_request_seconds", &[("op", operation.word())])));
        let database_retries = ["lost", "conflict"].map(|cause| {
            let key = key("yanmi_database_retries_total", &[("cause", cause)]);
            (cause, recorder.register_counter(&key, &METADATA))
        });
        let calls_lost = ["queue", "database"].map(|cause| {
            let key = key("yanmi_calls_lost_total", &[("cause", cause)]);
            (cause, recorder.register_counter(&key, &METADATA))
        });
        let bare = Key::from_static_name;
        let histogram = |name| register(&bare(name));
        let gauge = |name| recorder.register_gauge(&bare(name), &METADATA);
        Ok(Self(Arc::new(Instruments {
            handle: recorder.handle(),
            requests: std::array::from_fn(|_| std::array::from_fn(|_| OnceLock::new())),
            seconds,
            database_retries,
            calls_lost,
            batch_size: histogram("yanmi_ledger_batch_size"),
            commit_seconds: histogram("yanmi_ledger_commit_seconds"),
            batches_failed: recorder.register_counter(&bare("yanmi_ledger_failed_total"), &METADATA),
            outage_seconds: histogram("yanmi_database_outage_seconds"),
            read_size: histogram("yanmi_ledger_read_size"),
            strangers: Strangers::default(),
            waiting: gauge("yanmi_ledger_waiting"),
            resident: gauge("yanmi_resident_verifications"),
            held: gauge("yanmi_held_queries"),
            log_requests,
            recorder,
        })))
    }

    /// Counts and logs one finished request. Whether it is among the few of its kind that are written down one by one.
    pub(crate) fn request(&self, line: &RequestLine<'_>) -> bool {
        let inside = &*self.0;
        let elapsed = line.started.elapsed();
        let at = Code::ALL.iter().position(|code| *code == line.code).unwrap_or(0);
        let counter = inside.requests[line.operation.index()][at].get_or_init(|| {
            let labels = [("op", line.operation.word().to_owned()), ("code", line.code.number().to_string())];
            inside.recorder.register_counter(&key("yanmi_requests_total", &labels), &METADATA)
        });
        counter.increment(1);
        inside.seconds[line.operation.index()].record(elapsed.as_secs_f64());
        if let Some(source) = line.stranger {
            let key = key("yanmi_unproven_total", &[("code", line.code.number().to_string())]);
            inside.recorder.register_counter(&key, &METADATA).increment(1);
            if !inside.strangers.admit(line.code, source, line.claimed, Instant::now()) {
                return false;
            }
        }
        if inside.log_requests || line.cause.is_some() {
            line.write(elapsed);
        }
        true
    }

    /// Counts one attempt to have a channel take a notice; `result` is "ok" or the short word of the failure.
    pub(crate) fn delivery(&self, channel: &str, result: &'static str) {
        let labels = [("channel", channel.to_owned()), ("result", result.to_owned())];
        self.0.recorder.register_counter(&key("yanmi_deliveries_total", &labels), &METADATA).increment(1);
    }

    /// Counts a person who said "not me".
    pub(crate) fn not_me(&self, org_code: &str, channel: &str) {
        let labels = [("org_code", org_code.to_owned()), ("channel", channel.to_owned())];
        self.0.recorder.register_counter(&key("yanmi_not_me_total", &labels), &METADATA).increment(1);
    }

    /// Counts one question to the national center.
    pub(crate) fn national(&self, question: &'static str, result: &'static str) {
        let labels = [("question", question), ("result", result)];
        self.0.recorder.register_counter(&key("yanmi_national_total", &labels), &METADATA).increment(1);
    }

    /// A batch begins; hand the moment to [`Telemetry::batch_ends`].
    #[expect(clippy::unused_self, reason = "the moment belongs to these metrics")]
    pub(crate) fn batch_begins(&self) -> Instant {
        Instant::now()
    }

    /// A batch ended.
    pub(crate) fn batch_ends(&self, begun: Instant, size: usize, committed: bool) {
        if committed {
            self.0.batch_size.record(as_f64(size));
            self.0.commit_seconds.record(begun.elapsed().as_secs_f64());
        } else {
            self.0.batches_failed.increment(1);
        }
    }

    /// Work at the database is tried once more; `cause` is the short word of the failure.
    pub(crate) fn database_retry(&self, cause: &'static str) {
        let found = self.0.database_retries.iter().find(|(word, _)| *word == cause);
        if let Some((_, counter)) = found {
            counter.increment(1);
        }
    }

    /// A connection to the database was lost for so long.
    pub(crate) fn database_back(&self, away: Duration) {
        self.0.outage_seconds.record(away.as_secs_f64());
    }

    /// So many keys were read in one query.
    pub(crate) fn read(&self, size: usize) {
        self.0.read_size.record(as_f64(size));
    }

    /// So many rows of a table were kept long enough and are gone.
    pub(crate) fn retention_removed(&self, table: &'static str, rows: u64) {
        let key = key("yanmi_retention_removed_total", &[("table", table)]);
        self.0.recorder.register_counter(&key, &METADATA).increment(rows);
    }

    /// A round through all tables ended, which began at this time.
    pub(crate) fn retention_round(&self, begun: UnixMillis) {
        let key = Key::from_static_name("yanmi_retention_round_timestamp_seconds");
        let seconds = usize::try_from(begun.get() / 1_000).unwrap_or(0);
        self.0.recorder.register_gauge(&key, &METADATA).set(as_f64(seconds));
    }

    /// So many alarms of a rule are open.
    pub(crate) fn alarms_open(&self, rule: &'static str, count: i64) {
        let count = usize::try_from(count).unwrap_or(0);
        self.0
            .recorder
            .register_gauge(&key("yanmi_alarms_open", &[("rule", rule)]), &METADATA)
            .set(as_f64(count));
    }

    /// So many alarms are open that whom the settings say was not told.
    pub(crate) fn alarms_untold(&self, count: i64) {
        let count = usize::try_from(count).unwrap_or(0);
        let key = Key::from_static_name("yanmi_alarms_untold");
        self.0.recorder.register_gauge(&key, &METADATA).set(as_f64(count));
    }

    /// What a listener has seen since it began.
    pub(crate) fn traffic(&self, listener: &'static str, seen: &Traffic) {
        let recorder = &self.0.recorder;
        let labels = [("listener", listener)];
        for (name, count) in [
            ("yanmi_connections_total", seen.accepted),
            ("yanmi_connections_refused_total", seen.refused),
            ("yanmi_connections_refused_by_source_total", seen.refused_by_source),
            ("yanmi_connections_made_room_total", seen.made_room),
            ("yanmi_connections_proxy_failed_total", seen.proxies_failed),
            ("yanmi_connections_timed_out_total", seen.timed_out),
            ("yanmi_handshakes_failed_total", seen.handshakes_failed),
        ] {
            recorder.register_counter(&key(name, &labels), &METADATA).absolute(count);
        }
        let open = usize::try_from(seen.accepted.saturating_sub(seen.ended)).unwrap_or(usize::MAX);
        recorder.register_gauge(&key("yanmi_connections", &labels), &METADATA).set(as_f64(open));
    }

    /// The state of the moment, taken when somebody looks.
    pub(crate) fn render(&self, waiting: usize, resident: usize, held: usize) -> String {
        self.0.waiting.set(as_f64(waiting));
        self.0.resident.set(as_f64(resident));
        self.0.held.set(as_f64(held));
        self.0.handle.render()
    }

    /// Folds recorded values into their histograms; without it they would pile up between two looks. Writes what was
    /// summed, and tells it.
    pub(crate) fn upkeep(&self) -> Vec<RefusalSum> {
        self.0.handle.run_upkeep();
        self.sum(Instant::now())
    }

    fn sum(&self, now: Instant) -> Vec<RefusalSum> {
        write_sums(self.0.strangers.due(now))
    }

    /// Writes and tells also what is not due yet, because nothing comes after it.
    pub(crate) fn sum_now(&self) -> Vec<RefusalSum> {
        write_sums(self.0.strangers.now())
    }

    /// So many refusals could not be written down; `cause` is "queue" or "database".
    pub(crate) fn calls_lost(&self, cause: &'static str, count: u64) {
        let found = self.0.calls_lost.iter().find(|(word, _)| *word == cause);
        if let Some((_, counter)) = found {
            counter.increment(count);
        }
    }
}

fn write_sums(sums: Vec<RefusalSum>) -> Vec<RefusalSum> {
    for RefusalSum { code, whose: source, count, claimed } in &sums {
        let (code, claimed) = (code.number(), claimed.as_ref().map(Claimed::as_str));
        tracing::warn!(
            target: REQUEST_TARGET, code, claimed, peer = %source, count, "未证实的请求，一分钟内没有逐行写出的次数"
        );
    }
    sums
}

fn key<V: Into<SharedString> + Clone>(name: &'static str, labels: &[(&'static str, V)]) -> Key {
    let labels: Vec<Label> = labels.iter().map(|(name, value)| Label::new(*name, value.clone())).collect();
    Key::from_parts(name, labels)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

/// Name and meaning of every metric, for the exposition and the reference.
pub const METRICS: [(&str, &str); 27] = [
    ("yanmi_requests_total", "请求数，按操作（op）与返回码（code）"),
    ("yanmi_unproven_total", "没有证实来自谁的请求数（地址、信封、密钥、链接不对），按返回码（code）"),
    (
        "yanmi_calls_lost_total",
        "没有写进 calls 表的拒绝记录数，按原因（cause）：queue 等待写入的已满，database 数据库写入失败",
    ),
    ("yanmi_request_seconds", "请求耗时（秒），按操作（op）；含等待渠道与 waitSeconds 的时间"),
    ("yanmi_ledger_batch_size", "每次提交的命令数"),
    ("yanmi_ledger_commit_seconds", "每批从读取事实到提交完成的耗时（秒）"),
    ("yanmi_ledger_failed_total", "提交失败的批数"),
    ("yanmi_database_retries_total", "数据库操作重试次数，按原因（cause）：lost 连接中断，conflict 事务冲突"),
    ("yanmi_database_outage_seconds", "每个数据库连接从中断到恢复的时间（秒）"),
    ("yanmi_ledger_read_size", "每次批量读取的键数"),
    ("yanmi_ledger_waiting", "等待进入下一批的命令数"),
    ("yanmi_resident_verifications", "内存中的核验记录数"),
    ("yanmi_retention_removed_total", "因超过保留期限而清理的行数，按表（table）"),
    ("yanmi_retention_round_timestamp_seconds", "最近一轮完整清理的开始时间（自 1970 年起的秒数）"),
    ("yanmi_held_queries", "正在等待状态变化的查询数"),
    ("yanmi_connections", "正在打开的连接数，按监听口（listener）"),
    ("yanmi_connections_total", "接受过的连接数，按监听口（listener）"),
    ("yanmi_connections_refused_total", "因连接数已满且都在处理请求而拒绝的连接数，按监听口（listener）"),
    (
        "yanmi_connections_refused_by_source_total",
        "因同一来源地址的连接数已满而拒绝的连接数，按监听口（listener）",
    ),
    (
        "yanmi_connections_made_room_total",
        "连接数已满时为新连接让出位置而关闭的空闲连接数，按监听口（listener）",
    ),
    (
        "yanmi_connections_proxy_failed_total",
        "因前置代理没有按 PROXY 协议说明来源而关闭的连接数，按监听口（listener）",
    ),
    ("yanmi_connections_timed_out_total", "因请求头迟迟不到或空闲过久而关闭的连接数，按监听口（listener）"),
    ("yanmi_handshakes_failed_total", "失败或过慢的 TLS 握手数，按监听口（listener）"),
    ("yanmi_deliveries_total", "投递到渠道的通知数，按渠道（channel）与结果（result）"),
    ("yanmi_alarms_open", "没有关闭的告警数，按种类（rule）；每个进程报的都是全站的"),
    (
        "yanmi_alarms_untold",
        "没有关闭、也没能告知外面的告警平台（alarms.target）的告警数；每个进程报的都是全站的",
    ),
    ("yanmi_not_me_total", "参保人表示非本人办理的次数，按机构（org_code）与渠道（channel）"),
];

fn describe(recorder: &PrometheusRecorder) {
    for (name, meaning) in METRICS.into_iter().chain([NATIONAL_METRIC]) {
        let name = KeyName::from_const_str(name);
        match name.as_str() {
            counter if counter.ends_with("_total") => recorder.describe_counter(name, None, meaning.into()),
            time if time.ends_with("_timestamp_seconds") => {
                recorder.describe_gauge(name, None, meaning.into());
            }
            seconds if seconds.ends_with("_seconds") => {
                recorder.describe_histogram(name, Some(Unit::Seconds), meaning.into());
            }
            size if size.ends_with("_size") => recorder.describe_histogram(name, None, meaning.into()),
            _ => recorder.describe_gauge(name, None, meaning.into()),
        }
    }
}

/// The metric of the national center's adapter.
pub const NATIONAL_METRIC: (&str, &str) =
    ("yanmi_national_total", "向国家电子凭证提出的查询数，按问题（question）与结果（result）");

/// One finished request.
#[derive(Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) operation: Operation,
    /// The account or channel; "-" while it is not proven.
    pub(crate) org_id: &'a str,
    pub(crate) code: Code,
    pub(crate) started: Instant,
    /// With how many other commands it was committed; 0 when nothing was.
    pub(crate) batch: usize,
    pub(crate) token: Option<EcToken>,
    /// Where it came from, when nobody is proven to have sent it.
    pub(crate) stranger: Option<IpAddr>,
    /// Who its sender says to be, while that is not proven.
    pub(crate) claimed: Option<Claimed>,
    /// The other end, where it may be written down.
    pub(crate) peer: Option<IpAddr>,
    /// What is not told to the caller: why an envelope did not open, what failed on our side.
    pub(crate) cause: Option<&'a str>,
}

impl RequestLine<'_> {
    fn write(&self, elapsed: Duration) {
        let micros = elapsed.as_micros();
        let (op, org_id, code, batch) = (self.operation.word(), self.org_id, self.code.number(), self.batch);
        let token = Masked(self.token);
        let refused = matches!(self.code, Code::Denied | Code::RateLimited);
        let claimed = self.claimed.as_ref().filter(|_| refused).map(Claimed::as_str);
        let peer = self.peer.filter(|_| refused).map(tracing::field::display);
        match self.cause {
            None => tracing::info!(
                target: REQUEST_TARGET, op, orgId = org_id, code, us = micros, batch, %token, claimed, peer, "请求"
            ),
            Some(cause) if self.code == Code::Unknown => tracing::error!(
                target: REQUEST_TARGET, op, orgId = org_id, code, us = micros, batch, %token, cause, "请求"
            ),
            Some(cause) => tracing::warn!(
                target: REQUEST_TARGET, op, orgId = org_id, code, us = micros, batch, %token, claimed, peer, cause,
                "请求"
            ),
        }
    }
}

/// A token as the log shows it.
struct Masked(Option<EcToken>);

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(token) => write!(f, "{token:?}"),
            None => f.write_str("-"),
        }
    }
}

/// An error and everything behind it, in one line, for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        out.push('：');
        out.push_str(&cause.to_string());
        source = cause.source();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_reference() {
        let page = include_str!("../../../docs/reference/metrics.md");
        for (name, meaning) in METRICS.into_iter().chain([NATIONAL_METRIC]) {
            let start = format!("| `{name}` | ");
            let row = page.lines().find_map(|line| line.strip_prefix(&start));
            let row = row.unwrap_or_else(|| panic!("{name} is not on docs/reference/metrics.md"));
            let plain = row.trim_end_matches(" |").replace('`', "");
            assert_eq!(plain, meaning, "{name}");
        }
        let rows = page.lines().filter(|line| line.starts_with("| `yanmi_")).count();
        assert_eq!(rows, METRICS.len() + 1, "the page names metrics that do not exist");
    }

    #[test]
    fn a_request_is_counted_and_timed() {
        let telemetry = Telemetry::new(false, true).expect("metrics");
        telemetry.request(&RequestLine {
            operation: Operation::Notify,
            org_id: "his",
            code: Code::PasswordFree,
            started: Instant::now(),
            batch: 3,
            token: None,
            stranger: None,
            claimed: None,
            peer: None,
            cause: None,
        });
        telemetry
            .traffic("institution", &Traffic { accepted: 7, ended: 3, refused: 1, ..Traffic::default() });
        telemetry.upkeep();
        let page = telemetry.render(1, 2, 3);
        for line in [
            "yanmi_requests_total{op=\"notify\",code=\"500320\"} 1",
            "yanmi_request_seconds_count{op=\"notify\"} 1",
            "yanmi_ledger_waiting 1",
            "yanmi_resident_verifications 2",
            "yanmi_held_queries 3",
            "yanmi_connections{listener=\"institution\"} 4",
            "yanmi_connections_total{listener=\"institution\"} 7",
            "yanmi_connections_refused_total{listener=\"institution\"} 1",
        ] {
            assert!(page.lines().any(|l| l == line), "{line} is not in {page}");
        }
    }
}
