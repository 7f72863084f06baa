//! `yanmi store copy`: moving a site from `SQLite` to PostgreSQL.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use yanmi_center::config::{Config, Database, PasswordFile, PostgresSettings};
use yanmi_center::copy::{self, Beginning, Compared, Copied, CopyError, Move};

use super::progress::Bar;
use crate::command::serve;
use crate::failure::Failure;
use crate::{ambient, table};

/// Help texts are attributes where they hold names that rustdoc would want marked.
#[derive(Debug, clap::Args)]
#[command(about = "把站点从 SQLite 搬到 PostgreSQL：先停止中心；中断后再次运行同一命令即继续；搬完逐行核对", long_about = None)]
pub(crate) struct Copy {
    /// 站点的配置文件：密钥加密密钥取自其中
    #[arg(long, value_name = "文件", default_value = "yanmi.toml")]
    config: PathBuf,
    /// 来源；不给则用配置中的 database
    #[arg(long, value_name = "sqlite:文件")]
    from: Option<String>,
    /// 目标，须是空的数据库；不给则用配置中的 database
    #[arg(long, value_name = "postgres://…")]
    to: Option<String>,
    #[arg(
        long,
        value_name = "文件",
        requires = "to",
        help = "--to 的口令文件（一行）；也可用环境变量 YANMI_DATABASE_PASSWORD，或写在 --to 中，三者只能有其一"
    )]
    to_password_file: Option<PathBuf>,
}

impl Copy {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let config = serve::load(&self.config)?;
        let what =
            Move { from: self.from(&config)?, to: self.to(&config)?, key: config.encryption_key.clone() };
        println!("来源  sqlite:{}\n目标  {}", what.from.display(), what.to);
        let begun = Instant::now();
        let mut bar = Bar::new();
        let tell = |progress: &copy::Progress| {
            bar.show(progress, begun.elapsed());
            ControlFlow::Continue(())
        };
        let copied = serve::runtime(0)?.block_on(copy::copy(&what, ambient::entropy(), tell));
        bar.end();
        match copied {
            Ok(copied) => {
                print_end(&copied, begun.elapsed().as_secs_f64());
                Ok(())
            }
            Err(error) => {
                if let CopyError::Different(tables) = &error {
                    print_tables(tables);
                }
                Err(Failure::because("搬迁没有完成", &error))
            }
        }
    }

    fn from(&self, config: &Config) -> Result<PathBuf, Failure> {
        let named = self.from.as_deref().map(|text| Database::parse(text, Path::new("")));
        let named = named.transpose().map_err(|error| Failure::new(format!("--from {error}")))?;
        match named.as_ref().unwrap_or(&config.database) {
            Database::Sqlite(path) => Ok(path.clone()),
            _ if named.is_some() => Err(Failure::new("--from 应写作 sqlite:文件路径")),
            _ => Err(Failure::new("缺少选项 --from：配置中的 database 不是 SQLite，应写作 sqlite:文件路径")),
        }
    }

    fn to(&self, config: &Config) -> Result<PostgresSettings, Failure> {
        let Some(text) = &self.to else {
            let Database::Postgres(settings) = &config.database else {
                let text =
                    "缺少选项 --to：配置中的 database 不是 PostgreSQL，应写作 postgres://用户@主机/数据库名";
                return Err(Failure::new(text));
            };
            return Ok(settings.clone());
        };
        let mut settings =
            PostgresSettings::parse(text).map_err(|error| Failure::new(format!("--to {error}")))?;
        let file = self.to_password_file.clone().map(PasswordFile::read_from).transpose();
        let file = file.map_err(|error| Failure::new(format!("--to-password-file：{error}")))?;
        let given = [
            settings.password.take(),
            file.map(|file| file.password().clone()),
            ambient::database_password(),
        ];
        let mut given = given.into_iter().flatten();
        settings.password = given.next();
        if given.next().is_some() {
            let text = "--to、--to-password-file 与环境变量 YANMI_DATABASE_PASSWORD：数据库口令只能写在一处";
            return Err(Failure::new(text));
        }
        Ok(settings)
    }
}

fn print_tables(tables: &[Compared]) {
    let rows: Vec<[String; 5]> = tables
        .iter()
        .map(|table| {
            let alike = if table.is_alike() { "一致" } else { "不一致" };
            [
                table.table.to_owned(),
                table.source.rows.to_string(),
                table.target.rows.to_string(),
                if table.is_alike() {
                    table.source.short()
                } else {
                    format!("{} ≠ {}", table.source.short(), table.target.short())
                },
                alike.to_owned(),
            ]
        })
        .collect();
    print!("{}", table::text(["表", "来源行数", "目标行数", "校验值（SM3 前 8 字节）", "核对"], &rows));
}

fn print_end(copied: &Copied, seconds: f64) {
    print_tables(&copied.tables);
    let rows: u64 = copied.tables.iter().map(|table| table.source.rows).sum();
    let how = match copied.beginning {
        Beginning::Fresh => "",
        Beginning::Continued => "（从上次中断处继续）",
        Beginning::Again => "（来源在上次中断之后有变更，或上次核对不一致，已清空目标从头搬迁）",
        Beginning::Finished => "（此前已经搬完，本次只核对）",
    };
    println!(
        "搬迁完成{how}：{rows} 行，{} 张表逐行一致，用时 {seconds:.1} 秒。\n\
         请把配置中的 database 改为目标再启动中心；不要再在来源上启动中心。",
        copied.tables.len()
    );
}
