//! Adding accounts, institutions and channels.

use yanmi_onboarding::{ContactEdit, CreditCode};
use yanmi_protocol::{AccountId, display};

use super::account::{self, NewAccount};
use super::account_institutions;
use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::change::Change;
use super::channel::{self, NewChannel};
use super::handover::Handover;
use super::institution::NewInstitution;
use super::institution_contact;
use super::object::{ACCOUNT, Action, CHANNEL, INSTITUTION, Object};
use crate::events::Act;
use crate::store::connection::Statement;

impl Administration {
    /// Adds an account.
    ///
    /// # Errors
    /// When there is one of this `orgId`, also one that is closed, the name is not fit, or it is of joint debugging (`t-`) and this
    /// no test center.
    pub async fn add_account(&mut self, new: &NewAccount, act: Act<'_>) -> Result<(), AdministrationError> {
        check_name(ACCOUNT, &new.name)?;
        self.check_stage(&new.id, act).await?;
        let change = self.account_addition(new, act);
        self.change(act, change).await
    }

    /// Refuses an account of joint debugging, unless this is a center for it.
    async fn check_stage(&mut self, id: &AccountId, act: Act<'_>) -> Result<(), AdministrationError> {
        if self.takes_trial || !id.is_trial() {
            return Ok(());
        }
        let error = AdministrationError::Trial(id.as_str().to_owned());
        self.refuse(act, Action::Add, Object::Account(*id).into(), error).await
    }

    /// Adds an account that is an applicant's.
    ///
    /// # Errors
    /// Those of [`Self::add_account`], and when the applicant is missing or closed.
    pub async fn add_account_of(
        &mut self,
        new: &NewAccount,
        applicant: CreditCode,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        check_name(ACCOUNT, &new.name)?;
        self.check_stage(&new.id, act).await?;
        let number = self.open_applicant(&applicant).await?.number;
        let mut change = self.account_addition(new, act);
        let set = Assignments::default().optional_number("applicant", Some(number));
        change.statements.push(set.of(Object::Account(new.id), act.at));
        self.change(act, change).await
    }

    /// The change that adds an account of a name that is fit.
    pub(super) fn account_addition(&self, new: &NewAccount, act: Act<'_>) -> Change {
        const TEXT: &str = "\
            INSERT INTO accounts (org_id, name, enabled, interfaces, rate, key_new, changed_at, mac, networks) \
            VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
        let key = self.sealer.seal(account::key_cell(new.id.as_str()), new.key.bytes());
        let statement = Statement::new(TEXT)
            .text(new.id.as_str())
            .text(&new.name)
            .text(&new.interfaces.to_string())
            .optional_number(new.rate.map(|rate| i64::from(rate.get())))
            .bytes(&key)
            .number(act.at.get())
            .text(new.mac.word())
            .optional_text(new.networks.stored().as_deref());
        let object = Object::Account(new.id);
        Change { action: Action::Add, subject: object.into(), statements: vec![statement] }
    }

    /// Adds an institution.
    ///
    /// # Errors
    /// When there is one of this code, its account is missing or closed, or the name is not fit to be shown.
    pub async fn add_institution(
        &mut self,
        new: &NewInstitution,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.add_institution_with(new, &ContactEdit::default(), act).await
    }

    /// Adds an institution, and whom to call about it.
    ///
    /// # Errors
    /// Those of [`Self::add_institution`], and when nobody can be called so.
    pub async fn add_institution_with(
        &mut self,
        new: &NewInstitution,
        contact: &ContactEdit,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "\
            INSERT INTO institutions (org_code, name, org_id, active, changed_at) VALUES ($1, $2, $3, 1, $4) \
            ON CONFLICT DO NOTHING";
        check_name(INSTITUTION, &new.name)?;
        contact.check().map_err(AdministrationError::BadContact)?;
        let (action, object) = (Action::Add, Object::Institution(new.org_code));
        if let Err(error) = self.check_account(&new.account).await {
            return self.refuse(act, action, object.into(), error).await;
        }
        let row = Statement::new(TEXT)
            .text(new.org_code.as_str())
            .text(&new.name)
            .text(new.account.as_str())
            .number(act.at.get());
        let pair = account_institutions::PairChange { code: new.org_code, account: new.account, holds: true };
        let pair = account_institutions::put_one(pair, act.at);
        let mut statements = vec![row, pair];
        if *contact != ContactEdit::default() {
            let set =
                institution_contact::assign(Assignments::default(), &self.sealer, &new.org_code, contact);
            statements.push(set.of(object, act.at));
        }
        self.change(act, Change { action, subject: object.into(), statements }).await
    }

    /// Adds a channel.
    ///
    /// # Errors
    /// When there is one of this id, also one that is closed, or its address, name or ways are not fit.
    pub async fn add_channel(&mut self, new: &NewChannel, act: Act<'_>) -> Result<(), AdministrationError> {
        const TEXT: &str = "\
            INSERT INTO channels (channel, name, notice_url, settlement, password_free, ways, record, enabled, \
                key_new, changed_at, handover_url, word_single, word_day, mac) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
        check_name(CHANNEL, &new.name)?;
        check_address(&new.notice_url)?;
        if new.facts.ways.is_empty() {
            return Err(AdministrationError::NoWay);
        }
        let key = self.sealer.seal(channel::key_cell(new.id.as_str()), new.key.bytes());
        let statement = Statement::new(TEXT)
            .text(new.id.as_str())
            .text(&new.name)
            .text(&new.notice_url.to_string())
            .number(i64::from(new.facts.settlement))
            .number(i64::from(new.facts.password_free))
            .text(&channel::ways_words(new.facts.ways))
            .text(new.facts.record.word())
            .bytes(&key)
            .number(act.at.get())
            .optional_text(new.handover.as_ref().map(Handover::as_str))
            .optional_number(new.facts.word.map(|word| word.single.fen()))
            .optional_number(new.facts.word.map(|word| word.day.fen()))
            .text(new.mac.word());
        let (action, object) = (Action::Add, Object::Channel(new.id));
        self.change(act, Change { action, subject: object.into(), statements: vec![statement] }).await
    }
}

/// A name that people are shown.
pub(super) fn check_name(kind: &'static str, name: &str) -> Result<(), AdministrationError> {
    display::check(name).map_err(|trick| AdministrationError::BadName { kind, trick })
}

/// An address that notices can be posted to.
pub(super) fn check_address(address: &http::Uri) -> Result<(), AdministrationError> {
    let fits = matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some();
    if fits { Ok(()) } else { Err(AdministrationError::BadAddress) }
}
