//! A target of the fuzzer: its program, and where its inputs are.

use std::path::PathBuf;
use std::process::Command;

use crate::cargo::{host, root};

/// Nothing takes longer than this, in seconds.
const LONGEST: u32 = 5;
/// Bytes of one input at most: longer than any message that is read to the end.
const LARGEST: u32 = 4_096;
const OUT: &str = "target/fuzz";

/// The program of a target, with the bounds that always hold.
pub(super) fn fuzzer(target: &str) -> Result<Command, String> {
    let out = out();
    let mut fuzzer = Command::new(out.join(host()?).join("release").join(target));
    fuzzer.arg(format!("-timeout={LONGEST}")).arg(format!("-max_len={LARGEST}"));
    fuzzer.arg(format!("-artifact_prefix={}/{target}-", out.display())).arg("-verbosity=0");
    Ok(fuzzer)
}

/// Where findings are.
pub(crate) fn out() -> PathBuf {
    root().join(OUT)
}

/// Where everything is that ever led to new code.
pub(super) fn corpus(target: &str) -> Result<PathBuf, String> {
    let corpus = out().join("corpus").join(target);
    std::fs::create_dir_all(&corpus).map_err(|why| format!("{}: {why}", corpus.display()))?;
    Ok(corpus)
}

/// What is kept of it in the repository.
pub(super) fn seeds(target: &str) -> Result<PathBuf, String> {
    let seeds = root().join("fuzz/seeds").join(target);
    std::fs::create_dir_all(&seeds).map_err(|why| format!("{}: {why}", seeds.display()))?;
    Ok(seeds)
}
