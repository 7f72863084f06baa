//! A center asks for time, chance and the network in its ports only, so that a whole one can be started on given ones, and
//! which of several things that are ready comes first is never a runtime's own chance.

use super::file::{File, Violation};

/// Where nobody asks.
const WITHIN: [&str; 2] = ["crates/center/src/", "crates/http/src/"];
/// The doors: the center's own, where its listeners are bound to the system, and the connections of a database server, which
/// the driver makes.
const DOORS: [&str; 3] =
    ["crates/center/src/ports/", "crates/http/src/socket.rs", "crates/center/src/store/postgres.rs"];

/// What asks, and what to take instead.
const ASKS: [(&str, &str); 12] = [
    ("std::time::Instant", "tokio::time::Instant, which a test can turn"),
    ("std::time::{Duration, Instant}", "tokio::time::Instant, which a test can turn"),
    ("SystemTime", "a Clock"),
    ("TcpListener::bind", "the Network"),
    ("TcpStream::connect", "the Network"),
    ("UdpSocket", "the Network"),
    ("lookup_host", "the Network"),
    ("getrandom", "an Entropy"),
    // It wakes in an order that the runtime draws.
    ("watch::channel(", "a Notify, which wakes in the order of waiting"),
    ("DefaultClock", "ports::Monotonic"),
    ("RateLimiter::direct(", "direct_with_clock and ports::Monotonic"),
    ("RateLimiter::keyed(", "hashmap_with_clock and ports::Monotonic"),
];

pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let within = |file: &&File| {
        WITHIN.iter().any(|folder| file.path.starts_with(folder))
            && !DOORS.iter().any(|door| file.path.starts_with(door))
            && !is_of_tests(&file.path)
    };
    files.iter().filter(within).flat_map(of_file).collect()
}

/// Tests have their own worlds, and peers that are played.
fn is_of_tests(path: &str) -> bool {
    path.ends_with("tests.rs") || path.ends_with("/outbound/peer.rs")
}

fn of_file(file: &File) -> Vec<Violation> {
    let product = file.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut out = Vec::new();
    for (at, line) in product.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
        for (word, instead) in ASKS.iter().filter(|(word, _)| line.contains(word)) {
            let what = format!("{word} asks the system past the ports: take {instead}");
            out.push(Violation::new(format!("{}:{}", file.path, at + 1), what));
        }
    }
    out.extend(chances(&file.path, product));
    out
}

/// Where one of several branches is taken by chance: a draw that no seed repeats.
fn chances<'a>(path: &'a str, product: &'a str) -> impl Iterator<Item = Violation> + 'a {
    let next = product.lines().skip(1).chain([""]);
    let unbiased = |(line, next): &(&str, &str)| line.contains("select! {") && next.trim() != "biased;";
    product.lines().zip(next).enumerate().filter(move |(_, pair)| unbiased(pair)).map(move |(at, _)| {
        let what = "select! draws which branch goes first: begin it with `biased;`";
        Violation::new(format!("{path}:{}", at + 1), what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&[File { path: path.to_owned(), text: text.to_owned() }]).len()
    }

    #[test]
    fn a_branch_taken_by_chance_is_seen() {
        let drawn = "    tokio::select! {\n        () = a => {}\n    }\n";
        let biased = "    tokio::select! {\n        biased;\n        () = a => {}\n    }\n";
        assert_eq!(found("crates/center/src/journey.rs", drawn), 1);
        assert_eq!(found("crates/center/src/journey.rs", biased), 0);
        assert_eq!(found("crates/agent/src/page.rs", drawn), 0, "nothing of a center");
    }

    #[test]
    fn asking_past_the_ports_is_seen() {
        for (word, _) in ASKS {
            let text = format!("let x = {word};\n");
            assert_eq!(found("crates/center/src/ledger.rs", &text), 1, "{word}");
            assert_eq!(found("crates/http/src/server.rs", &text), 1, "{word}");
            for path in [
                "crates/center/src/ports/network.rs",
                "crates/cli/src/ambient.rs",
                "crates/http/src/tests.rs",
            ] {
                assert_eq!(found(path, &text), 0, "{path}: {word}");
            }
            let tested = format!("#[cfg(test)]\nmod tests {{\n{text}}}\n");
            assert_eq!(found("crates/center/src/ledger.rs", &tested), 0, "{word}");
        }
    }
}
