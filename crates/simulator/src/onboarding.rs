//! A system that a center beside lets in.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use yanmi_protocol::Sm4Key;

/// A system that was let in: what was done for it, and what it calls with.
pub struct OnboardedSystem {
    /// What was done, one after the other, in the words of the page.
    pub steps: Vec<String>,
    /// 业务系统编码.
    pub org_id: String,
    /// Its key.
    pub key: Sm4Key,
    /// The institution it calls for.
    pub org_code: String,
}

/// The key does not show itself.
impl fmt::Debug for OnboardedSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnboardedSystem").field("org_id", &self.org_id).finish_non_exhaustive()
    }
}

/// What letting a system in comes to; why not, in words.
pub type Onboarding = Pin<Box<dyn Future<Output = Result<OnboardedSystem, String>> + Send>>;
