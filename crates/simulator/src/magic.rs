//! Magic tokens: tokens that make the center answer with a chosen return code.
//!
//! A magic token has 38 characters, as tokens have:
//!
//! | characters | content |
//! |---|---|
//! | 1–6 | the region |
//! | 7–11 | `magic` |
//! | 12–26 | anything of `[0-9A-Za-z]`: change it to get a fresh token of the same effect |
//! | 27–30 | `0000` |
//! | 31–38 | the return code, filled with zeros: `00500001`; for -3 it is `000000n3` |
//!
//! The effect lies in what the national center says about the token (a person without identity, a channel that
//! is not registered, …); the center itself knows nothing of magic. That of 0 is in order: its person is notified. Tokens of codes that are not in [`CODES`]
//! are unknown like any other invented token (500001).

use yanmi_protocol::{Code, EcToken, Region};

/// What stands at the seventh character of a magic token. An ordinary one has `s` there.
const MARK: &str = "magic";
/// Characters of a token.
const LENGTH: usize = 38;

/// The codes that have a token.
pub const CODES: [Code; 17] = [
    Code::Success,
    Code::Timeout,
    Code::CredentialNotFound,
    Code::CredentialInactive,
    Code::NotAuthorizedForChannel,
    Code::ChannelNotFound,
    Code::NationalCenterFailed,
    Code::PasswordNotSet,
    Code::IdentityEmpty,
    Code::InsuredPlaceEmpty,
    Code::IdentityMismatch,
    Code::PersonDataWrong,
    Code::CertificationNotFound,
    Code::CertificationDisabled,
    Code::NoticeFailed,
    Code::PasswordFree,
    Code::NoSettlement,
];

/// How to get each of the other codes, one sentence each, for the member `how` of `sandbox.json`.
pub const HOW: [(Code, &str); 13] = [
    (
        Code::Unknown,
        "不能用入参引出：让中心的存储出故障（POST /center/mood，mood 为 failing）后发通知；用完改回 ok。页面上点“试”，替您做完这三步。",
    ),
    (Code::BadParameter, "去掉任一必填参数，或让 timestamp 与中心时钟相差 10 分钟以上。"),
    (Code::Denied, "用错误的密钥加密 encData，或使用未登记的 orgId。"),
    (Code::NoSuchAddress, "向 /cfc/api/ 之下不存在的路径（例如 /cfc/api/none）发送请求。"),
    (Code::RateLimited, "用同一 orgId 在一秒内连续发送超过账户限额的请求。"),
    (
        Code::BadAuthNo,
        "在手机上用人脸认证而授权码有误：POST /phones/{ecIndexNo}/act，action 为 wrongPassword，way 为 02。",
    ),
    (Code::BadNoticeNo, "通知确认成功后再取消它，或在通知被新通知取代后再确认旧通知：中心如此答复渠道。"),
    (Code::TooFrequent, "对同一 token 和 orgCodg 在 3 秒内重复发通知，或连续输错密码 5 次后再核验。"),
    (Code::BadChannelParameter, "以渠道的 orgId 和密钥向渠道侧接口发送缺少 notcNo 的认证结果。"),
    (Code::NoInterfaceRight, "用 extraAccounts 中的账户（没有任何接口权限）调用任一接口。"),
    (Code::BusinessTypeNotFound, "解码时传字典中没有的 businessType，例如 99999。"),
    (Code::BadOrgCode, "orgCodg 传 11 位旧代码、未登记的代码或属于另一账户的机构代码。"),
    (
        Code::NoSettlementAtDecode,
        "以 businessType 01301 解码 channels 第三个渠道（不支持结算）展示的二维码。",
    ),
];

/// The magic token of this code; nothing when the code has none.
pub fn token(region: Region, code: Code) -> Option<EcToken> {
    another(region, code, "magic0000000000")
}

/// The magic token of this code with these fifteen letters or digits in the middle; nothing when the code has none, or they are
/// others.
pub fn another(region: Region, code: Code, middle: &str) -> Option<EcToken> {
    let text = format!("{}{MARK}{middle}0000{}", region.as_str(), tail(code));
    let fits = CODES.contains(&code) && text.len() == LENGTH;
    fits.then(|| EcToken::new(&text).ok()).flatten()
}

/// The code a token asks for; nothing when it is not magic.
pub fn code_of(token: &EcToken) -> Option<Code> {
    let text = token.as_str();
    let rest = text.get(6..)?.strip_prefix(MARK)?;
    if text.len() != LENGTH {
        return None;
    }
    let end = rest.get(15..)?.strip_prefix("0000")?;
    CODES.into_iter().find(|code| tail(*code) == end)
}

fn tail(code: Code) -> String {
    let number = code.number();
    if number < 0 { format!("{:0>8}", format!("n{}", number.unsigned_abs())) } else { format!("{number:08}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_token_or_a_sentence() {
        let region = Region::new("350000").expect("a region");
        for code in Code::ALL {
            let sentences = HOW.iter().filter(|(known, _)| *known == code).count();
            assert_eq!(sentences + usize::from(token(region, code).is_some()), 1, "{code}");
        }
    }

    #[test]
    fn tokens_are_read_back_also_with_another_middle() {
        let region = Region::new("350000").expect("a region");
        for code in CODES {
            let token = token(region, code).expect("has a token");
            assert_eq!((token.as_str().len(), code_of(&token)), (LENGTH, Some(code)));
            let fresh = token.as_str().replace("magic00000000", "magic0aZ93kX7");
            assert_eq!(code_of(&EcToken::new(&fresh).expect("a token")), Some(code));
        }
        assert_eq!(
            token(region, Code::CredentialNotFound).expect("has one").as_str(),
            "350000magicmagic0000000000000000500001"
        );
    }

    #[test]
    fn what_is_not_quite_magic_is_not_magic() {
        let region = Region::new("350000").expect("a region");
        assert_eq!(another(region, Code::Success, "short"), None);
        for text in [
            "350000magicmagic00000000000000000500001",
            "350000magicmagic000000000000000500001",
            "350000magicmagic0000000000000100500001",
            "350000magicmagic0000000000000000500316",
            "350000magikmagic0000000000000000500001",
            "magic",
        ] {
            assert_eq!(code_of(&EcToken::new(text).expect("a token")), None, "{text}");
        }
    }
}
