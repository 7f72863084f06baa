//! What thousands of event streams of the sandbox's page cost, and how soon an event is with all of them.

use serde::Serialize;
use yanmi_trial::load;

use super::arena;
use crate::command::serve::runtime;
use crate::failure::Failure;
use crate::host;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PrintedStreams {
    what: &'static str,
    connections: usize,
    /// Memory of the simulator: before the first stream, and with all of them open.
    server_memory_kib: (u64, u64),
    bytes_per_stream: u64,
    /// From the request that causes an event to the last stream that got it.
    event_to_all_micros: u64,
}

/// Opens as many streams and prints what they cost.
pub(super) fn run(count: usize, json: bool) -> Result<(), Failure> {
    host::raise_open_files();
    let bound = arena::bind_to_cores()?;
    let server = arena::simulator(&bound)?;
    let failed = |error: std::io::Error| Failure::because("事件流未能打开", &error);
    let (server_memory_kib, event) = runtime(1)?.block_on(async {
        let mut streams = load::Streams::open(server.address, count).await.map_err(failed)?;
        let memory = server.memory()?;
        let event = streams.time_one_event().await.map_err(failed)?;
        Ok::<_, Failure>((memory, event))
    })?;
    let (before, after) = server_memory_kib;
    let each = u64::try_from(count).unwrap_or(u64::MAX).max(1);
    let printed = PrintedStreams {
        what: "streams",
        connections: count,
        server_memory_kib,
        bytes_per_stream: after.saturating_sub(before) * 1_024 / each,
        event_to_all_micros: u64::try_from(event.as_micros()).unwrap_or(u64::MAX),
    };
    if json {
        let text = serde_json::to_string(&printed).map_err(|e| Failure::because("无法输出 JSON", &e))?;
        println!("{text}");
        return Ok(());
    }
    println!("streams：{count} 个事件流同时打开");
    println!(
        "  服务内存：启动后 {before} KiB，全部打开后 {after} KiB，每个流 {} 字节",
        printed.bytes_per_stream
    );
    println!("  一条事件到达全部流：{} 微秒", printed.event_to_all_micros);
    Ok(())
}
