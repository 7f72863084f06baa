//! `yanmi store skip-numbers`: after an older state was restored.

use std::path::PathBuf;

use yanmi_center::store::skip::{Skipped, skip_numbers};

use crate::ambient;
use crate::command::serve;
use crate::failure::Failure;

/// 让流水号（resBizNo、notcNo）跳过一段：恢复备份之后、启动中心之前运行，以免编号重复
#[derive(Debug, clap::Args)]
pub(crate) struct SkipNumbers {
    /// 配置文件
    #[arg(long, value_name = "文件", default_value = "yanmi.toml")]
    config: PathBuf,
    /// 跳过多少个
    #[arg(long, value_name = "个", default_value_t = 1_000_000_000, value_parser = clap::value_parser!(i64).range(1..))]
    by: i64,
    /// 从这个编号之后跳起，如果它更大：另一个库用到的编号
    #[arg(long, value_name = "编号", default_value_t = 0, hide_default_value = true)]
    past: i64,
}

impl SkipNumbers {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let config = serve::load(&self.config)?;
        let skipping =
            skip_numbers(&config.database, &config.encryption_key, ambient::entropy(), self.past, self.by);
        let skipped = serve::runtime(1)?.block_on(skipping);
        let Skipped { before, after } =
            skipped.map_err(|error| Failure::because("未能跳过流水号", &error))?;
        println!(
            "下一段流水号由 {before} 改为 {after}，跳过 {} 个：{}\n\
             正在运行的中心仍用它已预留的一段，请重新启动。",
            after - before,
            config.database
        );
        Ok(())
    }
}
