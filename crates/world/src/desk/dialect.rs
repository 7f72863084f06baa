//! How a center of another version answers: one that can more, one that can less, one that writes the same in another way.
//!
//! What it says is authentic: it has the account's key, and proves what it says. So what can be understood of it by the contract
//! has to be understood, and nothing else may be taken for an answer.

use yanmi_protocol::envelope::{Answer, seal};
use yanmi_protocol::mac::AnswerParts;
use yanmi_protocol::{Code, Members, Sm4Key};

use crate::chance::Chance;
use crate::oracle::DeskAnswer;

/// What is different about another version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// It has members that nobody knows, at the top and inside, some of them with names that are well known elsewhere.
    MoreMembers,
    /// It writes numbers as texts and texts as numbers where either is taken, in another order, with blanks.
    AnotherSpelling,
    /// It has codes that nobody knows.
    MoreCodes,
    /// It has nothing beyond the specification, and numbers of its own.
    FewerMembers,
    /// It knows no macs.
    NoMacs,
    /// It does not have what is asked for.
    FewerInterfaces,
    /// It writes members as what they are not.
    AnotherType,
}

const ALL: [Dialect; 7] = [
    Dialect::MoreMembers,
    Dialect::AnotherSpelling,
    Dialect::MoreCodes,
    Dialect::FewerMembers,
    Dialect::NoMacs,
    Dialect::FewerInterfaces,
    Dialect::AnotherType,
];

/// Members nobody knows; what stands inside of them says the opposite of everything.
const UNKNOWN: [&str; 6] = [
    r#""traceId":"0af7651916cd43dd8448eb211c80319c""#,
    r#""links":[1,true,null,{"checkStas":"1"}]"#,
    r#""CheckStas":"1""#,
    r#""checkStas2":"1","notcFlag2":"1""#,
    r#""result":{"code":500320,"checkStas":"1","notcFlag":"0","resBizNo":"1"}"#,
    r#""扩展":{"说明":"新版本的成员"},"retry":1e3"#,
];
/// Codes nobody knows; the last one is none.
const UNKNOWN_CODES: [i64; 7] = [600_001, 500_999, 404, 7, -77, 2_147_483_647, 9_999_999_999];
/// What it says of such a code, where it says anything.
const UPGRADED: &str = "该接口已升级，请使用新版本";
/// What stands where an interface is not.
const NOT_THERE: [&str; 5] = [
    "",
    "<html><head><title>404 Not Found</title></head></html>",
    r#"{"timestamp":"2025-11-23T03:44:00.000+00:00","status":404,"error":"Not Found","path":"/cfc/api"}"#,
    r#"{"code":404,"msg":"Not Found"}"#,
    r#"{"code":"405","message":null,"data":null}"#,
];
/// Its statuses.
const STATUSES: [u16; 3] = [404, 405, 501];
/// Members that may be numbers.
const NUMBERS: [&str; 3] = ["checkTime", "validUntil", "checkAmount"];
/// Members, each with what it may not be.
const MISTYPED: [(&str, &str); 6] = [
    ("checkStas", "1"),
    ("checkStas", "true"),
    ("notcFlag", "1"),
    ("resBizNo", "161665488196720210609155618"),
    ("resBizNo", "null"),
    ("checkStas", r#"["1"]"#),
];

/// What is answered: an HTTP status, a body, and what a desk may make of it.
pub(super) struct Spoken {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) means: DeskAnswer,
}

/// The question that is answered, as a center has it.
pub(super) struct Question<'a> {
    pub(super) key: &'a Sm4Key,
    pub(super) mac: &'a str,
}

/// The pieces of an answer.
#[derive(Default)]
struct Pieces {
    /// The code, and how it is written.
    code: (i64, String),
    message: String,
    /// The sealed message, as it is sent.
    enc_data: Option<String>,
    /// What `data` is where nothing is sealed.
    no_data: &'static str,
    /// More members, at the top and in `data`.
    more: String,
    spelled: bool,
    proven: bool,
}

impl Dialect {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        ALL[chance.place(ALL.len())]
    }

    /// What this version answers where ours says this, opened as well, which means that.
    pub(super) fn speak(
        self,
        question: &Question<'_>,
        (answer, plain): (&Answer, Option<&str>),
        means: DeskAnswer,
        chance: &mut Chance,
    ) -> Spoken {
        let mut pieces = Pieces {
            code: (answer.code, answer.code.to_string()),
            message: answer.message.clone(),
            enc_data: answer.enc_data.clone(),
            no_data: "{}",
            proven: true,
            ..Pieces::default()
        };
        let sealed = |plain: &str| Some(seal(question.key, plain.as_bytes()));
        let mut means = means;
        match self {
            Self::MoreMembers => {
                pieces.more = unknown(chance);
                let inner = unknown(chance);
                pieces.enc_data = plain.and_then(|plain| sealed(&format!("{{{inner}{}", &plain[1..])));
            }
            Self::AnotherSpelling => {
                pieces.code.1 = format!("\"{}\"", answer.code);
                pieces.spelled = true;
                pieces.enc_data =
                    plain.and_then(|plain| sealed(&respelled(plain))).map(|hex| hex.to_lowercase());
            }
            Self::MoreCodes => {
                let code = UNKNOWN_CODES[chance.place(UNKNOWN_CODES.len())];
                pieces.code = (code, code.to_string());
                if chance.permille(400) {
                    UPGRADED.clone_into(&mut pieces.message);
                } else {
                    pieces.message.clear();
                }
                pieces.no_data = ["{}", "null", "[]", "\"\""][chance.place(4)];
                pieces.enc_data = None;
                let is_one = i32::try_from(code).is_ok();
                means = if is_one { DeskAnswer::Refused(code) } else { DeskAnswer::Nothing };
            }
            Self::FewerMembers => pieces.enc_data = plain.and_then(|plain| sealed(&bare(plain, chance))),
            Self::NoMacs => {
                pieces.proven = false;
                means = unproven(means);
            }
            Self::FewerInterfaces => {
                let body = NOT_THERE[chance.place(NOT_THERE.len())].as_bytes().to_vec();
                let status = STATUSES[chance.place(STATUSES.len())];
                return Spoken { status, body, means: DeskAnswer::Nothing };
            }
            Self::AnotherType => {
                if let Some(plain) = plain {
                    let (wrong, changed) = mistyped(plain, chance);
                    pieces.enc_data = sealed(&wrong);
                    means = if changed { DeskAnswer::Nothing } else { means };
                }
            }
        }
        Spoken { status: 200, body: pieces.body(question, chance), means }
    }
}

/// Without a proof nothing settles, and what is refused may be believed or not.
fn unproven(means: DeskAnswer) -> DeskAnswer {
    match means {
        DeskAnswer::Refused(code) if code != i64::from(Code::PasswordFree.number()) => DeskAnswer::Unproven,
        _ => DeskAnswer::Nothing,
    }
}

/// Some members nobody knows, with a comma behind them.
fn unknown(chance: &mut Chance) -> String {
    let from = chance.place(UNKNOWN.len());
    UNKNOWN[from..].join(",") + ","
}

/// The value of a text member, with where it begins and ends, quotes included.
fn value_of(plain: &str, name: &str) -> Option<(usize, usize)> {
    let begin = plain.find(&format!("\"{name}\":\""))? + name.len() + 3;
    let length = plain[begin + 1..].find('"')?;
    Some((begin, begin + length + 2))
}

/// The same with numbers where texts stood, and blanks.
fn respelled(plain: &str) -> String {
    let mut out = plain.to_owned();
    for name in NUMBERS {
        if let Some((begin, end)) = value_of(&out, name) {
            out = format!("{} {}\n{}", &out[..begin], &out[begin + 1..end - 1], &out[end..]);
        }
    }
    format!(" {out}\r\n")
}

/// What the specification has of it, with a number of another form where it is a status.
fn bare(plain: &str, chance: &mut Chance) -> String {
    let members = Members::parse(plain).ok();
    let text = |name| {
        let text = members.as_ref().and_then(|members| members.optional_text(name, 64).ok().flatten());
        text.map(std::borrow::Cow::into_owned)
    };
    let serial = text("resBizNo").unwrap_or_default();
    match (text("checkStas"), text("notcFlag")) {
        (Some(flag), _) => {
            let serial = if chance.permille(500) { serial } else { format!("S-{}", chance.below(1_000_000)) };
            format!("{{\"resBizNo\":\"{serial}\",\"checkStas\":\"{flag}\"}}")
        }
        (_, Some(flag)) => format!("{{\"notcFlag\":\"{flag}\",\"resBizNo\":\"{serial}\"}}"),
        _ => plain.to_owned(),
    }
}

/// The same with a member that is of the wrong type; whether it has such a member.
fn mistyped(plain: &str, chance: &mut Chance) -> (String, bool) {
    let from = chance.place(MISTYPED.len());
    let all = MISTYPED[from..].iter().chain(&MISTYPED[..from]);
    let mut there = all.filter_map(|(name, wrong)| Some((value_of(plain, name)?, wrong)));
    let Some(((begin, end), wrong)) = there.next() else { return (plain.to_owned(), false) };
    (format!("{}{wrong}{}", &plain[..begin], &plain[end..]), true)
}

impl Pieces {
    fn body(&self, question: &Question<'_>, chance: &mut Chance) -> Vec<u8> {
        let Self { code, message, enc_data, no_data, more, spelled, proven } = self;
        // Nothing was said where nothing has to be.
        let silent = *spelled && code.0 == 0;
        let message = if silent { "" } else { message };
        let data =
            enc_data.as_ref().map_or((*no_data).to_owned(), |hex| format!("{{{more}\"encData\":\"{hex}\"}}"));
        let quoted = serde_json::to_string(message).unwrap_or_default();
        let mut members = vec![
            format!("\"code\":{}", code.1),
            format!("\"type\":{}", if code.0 == 0 { "\"success\"" } else { "\"error\"" }),
            format!("\"message\":{}", if silent { "null" } else { &quoted }),
            format!("\"data\":{data}"),
        ];
        if *proven {
            let parts =
                AnswerParts { request: question.mac, code: code.0, message, enc_data: enc_data.as_deref() };
            members.push(format!("\"mac\":\"{}\"", question.key.mac().answer(&parts)));
        }
        if !more.is_empty() {
            members.push(more.trim_end_matches(',').to_owned());
        }
        if *spelled {
            let first = chance.place(members.len());
            members.rotate_left(first);
            return format!("\u{FEFF}{{ {}\n}}\r\n", members.join(" ,\n\t")).into_bytes();
        }
        format!("{{{}}}", members.join(",")).into_bytes()
    }
}
