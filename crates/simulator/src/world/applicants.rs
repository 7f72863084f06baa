//! Who logs in at the applicants' pages of a sandbox: two persons of a vendor and two of a hospital, each unit with an account that
//! the sandbox has.

use std::fmt;

use serde::{Deserialize, Serialize};
use yanmi_protocol::{AccountId, Region};

use super::operators::{base32, password, random};
use super::{World, wire};

/// A person of an applicant. Passwords are as random as keys, for the pages of a sandbox are real ones.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicantPerson {
    /// What they log in as.
    pub login: String,
    /// Their name.
    pub name: String,
    /// `admin` (经办负责人) or `technical` (技术联系人).
    pub role: String,
    /// The telephone that is registered.
    pub phone: String,
    /// Their password.
    pub password: String,
    /// The secret of their authenticator app (TOTP with SHA-1, six digits, 30 seconds), in base32.
    pub totp_secret: String,
    /// Whose person.
    pub applicant: ApplicantUnit,
}

/// Nothing that lets somebody in.
impl fmt::Debug for ApplicantPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplicantPerson")
            .field("login", &self.login)
            .field("applicant", &self.applicant)
            .finish_non_exhaustive()
    }
}

/// An applicant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicantUnit {
    /// 统一社会信用代码.
    pub credit_code: String,
    /// What it is called.
    pub name: String,
    /// `vendor` or `institution`.
    pub kind: String,
    /// Whose clerks look after it: 2 digits of a province, 4 of a city or 6 of a county.
    pub region: String,
    /// Its account.
    #[serde(with = "wire")]
    pub account: AccountId,
}

/// Code, name, kind, what follows the two digits of the province in the region, and at which place of the world's its account is.
const UNITS: [(&str, &str, &str, &str, usize); 2] = [
    ("91350100M000100Y43", "示范医疗软件有限公司", "vendor", "", 1),
    ("123500004880000001", "福州示范医院", "institution", "01", 0),
];

/// Login, name, role, telephone, and of which unit.
const CAST: [(&str, &str, &str, &str, usize); 4] = [
    ("vendor.admin", "江经理", "admin", "0591-80000001", 0),
    ("vendor.tech", "蔡工", "technical", "0591-80000002", 0),
    ("hospital.admin", "许主任", "admin", "0591-80000003", 1),
    ("hospital.tech", "邓工", "technical", "0591-80000004", 1),
];

impl World {
    /// Gives a world of an earlier version applicants; one that has them keeps them.
    pub fn staff_applicants(&mut self, fill: &mut dyn FnMut(&mut [u8])) {
        if self.applicants.is_empty() {
            let accounts: Vec<AccountId> = self.accounts.iter().map(|account| account.org_id).collect();
            self.applicants = cast(self.region, &accounts, fill);
        }
    }
}

/// The persons of those units whose account there is.
pub(super) fn cast(
    region: Region,
    accounts: &[AccountId],
    fill: &mut dyn FnMut(&mut [u8]),
) -> Vec<ApplicantPerson> {
    let province = &region.as_str()[..2];
    let unit = |at: usize| {
        let (code, name, kind, place, account) = UNITS[at];
        Some(ApplicantUnit {
            credit_code: code.to_owned(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            region: format!("{province}{place}"),
            account: *accounts.get(account)?,
        })
    };
    let mut person = |(login, name, role, phone, at): (&str, &str, &str, &str, usize)| {
        Some(ApplicantPerson {
            login: login.to_owned(),
            name: name.to_owned(),
            role: role.to_owned(),
            phone: phone.to_owned(),
            password: password(fill),
            totp_secret: base32(&random::<20>(fill)),
            applicant: unit(at)?,
        })
    };
    CAST.into_iter().filter_map(&mut person).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Urls;

    #[test]
    fn a_world_of_an_earlier_version_gets_applicants_and_one_of_this_keeps_them() {
        let urls = Urls { institution: String::new(), channel: String::new(), simulator: String::new() };
        let region = Region::new("350000").expect("a region");
        let mut zeros = |bytes: &mut [u8]| bytes.fill(0);
        let mut world = World::generate(region, &urls, &mut zeros);
        let mut members: serde_json::Value = serde_json::from_str(&world.to_json()).expect("JSON");
        assert!(members.as_object_mut().expect("an object").remove("applicants").is_some());
        let mut old = World::from_json(&members.to_string()).expect("of an earlier version");
        assert!(old.applicants.is_empty());
        old.staff_applicants(&mut zeros);
        assert_eq!(old.applicants.len(), 4);
        assert_eq!(old.applicants[0].applicant, world.applicants[0].applicant);
        world.staff_applicants(&mut |bytes| bytes.fill(1));
        assert_eq!(world.applicants[0].password, old.applicants[0].password);
        assert!(!format!("{:?}", world.applicants[0]).contains(&world.applicants[0].password));
        let accounts: Vec<&str> = world.applicants.iter().map(|p| p.applicant.account.as_str()).collect();
        assert_eq!(accounts, ["hisVendor2", "hisVendor2", "testOrgId", "testOrgId"]);
        for person in &world.applicants {
            let taken = world.operators.iter().any(|operator| operator.login == person.login);
            assert!(!taken, "one command shows the codes of both");
        }
    }
}
