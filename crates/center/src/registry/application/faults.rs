//! What is wrong with a form that only the center can know: what is registered, and whether keys fit.

use std::collections::BTreeSet;

use yanmi_onboarding::application::{Fault, Field, Form, Kind};
use yanmi_papers::{ApplicationNo, PublicKey, Signature};
use yanmi_protocol::{AccountId, ChannelId, OrgCode};

use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::networks::SourceNetworks;
use crate::registry::{account, channel, institution};
use crate::store::StoreError;

impl Administration {
    /// What is wrong with the fields of a form, beside what the form itself knows.
    pub(crate) async fn form_faults(
        &mut self,
        kind: Kind,
        form: &Form,
        number: Option<ApplicationNo>,
    ) -> Result<Vec<Fault>, AdministrationError> {
        let mut faults = Vec::new();
        let mut fault = |field, why: &str| faults.push(Fault { field, why: why.to_owned() });
        if let Some(text) = form.text(Field::Networks)
            && let Err(error) = SourceNetworks::parse(&networks(text))
        {
            fault(Field::Networks, &error.to_string());
        }
        if let Some((field, why)) = key_fault(form, number) {
            fault(field, &why);
        }
        if let Some(why) = self.entry_fault(kind, form).await? {
            let field = if kind == Kind::Channel { Field::Channel } else { Field::Account };
            fault(field, why);
        }
        if let Some(why) = self.institution_fault(form).await? {
            fault(Field::Institutions, &why);
        }
        Ok(faults)
    }

    /// Whether the account or channel that is named is one.
    async fn entry_fault(&mut self, kind: Kind, form: &Form) -> Result<Option<&'static str>, StoreError> {
        let named = |field| form.text(field);
        Ok(match kind {
            Kind::System => None,
            Kind::Channel => {
                let Some(id) = named(Field::Channel).and_then(|text| ChannelId::new(text).ok()) else {
                    return Ok(None);
                };
                let row = channel::one(&mut self.connection, &self.sealer, &id).await?;
                row.and_then(|row| row.closed_at).map(|_| "这个渠道已注销")
            }
            Kind::Attach | Kind::Change | Kind::Close => {
                let Some(id) = named(Field::Account).and_then(|text| AccountId::new(text).ok()) else {
                    return Ok(None);
                };
                match account::one(&mut self.connection, &self.sealer, &id).await? {
                    None => Some("没有登记这个业务系统编码"),
                    Some(row) if row.closed_at.is_some() => Some("这个业务系统编码已注销"),
                    Some(_) => None,
                }
            }
        })
    }

    /// Institutions that are not registered, or closed.
    async fn institution_fault(&mut self, form: &Form) -> Result<Option<String>, StoreError> {
        /// Codes that are named of those that do not fit.
        const NAMED: usize = 5;
        let codes: Vec<_> = form.institutions().iter().copied().collect();
        let found = institution::some(&mut self.connection, &codes).await?;
        let open: BTreeSet<_> =
            found.iter().filter(|row| row.closed_at.is_none()).map(|row| row.org_code).collect();
        let unknown: Vec<&str> =
            codes.iter().filter(|code| !open.contains(code)).map(OrgCode::as_str).collect();
        if unknown.is_empty() {
            return Ok(None);
        }
        let named: Vec<&str> = unknown.iter().take(NAMED).copied().collect();
        let more = if unknown.len() > NAMED { format!(" 等 {} 个", unknown.len()) } else { String::new() };
        Ok(Some(format!("没有登记或已注销：{}{more}", named.join("、"))))
    }
}

/// Networks of a form, as the registry reads them.
pub(super) fn networks(text: &str) -> String {
    text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",")
}

/// What is wrong with the public key or its proof.
fn key_fault(form: &Form, number: Option<ApplicationNo>) -> Option<(Field, String)> {
    let key = match PublicKey::read(form.text(Field::PublicKey)?) {
        Ok(key) => key,
        Err(error) => return Some((Field::PublicKey, error.to_string())),
    };
    let Ok(proof) = Signature::from_base64(form.text(Field::KeyProof)?) else {
        return Some((Field::KeyProof, "应为 SM2 签名（ASN.1）的 Base64".to_owned()));
    };
    let error = key.check_proof(number?, &proof).err()?;
    Some((Field::KeyProof, error.to_string()))
}
