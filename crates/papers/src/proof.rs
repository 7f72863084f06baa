//! Proof of possession: whoever names a public key shows that the private key is his.
//!
//! Without it, somebody could name another's key, and the account's key would be made out to the wrong one; or a key nobody
//! has. What is signed is the application's number, so a proof of one application is none for another.

use std::fmt;

use crate::number::ApplicationNo;
use crate::private_key::PrivateKey;
use crate::public_key::PublicKey;
use crate::signature::{DEFAULT_ID, Signature};

/// The signature does not show that the private key is the applicant's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoProof(ApplicationNo);

impl PrivateKey {
    /// The proof that this key is ours, for an application: the same as
    /// `openssl pkeyutl -sign -rawin -digest sm3 -pkeyopt distid:1234567812345678` over the number, without a line break.
    pub fn prove(&self, application: ApplicationNo) -> Option<Signature> {
        self.sign(DEFAULT_ID, application.to_string().as_bytes())
    }
}

impl PublicKey {
    /// Checks a proof of possession.
    ///
    /// # Errors
    /// [`NoProof`].
    pub fn check_proof(&self, application: ApplicationNo, proof: &Signature) -> Result<(), NoProof> {
        let right = self.verifies(DEFAULT_ID, application.to_string().as_bytes(), proof);
        if right { Ok(()) } else { Err(NoProof(application)) }
    }
}

impl fmt::Display for NoProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "没有证明持有私钥：签名须由公钥对应的私钥对申请编号 {} 作出（SM2 与 SM3，标识 {DEFAULT_ID}，\
             编号之后没有换行）",
            self.0
        )
    }
}

impl std::error::Error for NoProof {}
