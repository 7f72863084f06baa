//! How long the pages of the operators' console take in a province of the size that is told: each is opened again and
//! again, by one operator who may see it, in a center that does nothing else.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::arena::{Arena, bind_to_cores};
use super::fill::KnownVerification;
use super::options::Load;
use super::visitor::{Answer, Visitor};
use crate::command::serve::runtime;
use crate::failure::Failure;

/// Times each page is opened, as far as `--seconds` suffice.
const ROUNDS: usize = 20;
/// Times each page is opened before, uncounted.
const WARM_UP_ROUNDS: usize = 2;
/// How long the statistics may take to count what was filled in.
const COUNTED_WITHIN: Duration = Duration::from_mins(20);

/// Longer than the pause between two rounds of counting.
const LONGER_THAN_A_ROUND: Duration = Duration::from_secs(15);

/// What each of them opens, by login. `{channel}` is a registered one.
const PAGES: [(&str, &[&str]); 3] = [
    (
        "approver",
        &[
            "/o/",
            "/o/institutions",
            "/o/institutions?after=H35050610000",
            "/o/institutions?find=H3505",
            "/o/institutions?find=%E5%8C%BB%E9%99%A299999",
            "/o/institutions/H35010310002",
            "/o/accounts",
            "/o/accounts?find=bench-49",
            "/o/accounts/bench-49",
            "/o/channels",
            "/o/channels/{channel}",
            "/o/applications",
            "/o/imports",
            "/o/pending",
            "/o/alarms",
            "/o/errors",
            "/o/statistics",
            "/o/statistics?by=hour",
            "/o/statistics?by=city",
            "/o/statistics?by=channel",
            "/o/statistics?by=institution",
            "/o/statistics?by=institution&find=H35010310002",
        ],
    ),
    ("audit", &["/o/events", "/o/events?before=2500", "/o/events?find=bench-7"]),
    ("system", &["/o/settings", "/o/operators"]),
];

/// What is printed of a page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PageTimes {
    page: String,
    times: usize,
    bytes: usize,
    p50_micros: u64,
    p95_micros: u64,
    max_micros: u64,
}

/// What is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PrintedPages {
    what: &'static str,
    institutions: u32,
    accounts: u32,
    audit: u64,
    pages: Vec<PageTimes>,
    server_memory_kib: (u64, u64),
}

/// Opens them and prints how long they took.
pub(super) fn run(load: &Load) -> Result<(), Failure> {
    let bound = bind_to_cores()?;
    let printed = runtime(1)?.block_on(async {
        let arena = Arena::start(&bound, load).await?;
        let known = arena.known.clone();
        let channel = arena.world.channels.first().map_or("", |channel| channel.chnl_id.as_str());
        let face = arena.operators.ok_or_else(|| Failure::new("没有管理台"))?;
        tokio::task::block_in_place(|| {
            let log_in = |login: &str| {
                let operator = arena.world.operators.iter().find(|operator| operator.login == login);
                Visitor::log_in(face, operator.ok_or_else(|| Failure::new("没有这位操作员"))?)
            };
            let mut pages = Vec::new();
            for (login, paths) in PAGES {
                let visitor = log_in(login)?;
                if pages.is_empty() {
                    wait_until_counted(&visitor, load.audit)?;
                }
                for path in paths {
                    let path = path.replace("{channel}", channel);
                    pages.push(measured(&path, load, || visitor.get(&path))?);
                }
                if let Some(known) = known.as_ref().filter(|_| login == "approver") {
                    pages.extend(traced(&visitor, known, load)?);
                }
            }
            Ok::<_, Failure>(PrintedPages {
                what: "pages",
                institutions: load.institutions,
                accounts: load.accounts,
                audit: load.audit,
                pages,
                server_memory_kib: arena.first()?.memory()?,
            })
        })
    })?;
    print(&printed, load.json)
}

/// A trace of a code of which something is known, asked anew each time: what the form leads to is the answer.
fn traced(visitor: &Visitor, known: &KnownVerification, load: &Load) -> Result<Vec<PageTimes>, Failure> {
    let mut questions = vec![("令牌", known.token.clone()), ("通知编号", known.notice.to_string())];
    // A serial stands in the audit alone.
    if load.audit > 0 {
        questions.push(("流水号", known.serial()));
    }
    let mut pages = Vec::new();
    for (what, number) in questions {
        let answer = visitor.act("/o/trace", &[("number", &number)])?;
        let page = answer.location.ok_or_else(|| Failure::new(format!("追踪 {what} 没有答复")))?;
        let seen = visitor.get(&page)?;
        if !seen.body.contains(&known.org_code) {
            return Err(Failure::new(format!("追踪 {what} 没有查到")));
        }
        let mut times = measured(&page, load, || visitor.get(&page))?;
        times.page = format!("/o/trace（{what}）");
        pages.push(times);
    }
    Ok(pages)
}

/// The statistics count in the background: tables that are still empty would be quick.
fn wait_until_counted(visitor: &Visitor, audit: u64) -> Result<(), Failure> {
    if audit == 0 {
        return Ok(());
    }
    let until = Instant::now() + COUNTED_WITHIN;
    let mut before = String::new();
    loop {
        let now = figures(&visitor.get("/o/statistics")?.body);
        if now == before && !now.is_empty() {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(Failure::new("统计迟迟没有数完"));
        }
        before = now;
        std::thread::sleep(LONGER_THAN_A_ROUND);
    }
}

/// The rows of a page's tables.
fn figures(body: &str) -> String {
    body.split("<tbody>").skip(1).filter_map(|rest| rest.split("</tbody>").next()).collect()
}

fn measured(
    page: &str,
    load: &Load,
    open: impl Fn() -> Result<Answer, Failure>,
) -> Result<PageTimes, Failure> {
    for _ in 0..WARM_UP_ROUNDS {
        open()?;
    }
    let (until, mut bytes) = (Instant::now() + Duration::from_secs(load.seconds), 0);
    let mut took = Vec::new();
    while took.len() < ROUNDS && Instant::now() < until {
        let answer = open()?;
        if answer.status != 200 {
            return Err(Failure::new(format!("{page} 应答 {}", answer.status)));
        }
        bytes = answer.body.len();
        took.push(u64::try_from(answer.took.as_micros()).unwrap_or(u64::MAX));
    }
    took.sort_unstable();
    let at =
        |hundredth: usize| took.get((took.len() * hundredth).div_ceil(100).max(1) - 1).copied().unwrap_or(0);
    let (p50_micros, p95_micros, max_micros) = (at(50), at(95), at(100));
    Ok(PageTimes { page: page.to_owned(), times: took.len(), bytes, p50_micros, p95_micros, max_micros })
}

fn print(printed: &PrintedPages, json: bool) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string(printed).map_err(|e| Failure::because("无法输出 JSON", &e))?;
        println!("{text}");
        return Ok(());
    }
    println!(
        "pages：{} 家机构，{} 个业务系统，审计 {} 行；时间单位微秒",
        printed.institutions, printed.accounts, printed.audit
    );
    for page in &printed.pages {
        println!(
            "  中位 {:>8}，95% {:>8}，最长 {:>8}，{:>7} 字节，{:>3} 次  {}",
            page.p50_micros, page.p95_micros, page.max_micros, page.bytes, page.times, page.page
        );
    }
    let (idle, after) = printed.server_memory_kib;
    println!("  服务内存：启动后 {idle} KiB，之后 {after} KiB");
    Ok(())
}
