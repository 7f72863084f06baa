//! Who works at the operators' console of a sandbox: one person for each duty, in a province, two of its cities and three of
//! their counties.

use std::fmt;

use serde::{Deserialize, Serialize};
use yanmi_protocol::Region;

use super::World;

/// An operator of the console. Passwords are as random as keys, for the console of a sandbox is a real one.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operator {
    /// What they log in as.
    pub login: String,
    /// Their name.
    pub name: String,
    /// Their password.
    pub password: String,
    /// The secret of their authenticator app (TOTP with SHA-1, six digits, 30 seconds), in base32.
    pub totp_secret: String,
    /// What they may do, and where.
    pub grants: Vec<OperatorGrant>,
}

/// Nothing that lets somebody in.
impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator")
            .field("login", &self.login)
            .field("grants", &self.grants)
            .finish_non_exhaustive()
    }
}

/// A role in a region.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorGrant {
    /// `system-admin`, `security-admin`, `auditor`, `clerk`, `reviewer`, `approver`, `key-keeper`, `duty` or `helpdesk`.
    pub role: String,
    /// 2 digits of a province, 4 of a city or 6 of a county.
    pub region: String,
}

/// Login, name, role, and what follows the two digits of the province in the region of the grant.
const CAST: [(&str, &str, &str, &str); 19] = [
    ("system", "林系统", "system-admin", ""),
    ("security", "陈安全", "security-admin", ""),
    ("audit", "黄审计", "auditor", ""),
    ("approver", "郑审批", "approver", ""),
    ("approver2", "何审批", "approver", ""),
    ("reviewer", "吴复核", "reviewer", ""),
    ("clerk", "周经办", "clerk", ""),
    ("keeper", "徐密钥", "key-keeper", ""),
    ("duty", "孙值班", "duty", ""),
    ("helpdesk", "马查询", "helpdesk", ""),
    ("clerk.city1", "朱经办", "clerk", "01"),
    ("reviewer.city1", "胡复核", "reviewer", "01"),
    ("duty.city1", "郭值班", "duty", "01"),
    ("clerk.city2", "高经办", "clerk", "02"),
    ("reviewer.city2", "罗复核", "reviewer", "02"),
    ("clerk.county1", "梁经办", "clerk", "0102"),
    ("reviewer.county1", "谢复核", "reviewer", "0102"),
    ("clerk.county2", "宋经办", "clerk", "0103"),
    ("clerk.county3", "唐经办", "clerk", "0203"),
];

impl World {
    /// Gives a world of an earlier version operators; one that has them keeps them.
    pub fn staff_console(&mut self, fill: &mut dyn FnMut(&mut [u8])) {
        if self.operators.is_empty() {
            self.operators = cast(self.region, fill);
        }
    }
}

pub(super) fn cast(region: Region, fill: &mut dyn FnMut(&mut [u8])) -> Vec<Operator> {
    let province = &region.as_str()[..2];
    let mut operator = |(login, name, role, place): (&str, &str, &str, &str)| Operator {
        login: login.to_owned(),
        name: name.to_owned(),
        password: password(fill),
        totp_secret: base32(&random::<20>(fill)),
        grants: vec![OperatorGrant { role: role.to_owned(), region: format!("{province}{place}") }],
    };
    CAST.into_iter().map(&mut operator).collect()
}

/// Eighty bits in groups of four: long enough that nobody guesses it, short enough to be typed.
pub(super) fn password(fill: &mut dyn FnMut(&mut [u8])) -> String {
    let text = base32(&random::<10>(fill)).to_lowercase();
    [&text[..4], &text[4..8], &text[8..12], &text[12..]].join("-")
}

pub(super) fn random<const N: usize>(fill: &mut dyn FnMut(&mut [u8])) -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// RFC 4648, of as many bits as digits need; each digit takes five.
pub(super) fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bit = |at: usize| (bytes[at / 8] >> (7 - at % 8)) & 1;
    let digit = |at: usize| (at * 5..at * 5 + 5).fold(0, |value, at| (value << 1) | bit(at));
    (0..bytes.len() * 8 / 5).map(|at| char::from(DIGITS[usize::from(digit(at))])).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_is_somebody_else_and_there_is_one_for_each_role() {
        let region = Region::new("350000").expect("a region");
        let mut next = 0_u8;
        let people = cast(region, &mut |bytes| {
            bytes.fill_with(|| {
                next = next.wrapping_mul(5).wrapping_add(17);
                next
            });
        });
        let texts = |text: fn(&Operator) -> &str| people.iter().map(text).collect::<BTreeSet<_>>().len();
        assert_eq!(texts(|p| &p.login), people.len());
        assert_eq!(texts(|p| &p.name), people.len());
        assert_eq!(texts(|p| &p.password), people.len());
        assert_eq!(texts(|p| &p.totp_secret), people.len());
        let roles: BTreeSet<&str> = people.iter().map(|p| p.grants[0].role.as_str()).collect();
        assert_eq!(roles.len(), 9);
        assert_eq!(people[15].grants[0].region, "350102");
        assert_eq!((people[0].password.len(), people[0].totp_secret.len()), (19, 32));
        assert!(!format!("{:?}", people[0]).contains(&people[0].password));
    }

    #[test]
    fn a_world_of_an_earlier_version_gets_operators_and_one_of_this_keeps_them() {
        let urls = crate::world::Urls {
            institution: String::new(),
            channel: String::new(),
            simulator: String::new(),
        };
        let region = Region::new("350000").expect("a region");
        let mut zeros = |bytes: &mut [u8]| bytes.fill(0);
        let mut world = World::generate(region, &urls, &mut zeros);
        let mut members: serde_json::Value = serde_json::from_str(&world.to_json()).expect("JSON");
        let object = members.as_object_mut().expect("an object");
        assert!(object.remove("operators").is_some() && object.remove("operatorUrl").is_some());
        let mut old = World::from_json(&members.to_string()).expect("of an earlier version");
        assert!(old.operators.is_empty());
        old.staff_console(&mut zeros);
        assert_eq!(old.operators.len(), world.operators.len());
        world.staff_console(&mut |bytes| bytes.fill(1));
        assert_eq!(world.operators[0].password, old.operators[0].password);
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        assert_eq!(base32(b"12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
