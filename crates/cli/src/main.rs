//! `yanmi` (验密): the one executable, and the composition root.
//!
//! Time and chance, the process's environment and its signals come in here and nowhere else.

mod ambient;
mod command;
mod failure;
mod host;
mod key_text;
mod log;
mod paper_file;
mod private_file;
mod sm2_key_file;
mod table;
mod usage;
mod when;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Subcommand};

/// The system's allocator is a noticeable part of a request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 医保电子凭证线上密码核验认证
#[derive(Debug, clap::Parser)]
#[command(name = "yanmi", version)]
struct Yanmi {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Sandbox(command::sandbox::Sandbox),
    Testcenter(command::testcenter::Testcenter),
    Serve(command::serve::Serve),
    Check(command::check::Check),
    Migrate(command::check::Migrate),
    Store(command::store::Store),
    Account(command::account::Account),
    Institution(command::institution::Institution),
    Channel(command::channel::Channel),
    Import(command::import::Import),
    Audit(command::audit::Audit),
    Operator(command::operator::Operator),
    Denied(command::denied::Denied),
    Trace(command::trace::TraceCommand),
    Key(command::key::Key),
    Feedback(command::feedback::FeedbackForm),
    Seal(command::seal::Seal),
    Open(command::seal::Open),
    Call(command::call::Call),
    Load(command::load::Load),
    Acceptance(command::acceptance::Acceptance),
    ChannelAcceptance(command::channel_acceptance::ChannelAcceptance),
    Report(command::report::SignedReport),
    Agent(command::agent::Agent),
    #[command(hide = true)]
    Echo(command::echo::Echo),
    #[command(hide = true)]
    Streams(command::streams::Streams),
}

fn main() -> ExitCode {
    let command = usage::in_chinese(Yanmi::command());
    let words = usage::asked(std::env::args_os());
    let parsed = command.clone().try_get_matches_from(&words);
    let yanmi = match parsed.and_then(|matches| Yanmi::from_arg_matches(&matches)) {
        Ok(yanmi) => yanmi,
        Err(error) => return usage::end(&error, &usage::path(&command, &words)),
    };
    match run(yanmi.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), failure::Failure> {
    match command {
        Command::Sandbox(command) => command.run(),
        Command::Testcenter(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Migrate(command) => command.run(),
        Command::Store(command) => command.run(),
        Command::Account(command) => command.run(),
        Command::Institution(command) => command.run(),
        Command::Channel(command) => command.run(),
        Command::Import(command) => command.run(),
        Command::Audit(command) => command.run(),
        Command::Operator(command) => command.run(),
        Command::Denied(command) => command.run(),
        Command::Trace(command) => command.run(),
        Command::Key(command) => command.run(),
        Command::Feedback(command) => command.run(),
        Command::Seal(command) => command.run(),
        Command::Open(command) => command.run(),
        Command::Call(command) => command.run(),
        Command::Load(command) => command.run(),
        Command::Acceptance(command) => command.run(),
        Command::ChannelAcceptance(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Agent(command) => command.run(),
        Command::Echo(command) => command.run(),
        Command::Streams(command) => command.run(),
    }
}
