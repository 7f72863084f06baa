//! Why something is not done with an application.

use yanmi_onboarding::application::{AttachmentError, Refused};
use yanmi_papers::PaperError;

/// Why something is not done with an application. Chinese, for operators and applicants.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// There is none of this number.
    #[error("没有第 {0} 号申请")]
    Missing(i64),
    /// The rules refuse it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is one for the same already.
    #[error("同一事项已有申请在办：{0}")]
    UnderWay(String),
    /// The place is no county.
    #[error("所属区划应为本省的 6 位区划代码")]
    Place,
    /// The site has no key to sign with, or not what has to be printed.
    #[error("没有配置 {0}，不能出具反馈表")]
    NotConfigured(&'static str),
    /// There is no account to say something about.
    #[error("申请还没有发出账户，不能出具反馈表")]
    NoAccount,
    /// A feedback form would not keep its own rules.
    #[error("反馈表：{0}")]
    Paper(#[from] PaperError),
    /// The key could not be made out to the public key of the form.
    #[error("密钥未能按申请表上的公钥加密")]
    NotSealed,
    /// A file that cannot be one of its papers.
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    /// Papers were added too often.
    #[error("一份申请先后至多添加 {0} 个附件：请另行申请")]
    ManyAdded(usize),
    /// Its form does not name this paper.
    #[error("申请没有这个附件，或已移除")]
    NoAttachment,
    /// A file could not be sealed.
    #[error("附件未能加密保存，请再试一次")]
    NotKept,
}
