//! Checks and chores of the repository: `cargo xtask tidy`, `cargo xtask references`, `cargo xtask bench`,
//! `cargo xtask capi`, `cargo xtask exe`, `cargo xtask kit`, `cargo xtask doctor-page`, `cargo xtask cluster`, `cargo xtask shots`,
//! `cargo xtask asan`, `cargo xtask fuzz`, `cargo xtask walk`, `cargo xtask world`, `cargo xtask planted`, `cargo xtask night`.

mod asan;
mod bench;
mod capi;
mod cargo;
mod cluster;
mod doctor_page;
mod exe;
mod fuzz;
mod kit;
mod night;
mod pe;
mod planted;
mod references;
mod shots;
mod tidy;
mod walk;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => tidy::run(),
        ["references"] => references::rewrite(),
        ["capi", rest @ ..] => capi::run(rest),
        ["exe", target] => exe::run(target),
        ["kit", folder] => kit::run(folder),
        ["doctor-page", file] => doctor_page::run(file),
        ["shots", folder] => shots::run(folder),
        ["asan"] => asan::run(),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        ["night", rest @ ..] => night::run(rest),
        ["walk", depth] => walk::run(depth),
        ["world", rest @ ..] => world::run(rest),
        ["planted", rest @ ..] => planted::run(rest),
        ["bench", rest @ ..] => bench::run(rest),
        ["cluster", rest @ ..] => cluster::run(rest),
        _ => {
            eprintln!(
                "usage: cargo xtask tidy | references | {} | {} | exe TRIPLE | kit DIR | doctor-page FILE | shots DIR | asan | {} | walk DEPTH | planted [NAME …] | {} | {} | {}",
                bench::USAGE,
                capi::USAGE,
                fuzz::USAGE,
                night::USAGE,
                cluster::USAGE,
                world::USAGE
            );
            ExitCode::from(2)
        }
    }
}
