//! Why a database cannot be used.

use std::path::PathBuf;

use super::server_problem::{ServerProblem, Servers};

/// Why the database cannot be used. Chinese, and names the setting.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened.
    #[error("无法打开数据库 {0}（设置 database）")]
    Open(PathBuf, #[source] sqlx::Error),
    /// No server can be used.
    #[error("无法使用数据库：{0}")]
    Servers(Servers),
    /// It belongs to another program.
    #[error("{0} 是其他程序的数据库，未作改动（设置 database）")]
    Foreign(String),
    /// A newer version of yanmi has taken away what this one needs; its newest migration.
    #[error("数据库由更新版本的验密写入（迁移 {0} 本版本不认识），本版本不能再使用它；请换用新版本")]
    Newer(i64),
    /// There is none yet, or nothing in it; where.
    #[error(
        "数据库 {0} 不存在或是空的，没有新建；第一次安装请先运行 yanmi migrate，否则请查明原来的数据库到哪里去了（设置 database）"
    )]
    NotMade(String),
    /// The file that was opened is not there any more, or another one is.
    #[error("数据库文件 {0} 在运行中被删除或替换，不再写入；请停止中心，查明原因，放回原来的文件后重新启动")]
    Replaced(PathBuf),
    /// A sandbox plays it.
    #[error("沙箱把存储设为故障")]
    Withheld,
    /// A disk on which a trial found no room.
    #[error("数据库操作失败：{}", ServerProblem::DiskFull)]
    NoRoom,
    /// Others held a row for too long, in a world in memory.
    #[error("等待其他事务释放记录超时")]
    LockTimeout,
    /// It has not been migrated.
    #[error("数据库结构不是本版本的，请先用本版本的程序运行 yanmi migrate（其他节点不必停止）")]
    Outdated,
    /// A contracting migration comes before an expanding one; its number.
    #[error(
        "迁移 {0} 去除旧结构，须先于其后的迁移执行，未作改动；\
         请先把全部节点升级到它所在的版本，再运行 yanmi migrate --contract"
    )]
    ContractFirst(i64),
    /// Centers run that need what a migration takes away.
    #[error(
        "还有 {nodes} 个正在运行的节点需要迁移 {migration} 要去除的结构，没有去除；\
         请先逐个升级或停止它们，再运行 yanmi migrate --contract"
    )]
    OldNodes {
        /// The migration.
        migration: i64,
        /// How many centers.
        nodes: i64,
    },
    /// A migration failed.
    #[error("数据库迁移失败{}", migration_detail(.0))]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The key-encryption key is not the one it was made with.
    #[error("密钥加密密钥与数据库不符（设置 keys.encryption_key_file 或环境变量 YANMI_KEY_ENCRYPTION_KEY）")]
    WrongKey,
    /// A site was to be copied into it, and not all of it is there.
    #[error(
        "数据库是一次没有完成的搬迁的目标，不能使用；请再次运行 yanmi store copy 直到完成（设置 database）"
    )]
    Unfinished,
    /// There are not so many numbers left; how many there are.
    #[error("流水号只剩 {0} 个，不够跳过，未作改动（选项 --by 与 --past）")]
    TooFewNumbers(i64),
    /// Another center runs on it.
    #[error("数据库 {0} 正被另一个验密中心使用；嵌入式数据库只能由一个进程运行")]
    InUse(PathBuf),
    /// A statement failed.
    #[error("数据库操作失败{}", detail(.0))]
    Statement(#[from] sqlx::Error),
    /// A row says something that cannot be.
    #[error("数据库 {table} 表中有不可能的内容：{what}")]
    Impossible {
        /// The table.
        table: &'static str,
        /// What is wrong; never personal.
        what: &'static str,
    },
}

impl StoreError {
    /// What it says, for readers who need not know where the database is: without names of servers and files.
    pub(crate) fn without_address(&self) -> String {
        match self {
            Self::Open(_, error) => format!("无法打开数据库{}", detail(error)),
            Self::Servers(servers) => {
                let problems: std::collections::BTreeSet<String> =
                    servers.0.iter().map(|(_, problem)| problem.to_string()).collect();
                problems.into_iter().collect::<Vec<_>>().join("；")
            }
            Self::Foreign(_) => "是其他程序的数据库".to_owned(),
            Self::NotMade(_) => "数据库不存在或是空的".to_owned(),
            Self::Replaced(_) => "数据库文件在运行中被删除或替换，须停止中心并放回原来的文件".to_owned(),
            Self::InUse(_) => "数据库正被另一个验密中心使用".to_owned(),
            other => other.to_string(),
        }
    }
}

/// What an operator can do about a statement that failed, when the server says more than that.
fn detail(error: &sqlx::Error) -> String {
    match ServerProblem::of(error) {
        ServerProblem::Other(_) => String::new(),
        problem => format!("：{problem}"),
    }
}

fn migration_detail(error: &sqlx::migrate::MigrateError) -> String {
    use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
    match error {
        Execute(error) | ExecuteMigration(error, _) => detail(error),
        _ => String::new(),
    }
}
