//! `yanmi`: the one executable.

mod ambient;
mod command;
mod failure;

use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "yanmi")]
enum Cli {
    Sandbox(command::sandbox::Sandbox),
    Serve(command::serve::Serve),
}

fn main() -> std::process::ExitCode {
    let result = match Cli::parse() {
        Cli::Sandbox(c) => c.run(),
        Cli::Serve(c) => c.run(),
    };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            std::process::ExitCode::FAILURE
        }
    }
}
