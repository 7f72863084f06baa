//! The form an applicant fills in: which fields there are, which of them are required, and what is wrong with one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};
use yanmi_protocol::text::first_deceptive_character;
use yanmi_protocol::{AccountId, ChannelId, OrgCode};

use crate::application::attachment::{Attachment, AttachmentError, MAX_ATTACHMENTS};
use crate::application::kind::Kind;
use crate::application::stored::{self, Word};
use crate::area::{Area, Level};
use crate::credit_code::CreditCode;

/// Characters of why something is wrong.
pub const MAX_WHY: usize = 200;
/// Characters of an opinion.
pub const MAX_OPINION: usize = 500;
/// Faults one return may name: one for each field.
pub const MAX_FAULTS: usize = Field::ALL.len();
/// Institutions one form may name: they are attached in one transaction, which others wait for. A vendor attaches more by further
/// applications or an import.
pub const MAX_SHARED_INSTITUTIONS: usize = 200;

/// The words of interfaces, as an account's are.
const INTERFACES: [&str; 4] = ["notify", "status", "password", "decode"];

/// A field of the form. What is wrong with an application is said field by field, and shown beside it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Field {
    /// Name of the applicant.
    Applicant,
    /// 统一社会信用代码 of the applicant.
    CreditCode,
    /// The region it belongs to.
    Region,
    /// Name of the system.
    System,
    /// Who made it.
    Vendor,
    /// Which product it is.
    Product,
    /// In which version.
    Version,
    /// 业务系统编码 of an account there is.
    Account,
    /// 渠道编码.
    Channel,
    /// The institutions.
    Institutions,
    /// The interfaces.
    Interfaces,
    /// Calls a second.
    Rate,
    /// Where envelopes come from.
    Networks,
    /// 经办负责人.
    AdminName,
    /// His telephone number.
    AdminPhone,
    /// 技术联系人.
    TechnicalName,
    /// His telephone number.
    TechnicalPhone,
    /// The SM2 public key, where the key is to be handed over to one.
    PublicKey,
    /// The proof that the private key is the applicant's.
    KeyProof,
    /// Why, in his own words.
    Reason,
}

impl Field {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 20] = [
        Self::Applicant,
        Self::CreditCode,
        Self::Region,
        Self::System,
        Self::Vendor,
        Self::Product,
        Self::Version,
        Self::Account,
        Self::Channel,
        Self::Institutions,
        Self::Interfaces,
        Self::Rate,
        Self::Networks,
        Self::AdminName,
        Self::AdminPhone,
        Self::TechnicalName,
        Self::TechnicalPhone,
        Self::PublicKey,
        Self::KeyProof,
        Self::Reason,
    ];

    /// Its word and its name, in one table.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Applicant => ("applicant", "申请单位"),
            Self::CreditCode => ("creditCode", "统一社会信用代码"),
            Self::Region => ("region", "所属区划"),
            Self::System => ("system", "信息系统名称"),
            Self::Vendor => ("vendor", "开发商"),
            Self::Product => ("product", "产品名称"),
            Self::Version => ("version", "产品版本"),
            Self::Account => ("account", "业务系统编码"),
            Self::Channel => ("channel", "渠道编码"),
            Self::Institutions => ("institutions", "定点医药机构"),
            Self::Interfaces => ("interfaces", "申请的接口"),
            Self::Rate => ("rate", "每秒次数"),
            Self::Networks => ("networks", "来源网段"),
            Self::AdminName => ("adminName", "经办负责人"),
            Self::AdminPhone => ("adminPhone", "经办负责人电话"),
            Self::TechnicalName => ("technicalName", "技术联系人"),
            Self::TechnicalPhone => ("technicalPhone", "技术联系人电话"),
            Self::PublicKey => ("publicKey", "SM2 公钥"),
            Self::KeyProof => ("keyProof", "持有私钥的证明"),
            Self::Reason => ("reason", "申请理由"),
        }
    }

    /// The word it is stored as, which is never reused.
    pub const fn word(self) -> &'static str {
        self.words().0
    }

    /// What people read.
    pub const fn name(self) -> &'static str {
        self.words().1
    }

    /// The field of a word; nothing for one that a newer version wrote.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.word() == word)
    }

    /// Characters it may have.
    pub const fn limit(self) -> usize {
        match self {
            Self::CreditCode => 18,
            Self::Region => 6,
            Self::Account
            | Self::Channel
            | Self::AdminName
            | Self::AdminPhone
            | Self::TechnicalName
            | Self::TechnicalPhone => 40,
            Self::Rate => 7,
            Self::Networks | Self::PublicKey => 2_000,
            Self::KeyProof => 200,
            Self::Reason => MAX_OPINION,
            _ => 100,
        }
    }

    /// Whether line breaks belong into it.
    const fn has_lines(self) -> bool {
        matches!(self, Self::Networks | Self::PublicKey | Self::Reason)
    }

    /// Fields that may not be missing in a form of this kind.
    pub const fn required(kind: Kind) -> &'static [Self] {
        use Field::{
            Account, AdminName, AdminPhone, Applicant, Channel, CreditCode, Institutions, Interfaces,
            Networks, Product, Rate, Reason, Region, System, TechnicalName, TechnicalPhone, Vendor, Version,
        };
        match kind {
            Kind::System => &[
                Applicant,
                CreditCode,
                Region,
                System,
                Vendor,
                Product,
                Version,
                Institutions,
                Interfaces,
                Rate,
                Networks,
                AdminName,
                AdminPhone,
                TechnicalName,
                TechnicalPhone,
            ],
            Kind::Channel => &[
                Applicant,
                CreditCode,
                Region,
                Channel,
                Product,
                Version,
                Rate,
                Networks,
                AdminName,
                AdminPhone,
                TechnicalName,
                TechnicalPhone,
            ],
            Kind::Attach => &[Applicant, Region, Account, Institutions, AdminName, AdminPhone],
            Kind::Change | Kind::Close => &[Applicant, Region, Account, AdminName, AdminPhone, Reason],
        }
    }
}

impl Field {
    /// Fields that a form of this kind may have beside the required ones.
    pub const fn optional(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::System => &[Self::PublicKey, Self::KeyProof, Self::Reason],
            Kind::Change => &[Self::Product, Self::Version, Self::Interfaces, Self::Rate, Self::Networks],
            Kind::Attach | Kind::Channel => &[Self::Reason],
            Kind::Close => &[],
        }
    }

    /// Every field of a form of this kind, in the order of the page.
    pub fn of(kind: Kind) -> impl Iterator<Item = Self> {
        let fields = (Self::required(kind), Self::optional(kind));
        Self::ALL.into_iter().filter(move |field| fields.0.contains(field) || fields.1.contains(field))
    }

    /// Whether it takes more than a line.
    pub const fn is_long(self) -> bool {
        self.has_lines() || matches!(self, Self::Institutions)
    }
}

impl Word for Field {
    fn word(&self) -> &'static str {
        Self::word(*self)
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::of_word(word)
    }
}

/// What is wrong with a field; at most [`MAX_WHY`] characters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which.
    #[serde(with = "stored::word")]
    pub field: Field,
    /// Why.
    pub why: String,
}

/// A product in a version, as a report names it too.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The product.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// SM3 of a form: which one was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FormDigest(#[serde(with = "stored::digest")] [u8; 32]);

/// A form, perhaps not complete.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Form {
    texts: BTreeMap<Field, String>,
    institutions: BTreeSet<OrgCode>,
    /// In the order they were added, each once.
    attachments: Vec<Attachment>,
}

/// Names of the fields only: some of what is in them is about persons.
impl fmt::Debug for Form {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.texts.keys()).finish()
    }
}

impl Form {
    /// Fills a field in, without the white space around the text; an empty text empties it. The institutions are given by
    /// [`Form::set_institutions`]: nothing happens for them here.
    pub fn set(&mut self, field: Field, text: &str) {
        let text = text.trim();
        if text.is_empty() || field == Field::Institutions {
            self.texts.remove(&field);
        } else {
            self.texts.insert(field, text.to_owned());
        }
    }

    /// Names the institutions.
    pub fn set_institutions(&mut self, institutions: BTreeSet<OrgCode>) {
        self.institutions = institutions;
    }

    /// What is in a field.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.texts.get(&field).map(String::as_str)
    }

    /// The institutions, in order.
    pub const fn institutions(&self) -> &BTreeSet<OrgCode> {
        &self.institutions
    }

    /// The papers that go with it.
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// Adds a paper; whether it is new. The same file is one paper.
    ///
    /// # Errors
    /// [`AttachmentError::TooMany`].
    pub fn attach(&mut self, attachment: &Attachment) -> Result<bool, AttachmentError> {
        if self.attachments.iter().any(|known| known.digest() == attachment.digest()) {
            return Ok(false);
        }
        if self.attachments.len() >= MAX_ATTACHMENTS {
            return Err(AttachmentError::TooMany);
        }
        self.attachments.push(attachment.clone());
        Ok(true)
    }

    /// Takes a paper away; which, if it was there.
    pub fn detach(&mut self, digest: &[u8; 32]) -> Option<Attachment> {
        let at = self.attachments.iter().position(|known| known.digest() == digest)?;
        Some(self.attachments.remove(at))
    }

    /// The same form with the papers of another: whoever fills fields in neither adds nor takes away.
    #[must_use]
    pub fn with_attachments_of(&self, other: &Self) -> Self {
        Self { attachments: other.attachments.clone(), ..self.clone() }
    }

    /// The product and its version.
    pub fn product(&self) -> Product {
        let text = |field| self.text(field).unwrap_or_default().to_owned();
        Product { name: text(Field::Product), version: text(Field::Version) }
    }

    /// What the form is about: of two of the same kind and subject only one may be under way.
    pub fn subject(&self, kind: Kind) -> String {
        let text = |field| self.text(field).unwrap_or_default();
        match kind {
            Kind::System => format!("{} {}", text(Field::CreditCode), text(Field::System)),
            Kind::Channel => text(Field::Channel).to_owned(),
            // Institutions of several regions go several ways.
            Kind::Attach => format!("{} {}", text(Field::Account), text(Field::Region)),
            Kind::Change | Kind::Close => text(Field::Account).to_owned(),
        }
    }

    /// The required fields that are empty, in the order of the page.
    pub fn missing(&self, kind: Kind) -> Vec<Field> {
        let empty = |field: &Field| match field {
            Field::Institutions => self.institutions.is_empty(),
            field => !self.texts.contains_key(field),
        };
        Field::required(kind).iter().copied().filter(empty).collect()
    }

    /// What is wrong with the fields that are filled in. A public key and its proof are looked at by whoever can compute with
    /// them (`yanmi-papers`), who adds what he finds.
    pub fn faults(&self) -> Vec<Fault> {
        let of_text = |(field, text): (&Field, &String)| {
            let why = wrong(*field, text)?;
            Some(Fault { field: *field, why })
        };
        let mut faults: Vec<Fault> = self.texts.iter().filter_map(of_text).collect();
        if self.institutions.len() > MAX_SHARED_INSTITUTIONS {
            let why = format!("至多 {MAX_SHARED_INSTITUTIONS} 个机构");
            faults.push(Fault { field: Field::Institutions, why });
        }
        let (admin, technical) = (self.text(Field::AdminName), self.text(Field::TechnicalName));
        if admin.is_some() && admin == technical {
            faults.push(Fault {
                field: Field::TechnicalName, why: "与经办负责人须为两人".to_owned()
            });
        }
        if self.text(Field::PublicKey).is_some() && self.text(Field::KeyProof).is_none() {
            faults.push(Fault {
                field: Field::KeyProof, why: "提交公钥须同时证明持有私钥".to_owned()
            });
        }
        faults
    }

    /// One text for one form, as JSON: it is stored, and what is signed off is its digest.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Stored<'a> {
            fields: BTreeMap<&'static str, &'a str>,
            institutions: Vec<&'a str>,
            // A form without papers is what it was before there were any, and so is its digest.
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            attachments: &'a [Attachment],
        }
        let fields = self.texts.iter().map(|(field, text)| (field.word(), text.as_str())).collect();
        let institutions = self.institutions.iter().map(OrgCode::as_str).collect();
        serde_json::to_string(&Stored { fields, institutions, attachments: &self.attachments })
            .unwrap_or_default()
    }

    /// Reads what [`Form::to_json`] wrote; nothing for anything else.
    pub fn from_json(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Stored {
            fields: BTreeMap<String, String>,
            institutions: Vec<String>,
            #[serde(default)]
            attachments: Vec<Attachment>,
        }
        let stored: Stored = serde_json::from_str(text).ok()?;
        let fields = stored.fields.into_iter().map(|(word, text)| Some((Field::of_word(&word)?, text)));
        let institutions = stored.institutions.iter().map(|code| OrgCode::new(code).ok());
        Some(Self {
            texts: fields.collect::<Option<_>>()?,
            institutions: institutions.collect::<Option<_>>()?,
            attachments: stored.attachments,
        })
    }

    /// Which form it is.
    pub fn digest(&self) -> FormDigest {
        FormDigest(Sm3::digest(self.to_json()).into())
    }
}

impl FormDigest {
    /// A digest that was stored.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for FormDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&yanmi_protocol::hex::encode(&self.0[..8]))
    }
}

/// Why a text does not go into its field; never the text.
fn wrong(field: Field, text: &str) -> Option<String> {
    let most = field.limit();
    if text.chars().count() > most {
        return Some(format!("超过 {most} 个字符"));
    }
    let shown = |c: &char| !(field.has_lines() && matches!(c, '\n' | '\r' | '\t'));
    let looked_at: String = text.chars().filter(shown).collect();
    if let Some(c) = first_deceptive_character(&looked_at) {
        return Some(format!("含有不允许显示的字符 U+{:04X}", u32::from(c)));
    }
    if field == Field::CreditCode {
        return CreditCode::new(text).err().map(|error| error.to_string());
    }
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let phone =
        |text: &str| text.len() >= 5 && text.bytes().all(|b| b.is_ascii_digit() || b"-+ ".contains(&b));
    let each = |text: &str, fits: fn(&str) -> bool| text.split([',', '\n']).all(|part| fits(part.trim()));
    let county = |text: &str| Area::new(text).is_ok_and(|area| area.level() == Level::County);
    let (fits, expected) = match field {
        Field::Region => (county(text), " 6 位区划代码"),
        Field::Account => (AccountId::new(text).is_ok(), " 1 至 40 个可见 ASCII 字符"),
        Field::Channel => (ChannelId::new(text).is_ok(), " 1 至 40 位字母、数字或 . _ -"),
        Field::Rate => (digits(text) && text.parse::<u32>().is_ok_and(|rate| rate > 0), "大于 0 的整数"),
        Field::Interfaces => {
            (each(text, |word| INTERFACES.contains(&word)), "以逗号分隔的 notify、status、password、decode")
        }
        Field::Networks => {
            (each(text, |network| network.parse::<IpNet>().is_ok()), "网段，如 10.1.2.0/24，每行一个")
        }
        Field::AdminPhone | Field::TechnicalPhone => (phone(text), "电话号码：数字、-、+ 与空格"),
        _ => (true, ""),
    };
    (!fits).then(|| format!("应为{expected}"))
}
