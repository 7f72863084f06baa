//! What follows from a step for the registry, in the transaction of the step.

use std::num::NonZeroU32;

use yanmi_onboarding::application::{Effect, Field, Kind};
use yanmi_protocol::{AccountId, ChannelId, Sm4Key};

use super::faults::networks;
use crate::events::Act;
use crate::mac_rule::MacRule;
use crate::registry::account::{self, Interfaces, NewAccount};
use crate::registry::add::check_name;
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::application_forms;
use crate::registry::applications::ApplicationRow;
use crate::registry::attach::attachment;
use crate::registry::attachments;
use crate::registry::edit::{AccountEdit, account_edit};
use crate::registry::networks::SourceNetworks;
use crate::registry::object::{ACCOUNT, Object};
use crate::registry::switch::{Switch, switching};
use crate::registry::{channel, institution};

impl Administration {
    /// Carries one effect out.
    pub(super) async fn carry_out(
        &mut self,
        row: &ApplicationRow,
        effect: &Effect,
        key: Option<&Sm4Key>,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let why = format!("申请 {}", row.code());
        let act = Act { reason: &why, ..act };
        match effect {
            Effect::KeepForm { round, .. } => {
                let kept = application_forms::insert((row.number, *round), &row.form, act.at, &self.sealer);
                self.connection.run(kept).await?;
                self.connection.run(attachments::keep(row.number, *round)).await?;
            }
            Effect::MakeAccount(id) => {
                if let Some(key) = key {
                    self.make_account(row, *id, key, act).await?;
                }
            }
            Effect::Enable(id) => self.switch_to(row, *id, Switch::On, act).await?,
            Effect::Disable(id) => self.switch_to(row, *id, Switch::Off, act).await?,
            Effect::CloseAccount(id) => self.close_account(row, *id, act).await?,
            Effect::CarryOut => match row.application.kind() {
                Kind::Attach => self.attach_all(row, account_of(row)?, act).await?,
                Kind::Change => self.change_account(row, account_of(row)?, act).await?,
                Kind::Close => self.close_account(row, account_of(row)?, act).await?,
                Kind::System | Kind::Channel => {}
            },
            // The row and its steps show these; the account for joint debugging is one of the test center, which is another site.
            Effect::Tell(_)
            | Effect::ShowAt(_)
            | Effect::ShowToSecond(_)
            | Effect::StartTrial(_)
            | Effect::MakeTrialForm => {}
        }
        Ok(())
    }

    /// An account as the form asks for it, for the institutions of the form.
    async fn make_account(
        &mut self,
        row: &ApplicationRow,
        id: AccountId,
        key: &Sm4Key,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let asked = asked_edit(row);
        let new = NewAccount {
            id,
            name: row.form.text(Field::System).unwrap_or_default().to_owned(),
            key: key.clone(),
            interfaces: asked.interfaces.unwrap_or_default(),
            rate: asked.rate.flatten(),
            mac: MacRule::Optional,
            networks: asked.networks.unwrap_or_default(),
        };
        check_name(ACCOUNT, &new.name)?;
        let change = self.account_addition(&new, act);
        self.change_inside(act, change).await?;
        self.assign_made(id, row.form.text(Field::CreditCode).unwrap_or_default(), act).await?;
        self.attach_all(row, id, act).await
    }

    async fn attach_all(
        &mut self,
        row: &ApplicationRow,
        account: AccountId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        for code in row.form.institutions() {
            let known = institution::one(&mut self.connection, code).await?;
            if known.is_some_and(|known| known.accounts.contains(&account)) {
                continue;
            }
            self.may_attach(code, &account).await?;
            self.change_inside(act, attachment(*code, account, act)).await?;
        }
        Ok(())
    }

    async fn change_account(
        &mut self,
        row: &ApplicationRow,
        account: AccountId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let change = account_edit(account, &asked_edit(row), act)?;
        self.change_inside(act, change).await
    }

    /// Switches what an application came to. What is closed, or was never made here, is left alone when it is to be off.
    async fn switch_to(
        &mut self,
        row: &ApplicationRow,
        id: AccountId,
        switch: Switch,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let (object, enabled) = self.entry_of(row, id).await?;
        let wanted = matches!(switch, Switch::On);
        match enabled {
            Some(now) if now == wanted => Ok(()),
            None if !wanted => Ok(()),
            _ => self.change_inside(act, switching(object, switch, act)).await,
        }
    }

    async fn close_account(
        &mut self,
        row: &ApplicationRow,
        id: AccountId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let (object, enabled) = self.entry_of(row, id).await?;
        // Somebody may have closed it at its own page.
        if enabled.is_none() {
            return Ok(());
        }
        let change = self.closure(object, act);
        self.change_inside(act, change).await
    }

    /// The entry of an application, and whether it is switched on; nothing where it is closed or there is none.
    async fn entry_of(
        &mut self,
        row: &ApplicationRow,
        id: AccountId,
    ) -> Result<(Object, Option<bool>), AdministrationError> {
        let channel_id = (row.application.kind() == Kind::Channel).then(|| ChannelId::new(id.as_str()).ok());
        if let Some(id) = channel_id.flatten() {
            let found = channel::one(&mut self.connection, &self.sealer, &id).await?;
            let open = found.filter(|row| row.closed_at.is_none());
            return Ok((Object::Channel(id), open.map(|row| row.enabled)));
        }
        let found = account::one(&mut self.connection, &self.sealer, &id).await?;
        let open = found.filter(|row| row.closed_at.is_none());
        Ok((Object::Account(id), open.map(|row| row.enabled)))
    }
}

/// The account a form is about. It was checked when the form was submitted.
fn account_of(row: &ApplicationRow) -> Result<AccountId, AdministrationError> {
    let text = row.form.text(Field::Account).unwrap_or_default();
    AccountId::new(text).map_err(|_| AdministrationError::missing(ACCOUNT, text))
}

/// What a form asks for of an account; what it leaves out stays as it is.
fn asked_edit(row: &ApplicationRow) -> AccountEdit {
    let text = |field| row.form.text(field);
    AccountEdit {
        name: None,
        interfaces: text(Field::Interfaces).and_then(Interfaces::parse),
        rate: text(Field::Rate).and_then(|rate| rate.parse().ok()).and_then(NonZeroU32::new).map(Some),
        mac: None,
        networks: text(Field::Networks).and_then(|text| SourceNetworks::parse(&networks(text)).ok()),
        applicant: None,
    }
}
