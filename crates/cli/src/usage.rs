//! Help and usage errors in Chinese: whoever runs yanmi reads Chinese.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, ArgAction, Command};

const TEMPLATE: &str = "\
{about-with-newline}
用法：{usage}

{all-args}{after-help}
";

/// The command and all below it, with Chinese headings.
pub(crate) fn in_chinese(command: Command) -> Command {
    let has_version = command.get_version().is_some();
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = command
        .help_template(TEMPLATE)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令")
        .next_help_heading("选项")
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .help("显示帮助")
                .action(ArgAction::Help)
                .help_heading("选项"),
        );
    if has_version {
        let version = Arg::new("version").short('V').long("version").help("显示版本");
        command = command.arg(version.action(ArgAction::Version).help_heading("选项"));
    }
    let arguments: Vec<_> = command.get_arguments().map(|arg| arg.get_id().clone()).collect();
    for id in arguments {
        command = command.mut_arg(id, |arg| arg.help_heading("选项"));
    }
    for name in names {
        command = command.mut_subcommand(name, in_chinese);
    }
    command
}

/// The words of the command line, `yanmi help …` in the way clap knows: `yanmi … --help`.
pub(crate) fn asked(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.collect();
    if words.get(1).is_some_and(|word| word == "help") {
        words.remove(1);
        words.push("--help".into());
    }
    words
}

/// The command that was meant, as far as there is one: `yanmi call status`.
pub(crate) fn path(command: &Command, words: &[OsString]) -> String {
    let mut path = command.get_name().to_owned();
    let mut command = command;
    for word in words.iter().skip(1) {
        let Some(sub) = command.find_subcommand(word) else { break };
        path.push(' ');
        path.push_str(sub.get_name());
        command = sub;
    }
    path
}

/// Prints what clap has to say: help to the standard output, a mistake in Chinese to the standard error (exit code 2), with
/// the command whose help tells more.
pub(crate) fn end(error: &clap::Error, path: &str) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print!("{}", help(error));
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprint!("{}", help(error));
            ExitCode::from(2)
        }
        kind => {
            eprintln!("{}\n运行 {path} --help 查看用法。", words(kind, error));
            ExitCode::from(2)
        }
    }
}

/// The few words of help that clap offers no setting for.
fn help(error: &clap::Error) -> String {
    let said = error.to_string();
    said.replace("[OPTIONS]", "[选项]")
        .replace("[default: ", "[默认：")
        .replace("[possible values: ", "[可选：")
}

fn words(kind: ErrorKind, error: &clap::Error) -> String {
    let context = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let (argument, value) = (context(ContextKind::InvalidArg), context(ContextKind::InvalidValue));
    match kind {
        ErrorKind::UnknownArgument => {
            format!("没有选项 {argument}{}", meant(&context(ContextKind::SuggestedArg)))
        }
        ErrorKind::InvalidSubcommand => {
            let (given, close) =
                (context(ContextKind::InvalidSubcommand), context(ContextKind::SuggestedSubcommand));
            format!("没有命令 {given}{}", meant(&close))
        }
        ErrorKind::MissingSubcommand => "缺少命令".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("缺少选项 {argument}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("选项 {argument} 缺少值"),
        ErrorKind::InvalidValue => {
            let (valid, close) = (context(ContextKind::ValidValue), context(ContextKind::SuggestedValue));
            format!("选项 {argument} 的值 {value} 不可用，可选：{valid}{}", meant(&close))
        }
        ErrorKind::ValueValidation => format!("选项 {argument} 的值 {value} 不可用"),
        ErrorKind::TooManyValues => format!("选项 {argument} 的值过多"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("选项 {argument} 的值数目不对"),
        ErrorKind::ArgumentConflict => {
            format!("选项 {argument} 与 {} 不能同时使用", context(ContextKind::PriorArg))
        }
        ErrorKind::InvalidUtf8 => "命令行不是 UTF-8 编码".to_owned(),
        _ => "命令行有误".to_owned(),
    }
}

/// What comes close, when something does.
fn meant(close: &str) -> String {
    if close.is_empty() { String::new() } else { format!("，是不是 {close}？") }
}
