//! Which accounts an institution calls through.

use yanmi_protocol::{AccountId, OrgCode};

use super::account_institutions::{self as pairs, PairChange};
use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::change::Change;
use super::object::{ACCOUNT, Action, INSTITUTION, Object};
use super::{account, institution};
use crate::events::Act;

/// Accounts one institution may call through at a time.
pub const MAX_ACCOUNTS: usize = 16;

impl Administration {
    /// Has an institution call through one more account.
    ///
    /// # Errors
    /// When either is missing or closed, it does so already, or it calls through [`MAX_ACCOUNTS`].
    pub async fn attach(
        &mut self,
        code: OrgCode,
        account: AccountId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        if let Err(error) = self.may_attach(&code, &account).await {
            return self.refuse(act, Action::Attach, Object::Institution(code).into(), error).await;
        }
        self.change(act, attachment(code, account, act)).await
    }

    /// Has an institution no longer call through an account. Verifications it asked for through it stay what they are.
    ///
    /// # Errors
    /// When the institution is missing or closed, or does not call through the account.
    pub async fn detach(
        &mut self,
        code: OrgCode,
        account: AccountId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let (action, object) = (Action::Detach, Object::Institution(code));
        let attached = institution::one(&mut self.connection, &code).await?;
        if attached.is_some_and(|row| !row.accounts.contains(&account)) {
            let error = AdministrationError::Detached {
                code: code.as_str().to_owned(),
                account: account.as_str().to_owned(),
            };
            return self.refuse(act, action, object.into(), error).await;
        }
        let statements = vec![
            Assignments::default().of(object, act.at),
            pairs::put_one(PairChange { code, account, holds: false }, act.at),
            pairs::follow(&account, &code),
        ];
        self.change(act, Change { action, subject: object.into(), statements }).await
    }

    /// Whether an institution can call through an account from now on.
    pub(super) async fn may_attach(
        &mut self,
        code: &OrgCode,
        account: &AccountId,
    ) -> Result<(), AdministrationError> {
        self.check_account(account).await?;
        let Some(row) = institution::one(&mut self.connection, code).await? else {
            return Err(AdministrationError::missing(INSTITUTION, code.as_str()));
        };
        if row.accounts.contains(account) {
            let (code, account) = (code.as_str().to_owned(), account.as_str().to_owned());
            return Err(AdministrationError::Attached { code, account });
        }
        if row.accounts.len() >= MAX_ACCOUNTS {
            return Err(AdministrationError::ManyAccounts(MAX_ACCOUNTS));
        }
        Ok(())
    }

    /// An institution can be registered with it.
    pub(super) async fn check_account(&mut self, account: &AccountId) -> Result<(), AdministrationError> {
        match account::one(&mut self.connection, &self.sealer, account).await? {
            None => Err(AdministrationError::missing(ACCOUNT, account.as_str())),
            Some(row) if row.closed_at.is_some() => {
                Err(AdministrationError::closed(ACCOUNT, account.as_str()))
            }
            Some(_) => Ok(()),
        }
    }
}

/// The change by which an institution calls through one more account.
pub(super) fn attachment(code: OrgCode, account: AccountId, act: Act<'_>) -> Change {
    let object = Object::Institution(code);
    let statements = vec![
        Assignments::default().of(object, act.at),
        pairs::put_one(PairChange { code, account, holds: true }, act.at),
    ];
    Change { action: Action::Attach, subject: object.into(), statements }
}
