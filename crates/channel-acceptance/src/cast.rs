//! Who is in the play: the person, the institutions, and what they are called. All invented.

use yanmi_protocol::identifier::IdentifierError;
use yanmi_protocol::{EcIndexNo, EcToken, NoticeNo, OrgCode, PasswordDigest, Region, mask};

use crate::ambient::Entropy;
use crate::event::Numbers;
use crate::post::{OrgName, Which};

/// The person's name.
pub const NAME: &str = "验收甲";
/// The person's document: the specification's own sample.
pub const ID_NO: &str = "350501199911173510";
/// The credential password.
pub const PASSWORD: &str = "111111";
/// The one that is entered where it is to be wrong.
pub const WRONG_PASSWORD: &str = "222222";
/// Another channel, for notices that are not for the app.
pub(crate) const OTHER_CHANNEL: &str = "ACCEPTANCE.OTHER.CHANNEL";
/// The institutions.
const ORGANIZATIONS: [(&str, &str); 2] = [("H35010099001", "验收示例医院"), ("P35010099002", "验收示例药店")];
/// A name that would be something else as HTML.
const MARKUP: &str = "<b>验收</b>&amp;<i>示例</i>医院";
/// Forty characters (1.7.1).
const LONG: &str = "验收示例省验收示例市验收示例区人民医院医共体总院东院区互联网医院与国际医疗部联合";

/// The person and the stranger, as the app knows them.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) person: EcIndexNo,
    pub(crate) stranger: EcIndexNo,
    pub(crate) masked_name: String,
    pub(crate) right: Option<PasswordDigest>,
    pub(crate) wrong: Option<PasswordDigest>,
}

impl Cast {
    /// The person is this one, or an invented one.
    pub(crate) fn new(person: Option<EcIndexNo>, entropy: &Entropy) -> Result<Self, IdentifierError> {
        let index = |text: &str| EcIndexNo::new(&format!("{text}{:016X}", number(entropy)));
        Ok(Self {
            person: person.map_or_else(|| index("ECACCEPT00000001"), Ok)?,
            stranger: index("ECACCEPT00000002")?,
            masked_name: mask::name(NAME),
            right: PasswordDigest::of(PASSWORD),
            wrong: PasswordDigest::of(WRONG_PASSWORD),
        })
    }
}

/// A number by chance.
pub(crate) fn number(entropy: &Entropy) -> u64 {
    let mut bytes = [0; 8];
    entropy(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// The institution of a notice.
pub(crate) fn org_code(which: Which, apart: bool) -> &'static str {
    organization(which, apart).0
}

/// What it is called.
pub(crate) fn org_name(which: Which, apart: bool, name: OrgName) -> &'static str {
    match name {
        OrgName::Plain => organization(which, apart).1,
        OrgName::Markup => MARKUP,
        OrgName::Long => LONG,
    }
}

fn organization(which: Which, apart: bool) -> (&'static str, &'static str) {
    let [first, second] = ORGANIZATIONS;
    if which == Which::Second && apart { second } else { first }
}

/// The code of the institution.
pub(crate) fn organization_code(which: Which, apart: bool) -> Result<OrgCode, IdentifierError> {
    OrgCode::new(org_code(which, apart))
}

/// A token that names its situation: the shape of the field's tokens, with `channel` and the number.
pub(crate) fn token(region: Region, at: usize, entropy: &Entropy) -> Result<EcToken, IdentifierError> {
    let chance = number(entropy);
    let (middle, tail) = (chance >> 32, chance & 0xFFFF_FFFF);
    EcToken::new(&format!("{}channel{:02}{middle:012x}0000{tail:08x}", region.as_str(), at + 1))
}

/// Two numbers in a row, from the first one.
pub(crate) fn numbers(first: u64) -> Option<Numbers> {
    let first = NoticeNo::FIRST + first % (NoticeNo::LAST - NoticeNo::FIRST - 1);
    Some([NoticeNo::from_number(first)?, NoticeNo::from_number(first + 1)?])
}
