//! `yanmi`: the one executable.

mod ambient;
mod command;
mod failure;
mod log;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "yanmi")]
enum Cli {
    Sandbox(command::sandbox::Sandbox),
    Serve(command::serve::Serve),
    Load(command::load::Load),
    #[command(hide = true)]
    Echo(command::echo::Echo),
}

fn main() -> std::process::ExitCode {
    let result = match Cli::parse() {
        Cli::Sandbox(c) => c.run(),
        Cli::Serve(c) => c.run(),
        Cli::Load(c) => c.run(),
        Cli::Echo(c) => c.run(),
    };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            std::process::ExitCode::FAILURE
        }
    }
}
