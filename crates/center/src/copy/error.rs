//! Why a copy did not come to its end.

use std::path::PathBuf;

use super::compared::Compared;
use crate::store::StoreError;

/// Why nothing was copied into a target. Chinese, and names the option.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TargetProblem {
    /// Another copy is going on.
    #[error("另一次搬迁正在向它写入")]
    Busy,
    /// A center works on it.
    #[error("有验密中心正连接着它，请先停止")]
    InUse,
    /// It is another site's, or there is data in it.
    #[error("其中已有站点的数据，未作改动；请给出一个空的数据库")]
    OtherSite,
    /// It is an unfinished copy of another source.
    #[error("其中是另一个来源没有完成的搬迁，未作改动；请给出一个空的数据库，或用原来的 --from")]
    OtherSource,
    /// It is a finished copy of this source, and a center has run on either since.
    #[error("这个站点已经搬到其中，此后两者之一运行过中心或改过登记，未作改动")]
    Served,
}

/// Why a copy did not come to its end. Chinese, and names the option.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is no such file, or nothing in it.
    #[error("来源 {0} 不存在，或不是验密的数据库（选项 --from）")]
    NoSource(PathBuf),
    /// A center runs on the source.
    #[error("来源 {0} 正被验密中心或另一次搬迁使用，请先停止（选项 --from）")]
    SourceInUse(PathBuf),
    /// The source cannot be read.
    #[error("无法读取来源（选项 --from）")]
    Source(#[source] StoreError),
    /// The target cannot be used.
    #[error("无法使用目标（选项 --to）")]
    Target(#[source] StoreError),
    /// The target is not one to copy into.
    #[error("目标不能使用（选项 --to）")]
    Refused(#[from] TargetProblem),
    /// Source and target differ.
    #[error("目标与来源不一致，目标不能使用；再次运行会清空目标，从头搬迁")]
    Different(Vec<Compared>),
    /// Whoever was told of the progress has ended it.
    #[error("已中断；再次运行同一命令即从中断处继续")]
    Stopped,
}
