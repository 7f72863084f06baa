//! `cargo xtask fuzz keep`: of all that ever led to new code, the few inputs that together lead to most of it are kept in
//! `fuzz/seeds`, where every run begins.
//!
//! libFuzzer runs every input and writes down which features of the code it reaches. Among those, the one that brings most
//! that is new for its size is taken, again and again, until nothing is new or there is no more room: a greedy cover. What
//! people have put there stays; what was kept before and is no longer needed goes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::target::{corpus, fuzzer, out, seeds};
use crate::cargo::done;

/// Inputs kept of one target, and their bytes together.
const MAX_FILES: usize = 200;
const MAX_BYTES: u64 = 200 * 1024;
/// What one input costs beside its bytes: a file has a name, and somebody looks at it.
const PRICE: u64 = 64;
/// Letters of a name that libFuzzer gives: the digest of what is in the file. People give shorter ones.
const DIGEST: usize = 40;

/// An input, and what it reaches.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct CorpusInput {
    path: PathBuf,
    bytes: u64,
    features: Vec<u32>,
}

pub(super) fn keep(target: &str) -> Result<(), String> {
    let (corpus, seeds) = (corpus(target)?, seeds(target)?);
    let all = reaching(target, &corpus, &seeds)?;
    let (chosen, reached, of) = choose(&all, &seeds);
    let kept: HashSet<String> = chosen.iter().filter_map(|input| name(&input.path)).collect();
    for old in files(&seeds)? {
        if name(&old).is_some_and(|name| is_found(&name) && !kept.contains(&name)) {
            fs::remove_file(&old).map_err(|why| format!("{}: {why}", old.display()))?;
        }
    }
    for input in &chosen {
        let Some(name) = name(&input.path) else { continue };
        let to = seeds.join(name);
        if to != input.path {
            fs::copy(&input.path, &to).map_err(|why| format!("{}: {why}", to.display()))?;
        }
    }
    let bytes: u64 = chosen.iter().map(|input| input.bytes).sum();
    println!(
        "{target}: {} of {} inputs are kept ({bytes} bytes), which reach {reached} of {of} features",
        chosen.len(),
        all.len()
    );
    Ok(())
}

/// Has libFuzzer run everything and say what it reaches.
fn reaching(target: &str, corpus: &Path, seeds: &Path) -> Result<Vec<CorpusInput>, String> {
    let failed = |why: std::io::Error| why.to_string();
    let (merged, told) = (out().join(format!("{target}-merged")), out().join(format!("{target}-merge")));
    // What another run has left would be gone on with.
    let _ = fs::remove_file(&told);
    let _ = fs::remove_dir_all(&merged);
    fs::create_dir_all(&merged).map_err(failed)?;
    let mut fuzzer = fuzzer(target)?;
    // The cover that is its own is not used, but with it everything is told of every input, not only what is new.
    fuzzer.arg("-set_cover_merge=1").arg(format!("-merge_control_file={}", told.display()));
    fuzzer.args([&merged, corpus, seeds]).stderr(std::process::Stdio::null());
    done(&mut fuzzer, "libFuzzer could not run all inputs")?;
    let text = fs::read_to_string(&told).map_err(failed)?;
    fs::remove_file(&told).and_then(|()| fs::remove_dir_all(&merged)).map_err(failed)?;
    read(&text)
}

/// Reads what libFuzzer wrote: how many files there are, how many of them come first, their names, then `FT` with a file's
/// number and what it reaches.
fn read(text: &str) -> Result<Vec<CorpusInput>, String> {
    let wrong = || "libFuzzer told something else than expected".to_owned();
    let mut lines = text.lines();
    let mut number = || lines.next().and_then(|line| line.parse::<usize>().ok()).ok_or_else(wrong);
    let (count, _) = (number()?, number()?);
    let mut all = Vec::with_capacity(count);
    for path in lines.by_ref().take(count).map(PathBuf::from) {
        let bytes = fs::metadata(&path).map_err(|why| format!("{}: {why}", path.display()))?.len();
        all.push(CorpusInput { path, bytes, features: Vec::new() });
    }
    for line in lines {
        let Some(rest) = line.strip_prefix("FT ") else { continue };
        let mut numbers = rest.split_whitespace().map_while(|word| word.parse::<u32>().ok());
        let at = numbers.next().and_then(|at| usize::try_from(at).ok());
        let reaching = at.and_then(|at| all.get_mut(at)).ok_or_else(wrong)?;
        reaching.features = numbers.collect();
    }
    Ok(all)
}

/// What is kept, how many features it reaches, and how many there are.
fn choose<'a>(all: &'a [CorpusInput], seeds: &Path) -> (Vec<&'a CorpusInput>, usize, usize) {
    let everything: HashSet<u32> = all.iter().flat_map(|input| input.features.iter().copied()).collect();
    let by_people = |input: &&CorpusInput| {
        input.path.starts_with(seeds) && name(&input.path).is_some_and(|name| !is_found(&name))
    };
    let mut chosen: Vec<&CorpusInput> = all.iter().filter(by_people).collect();
    let mut reached: HashSet<u32> = chosen.iter().flat_map(|input| input.features.iter().copied()).collect();
    let mut room = MAX_BYTES.saturating_sub(chosen.iter().map(|input| input.bytes).sum());
    // What an input is worth only becomes less: who is still worth as much as when he was put in is the best.
    let mut left: BinaryHeap<(u64, Reverse<&Path>, &CorpusInput)> = all
        .iter()
        .filter(|input| !by_people(input))
        .map(|input| (u64::MAX, Reverse(input.path.as_path()), input))
        .collect();
    while let Some((before, path, input)) = left.pop() {
        if chosen.len() >= MAX_FILES {
            break;
        }
        let now = worth(input, &reached);
        if now == 0 || input.bytes > room {
            continue;
        }
        if now < before {
            left.push((now, path, input));
            continue;
        }
        room -= input.bytes;
        reached.extend(input.features.iter().copied());
        chosen.push(input);
    }
    (chosen, reached.len(), everything.len())
}

/// What it reaches that is new, in thousandths of a feature for a byte; nothing when it reaches nothing new.
fn worth(input: &CorpusInput, reached: &HashSet<u32>) -> u64 {
    let new = input.features.iter().filter(|feature| !reached.contains(feature)).count() as u64;
    (new * 1_000).div_ceil(input.bytes + PRICE)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = fs::read_dir(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    Ok(listed.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect())
}

fn name(path: &Path) -> Option<String> {
    path.file_name().and_then(|name| name.to_str()).map(str::to_owned)
}

/// Whether libFuzzer gave this name.
fn is_found(name: &str) -> bool {
    name.len() == DIGEST && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(path: &str, bytes: u64, features: &[u32]) -> CorpusInput {
        CorpusInput { path: PathBuf::from(path), bytes, features: features.to_vec() }
    }

    fn chosen(all: &[CorpusInput]) -> (Vec<&str>, usize, usize) {
        let (chosen, reached, of) = choose(all, Path::new("seeds"));
        (chosen.iter().filter_map(|input| input.path.to_str()).collect(), reached, of)
    }

    #[test]
    fn what_brings_most_for_its_size_is_kept_and_what_people_put_there() {
        let found = |letter: &str| format!("found/{}", letter.repeat(DIGEST));
        let (a, b, c, d) = (found("a"), found("b"), found("c"), found("d"));
        let all = [
            input("seeds/honest", 100, &[1, 2]),
            input(&a, 10, &[1]),
            input(&b, 10, &[3, 4, 5]),
            input(&c, 4_000, &[3, 4, 5, 6]),
            input(&d, 2 * MAX_BYTES, &[7]),
        ];
        // The first brings nothing that is new, the last is too large.
        assert_eq!(chosen(&all), (vec!["seeds/honest", &b, &c], 6, 7));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let all: Vec<CorpusInput> = (0..300).map(|n| input(&format!("found/{n:040}"), 2_000, &[n])).collect();
        let (kept, reached, of) = chosen(&all);
        let room = usize::try_from(MAX_BYTES / 2_000).expect("a number");
        assert_eq!((kept.len(), reached, of), (room, room, 300));
        let small: Vec<CorpusInput> = (0..300).map(|n| input(&format!("found/{n:040}"), 2, &[n])).collect();
        assert_eq!(chosen(&small).0.len(), MAX_FILES);
    }

    #[test]
    fn what_libfuzzer_tells_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        fs::write(&path, "abc").expect("a file");
        let path = path.display();
        let read = read(&format!("1\n0\n{path}\nSTARTED 0 3\nFT 0 7 9\nCOV 0 1\n")).expect("what it tells");
        assert_eq!((read[0].bytes, read[0].features.as_slice()), (3, &[7, 9][..]));
        assert!(super::read("1\n0\n").is_ok_and(|all| all.is_empty()) && super::read("x").is_err());
    }
}
