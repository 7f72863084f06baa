//! `yanmi store`: what is done to a database as a whole.

mod copy;
mod progress;
mod skip;

use crate::failure::Failure;

/// 搬迁数据库、跳过流水号
#[derive(Debug, clap::Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Copy(copy::Copy),
    SkipNumbers(skip::SkipNumbers),
}

impl Store {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.what {
            What::Copy(copy) => copy.run(),
            What::SkipNumbers(skip) => skip.run(),
        }
    }
}
