//! `yanmi feedback`: what an institution does with the feedback form (反馈表) it was sent.

mod check;
mod chosen;
mod config;
mod findings;
mod probe;
mod roots;

use crate::failure::Failure;

/// 反馈表：核对能否联调，生成客户端的配置
#[derive(Debug, clap::Args)]
pub(crate) struct FeedbackForm {
    #[command(subcommand)]
    what: FeedbackAction,
}

#[derive(Debug, clap::Subcommand)]
enum FeedbackAction {
    Check(check::FormCheck),
    Config(config::FormConfig),
}

impl FeedbackForm {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match &self.what {
            FeedbackAction::Check(check) => check.run(),
            FeedbackAction::Config(config) => config.run(),
        }
    }
}
