//! `yanmi store`: what is done to a database as a whole.

mod copy;
mod progress;
mod skip;

use crate::failure::Failure;

/// 搬迁数据库、跳过流水号
#[derive(Debug, clap::Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    what: StoreAction,
}

#[derive(Debug, clap::Subcommand)]
enum StoreAction {
    Copy(copy::Copy),
    SkipNumbers(skip::SkipNumbers),
}

impl Store {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.what {
            StoreAction::Copy(copy) => copy.run(),
            StoreAction::SkipNumbers(skip) => skip.run(),
        }
    }
}
