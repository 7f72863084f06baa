//! The cast of a new world: who exists before anybody changes anything.
//!
//! Identifiers are constants, so that what people learn in one sandbox holds in the next; only keys are random.

use std::collections::BTreeMap;
use std::fmt::Debug;

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{AccountId, Code, EcIndexNo, OrgCode, Region, Sm4Key};

use super::operators;
use super::{Account, Channel, Member, National, Person, Record, Token, Urls, World};
use crate::magic;

/// The channel that works.
pub(crate) const WORKS: &str = "C0DE000000000000000000000000000A";
/// The channel that offers password-free settlement.
pub(crate) const PASSWORD_FREE: &str = "C0DE000000000000000000000000000B";
/// The channel without settlement support.
pub(crate) const NO_SETTLEMENT: &str = "C0DE000000000000000000000000000C";
/// The channel that misbehaves on command.
pub(crate) const MOODY: &str = "C0DE000000000000000000000000000D";
/// The channel nobody listens for.
pub(crate) const UNREACHABLE: &str = "C0DE00000000000000000000000000E1";
/// The channel without a certification record.
pub(crate) const NO_RECORD: &str = "C0DE00000000000000000000000000E2";
/// The channel whose certification record is disabled.
pub(crate) const RECORD_DISABLED: &str = "C0DE00000000000000000000000000E3";
/// The channel that knows only the credential password.
pub(crate) const PASSWORD_ONLY: &str = "C0DE00000000000000000000000000E4";
/// A channel the center has never heard of.
pub(crate) const UNREGISTERED: &str = "C0DE00000000000000000000000000FF";

/// The person behind most magic tokens.
pub(crate) const MAGIC_PERSON: &str = "EC000000000000000000000000000E01";
/// The person who has password-free settlement switched on in [`PASSWORD_FREE`].
pub(crate) const FREE_PERSON: &str = "EC000000000000000000000000000E02";
/// The person without a credential password.
pub(crate) const NO_PASSWORD_PERSON: &str = "EC000000000000000000000000000E03";

/// A port nobody listens on: connecting to it is refused at once.
const NOBODY_URL: &str = "http://127.0.0.1:1";

impl World {
    /// A new world with random keys.
    ///
    /// `fill` fills its argument with random bytes.
    pub fn generate(region: Region, urls: &Urls, fill: &mut dyn FnMut(&mut [u8])) -> Self {
        world(region, urls, fill)
    }
}

fn world(region: Region, urls: &Urls, fill: &mut dyn FnMut(&mut [u8])) -> World {
    let mut new_key = || {
        let mut bytes = [0; 16];
        fill(&mut bytes);
        Sm4Key::from_bytes(&bytes)
    };
    let national_key = new_key();
    let mut world = World {
        region,
        institution_url: urls.institution.clone(),
        channel_url: urls.channel.clone(),
        simulator_url: urls.simulator.clone(),
        accounts: accounts(region, &mut new_key),
        channels: channels(urls, &mut new_key),
        persons: persons(),
        magic_tokens: magic_tokens(region),
        how: magic::HOW.iter().map(|(code, how)| (code.to_string(), (*how).to_owned())).collect(),
        national: National {
            org_id: constant(AccountId::new(&format!("yanmi-{}", region.as_str()))),
            kcv: national_key.kcv().to_string(),
            key: national_key,
            url: urls.simulator.clone(),
        },
        extra_channels: extra_channels(urls, &mut new_key),
        extra_persons: extra_persons(),
        extra_accounts: vec![account("noRights", new_key(), Vec::new())],
        operator_url: String::new(),
        applicant_url: String::new(),
        // These are the last to take of the chance, so that a world of the same chance keeps all others.
        operators: operators::cast(region, fill),
        applicants: Vec::new(),
        example_accounts: Vec::new(),
    };
    world.show_examples();
    world.staff_applicants(fill);
    world
}

/// Unwraps an identifier that is made of constants, of which every one is made by a test.
pub(crate) fn constant<T, E: Debug>(made: Result<T, E>) -> T {
    made.expect("an identifier made of constants is well formed")
}

fn accounts(region: Region, new_key: &mut impl FnMut() -> Sm4Key) -> Vec<Account> {
    let province = &region.as_str()[..2];
    let member = |kind: char, city: &str, name: &str| Member {
        org_codg: constant(OrgCode::new(&format!("{kind}{province}{city}0000001"))),
        org_name: name.to_owned(),
    };
    vec![
        account(
            "testOrgId",
            new_key(),
            vec![member('H', "01", "福州示范医院"), member('P', "01", "福州示范大药房")],
        ),
        account(
            "hisVendor2",
            new_key(),
            vec![member('H', "02", "厦门示范医院"), member('P', "02", "厦门示范大药房")],
        ),
    ]
}

pub(super) fn account(org_id: &str, key: Sm4Key, institutions: Vec<Member>) -> Account {
    let org_id = constant(AccountId::new(org_id));
    Account { org_id, kcv: key.kcv().to_string(), key, institutions }
}

fn channel(id: &str, name: &str, key: Sm4Key, base: &str) -> Channel {
    Channel {
        chnl_id: identifier(id),
        name: name.to_owned(),
        kcv: key.kcv().to_string(),
        key,
        settlement: true,
        password_free: false,
        notice_url: format!("{base}/channels/{id}/notice"),
        auth_ways: Way::ALL.to_vec(),
        record: Record::Active,
        mac: true,
        // The page one can watch has the person's phone on it.
        handover_url: Some(format!("{base}/?notcNo={{notcNo}}&way={{way}}")),
        word_limits: None,
    }
}

/// A channel id of this file.
pub(crate) fn identifier(id: &str) -> yanmi_protocol::ChannelId {
    constant(yanmi_protocol::ChannelId::new(id))
}

/// A credential number of this file.
pub(crate) fn index(number: &str) -> EcIndexNo {
    constant(EcIndexNo::new(number))
}

fn channels(urls: &Urls, new_key: &mut impl FnMut() -> Sm4Key) -> Vec<Channel> {
    let base = &urls.simulator;
    vec![
        channel(WORKS, "示范渠道甲（正常）", new_key(), base),
        Channel {
            password_free: true, ..channel(PASSWORD_FREE, "示范渠道乙（可免密）", new_key(), base)
        },
        Channel {
            settlement: false, ..channel(NO_SETTLEMENT, "示范渠道丙（不支持结算）", new_key(), base)
        },
        Channel {
            word_limits: Some("200,500".to_owned()),
            ..channel(MOODY, "示范渠道丁（按指令出错）", new_key(), base)
        },
    ]
}

fn extra_channels(urls: &Urls, new_key: &mut impl FnMut() -> Sm4Key) -> Vec<Channel> {
    let base = &urls.simulator;
    vec![
        channel(UNREACHABLE, "示范渠道（无法连接）", new_key(), NOBODY_URL),
        Channel {
            record: Record::Missing, ..channel(NO_RECORD, "示范渠道（无认证记录）", new_key(), base)
        },
        Channel {
            record: Record::Disabled,
            ..channel(RECORD_DISABLED, "示范渠道（认证记录停用）", new_key(), base)
        },
        Channel {
            auth_ways: vec![Way::CredentialPassword],
            ..channel(PASSWORD_ONLY, "示范渠道（仅凭证密码）", new_key(), base)
        },
    ]
}

fn person(name: &str, id_no: &str, number: &str, password: Option<&str>, channels: &[&str]) -> Person {
    Person {
        user_name: name.to_owned(),
        id_type: "01".to_owned(),
        id_no: id_no.to_owned(),
        ec_index_no: index(number),
        password: password.map(str::to_owned),
        channels: channels.iter().map(|id| identifier(id)).collect(),
        password_free_in: Vec::new(),
    }
}

/// The same person with a certificate of another type (1.8.1).
fn with(id_type: &str, person: Person) -> Person {
    Person { id_type: id_type.to_owned(), ..person }
}

/// The first is the person of the specification's worked example (1.3.1.2), wrong check digit included.
fn persons() -> Vec<Person> {
    let everywhere = [WORKS, PASSWORD_FREE, NO_SETTLEMENT, MOODY];
    let row = |name, id_no, number, password, channels| person(name, id_no, number, Some(password), channels);
    vec![
        row("测试", "350501199911173510", "EC000000000000000000000000000001", "111111", &everywhere),
        row("陈晓丰", "350102197803121042", "EC000000000000000000000000000002", "222222", &everywhere),
        row(
            "林建国",
            "350203196508252020",
            "EC000000000000000000000000000003",
            "333333",
            &[WORKS, PASSWORD_FREE],
        ),
        row("欧阳文静", "350104199306063031", "EC000000000000000000000000000004", "444444", &[WORKS, MOODY]),
        row("黄秀英", "350521195812014056", "EC000000000000000000000000000005", "555555", &[WORKS]),
        row("郑𠮷", "350103200102195015", "EC000000000000000000000000000006", "666666", &everywhere),
        // Other certificates of 1.8.1: numbers with letters, with brackets, and short ones.
        with(
            "02",
            row("孙卫国", "军字第2001988号", "EC000000000000000000000000000007", "777777", &[WORKS, MOODY]),
        ),
        with("04", row("何嘉欣", "H1234567802", "EC000000000000000000000000000008", "121212", &everywhere)),
        with("06", row("林志豪", "12345678", "EC000000000000000000000000000009", "343434", &[WORKS])),
        with(
            "08",
            row("MARIA GARCIA-LOPEZ", "XDC123456", "EC000000000000000000000000000010", "565656", &everywhere),
        ),
    ]
}

fn extra_persons() -> Vec<Person> {
    let every =
        [WORKS, PASSWORD_FREE, NO_SETTLEMENT, MOODY, UNREACHABLE, NO_RECORD, RECORD_DISABLED, PASSWORD_ONLY];
    let mut free = person("苏免密", "350203198505057026", FREE_PERSON, Some("888888"), &every);
    free.password_free_in = vec![identifier(PASSWORD_FREE)];
    vec![
        person("莫测试", "350102199001016012", MAGIC_PERSON, Some("999999"), &every),
        free,
        person("吴密", "350104197007078031", NO_PASSWORD_PERSON, None, &every),
    ]
}

fn magic_tokens(region: Region) -> BTreeMap<String, Token> {
    let entry = |code: &Code| Some((code.to_string(), Token(magic::token(region, *code)?)));
    magic::CODES.iter().filter_map(entry).collect()
}
