//! `yanmi check` and `yanmi migrate`.

use std::path::PathBuf;

use yanmi_center::Center;
use yanmi_center::config::Config;
use yanmi_center::registry::Administration;
use yanmi_center::store::migrate::{Schema, migrate};

use crate::ambient;
use crate::command::serve;
use crate::failure::Failure;

/// 检查 serve 能否启动：打印每项生效的值及其来源，并试一遍 serve 会拒绝的每一件事，不作任何改动
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// 配置文件
    #[arg(long, value_name = "文件")]
    config: PathBuf,
    /// 中心正在运行：不检查监听地址与数据库是否被占用
    #[arg(long)]
    beside: bool,
    /// 只检查配置文件，不试启动
    #[arg(long, conflicts_with = "beside")]
    config_only: bool,
}

impl Check {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let config = serve::load(&self.config)?;
        for line in config.explain() {
            println!("{line}");
        }
        for warning in config.warnings() {
            eprintln!("注意：{warning}");
        }
        if self.config_only {
            return Ok(());
        }
        serve::runtime(1)?
            .block_on(Center::check(&config, ambient::ports(), self.beside))
            .map_err(|error| Failure::because(serve::NOT_STARTED, &error))
    }
}

/// 建立数据库，或把它升级到本版本的结构；上一版本的节点可以继续运行
#[derive(Debug, clap::Args)]
pub(crate) struct Migrate {
    /// 配置文件
    #[arg(long, value_name = "文件")]
    config: PathBuf,
    /// 全部节点升级之后：去除只有旧版本才需要的结构
    #[arg(long)]
    contract: bool,
}

impl Migrate {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let config = serve::load(&self.config)?;
        serve::runtime(1)?.block_on(async {
            let (schema, entropy) = (Schema::current(), ambient::entropy());
            let migrated =
                migrate(&config.database, &config.encryption_key, entropy, &schema, self.contract).await;
            let migrated = migrated.map_err(|error| Failure::because("数据库没有升级", &error))?;
            println!("数据库已是本版本的结构：{}", config.database);
            if migrated.waiting > 0 {
                println!(
                    "还有 {} 项去除旧结构的迁移没有执行；全部节点升级之后运行 yanmi migrate --contract",
                    migrated.waiting
                );
            }
            Ok(())
        })
    }
}

/// Opens the registry of a configuration, whose database is created if it is empty.
pub(crate) async fn open(config: &Config) -> Result<Administration, Failure> {
    Administration::open(&config.database, &config.encryption_key, ambient::entropy())
        .await
        .map(|hands| hands.with_trial_accounts(config.onboarding.trial_accounts))
        .map_err(|error| Failure::because("无法打开数据库", &error))
}

/// Closes the registry.
pub(crate) async fn close(administration: Administration) -> Result<(), Failure> {
    administration.close().await.map_err(|error| Failure::because("无法关闭数据库", &error))
}
