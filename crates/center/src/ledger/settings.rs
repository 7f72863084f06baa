//! What a person's password-free page shows.

use yanmi_protocol::{Amount, ChannelId, EcToken, OrgCode, UnixMillis};
use yanmi_verification::{PasswordFree, PersonKey};

use super::load;
use crate::store::StoreError;
use crate::store::batch::Session;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;

/// Payments the page lists, the newest first.
pub(crate) const MAX_PAYMENTS: i64 = 50;

/// A person's settings in one app.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) free: Option<PasswordFree>,
    /// Nothing when the person has shown no code in this app for longer than tokens are kept.
    pub(crate) known: Option<Known>,
    pub(crate) payments: Vec<Payment>,
}

/// Who the person is, by the newest token in this app.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) token: EcToken,
    pub(crate) holder: Vec<u8>,
}

/// A payment without a password.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payment {
    pub(crate) org_code: OrgCode,
    pub(crate) amount: Option<Amount>,
    pub(crate) at: UnixMillis,
}

pub(crate) const KNOWN: &str = "SELECT token, holder FROM tokens WHERE person = $1 AND channel = $2 \
    ORDER BY decoded_at DESC LIMIT 1";
pub(crate) const PAYMENTS: &str = "SELECT org_code, amount, at FROM free_payments \
    WHERE person = $1 AND channel = $2 ORDER BY day DESC, id DESC LIMIT $3";

/// Everything the page shows.
pub(crate) async fn load(
    connection: &mut Connection,
    person: PersonKey,
    channel: ChannelId,
) -> Result<Settings, StoreError> {
    let wanted = (person, channel);
    let free = load::free_settings(&mut Session::reading(connection), &[wanted]).await?.get(&wanted).copied();
    let about = |text| Statement::new(text).bytes(&person.0).text(channel.as_str());
    let found = connection.fetch(about(KNOWN)).await?;
    let known = found.iter().next().map(|row| {
        let mut columns = Columns::new(row, "tokens");
        Ok::<_, StoreError>(Known { token: columns.token()?, holder: columns.bytes()?.to_vec() })
    });
    let found = connection.fetch(about(PAYMENTS).number(MAX_PAYMENTS)).await?;
    let payments = found.iter().map(|row| {
        let mut columns = Columns::new(row, "free_payments");
        Ok(Payment { org_code: columns.org_code()?, amount: columns.amount()?, at: columns.time()? })
    });
    Ok(Settings { free, known: known.transpose()?, payments: payments.collect::<Result<_, StoreError>>()? })
}
