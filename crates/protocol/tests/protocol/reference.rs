//! The pages of the reference that are generated from the protocol.

use std::fmt::Write;

use yanmi_protocol::Code;
use yanmi_protocol::dictionary::{BusinessType, IdType};

/// Compares a generated page with the one that is checked in; with `UPDATE_REFERENCE=1`, writes it.
fn compare(name: &str, text: &str) {
    let path = format!("{}/../../docs/reference/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("UPDATE_REFERENCE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, text).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/reference/{name} is out of date: run `cargo xtask references`");
}

/// Which calls can answer a code, in the order of the checks.
#[expect(clippy::match_same_arms, reason = "a table in the order of the checks")]
fn calls(code: Code) -> &'static str {
    match code {
        Code::Success => "全部",
        Code::Unknown | Code::BadParameter | Code::Denied | Code::NoSuchAddress | Code::RateLimited => "全部",
        Code::Timeout => "全部（向国家电子凭证查询超时，或报文未按时到达）",
        Code::NoInterfaceRight => "通知、状态、密码核验、解码",
        Code::BadOrgCode => "通知、状态、解码",
        Code::CredentialNotFound
        | Code::CredentialInactive
        | Code::NotAuthorizedForChannel
        | Code::ChannelNotFound
        | Code::IdentityEmpty
        | Code::InsuredPlaceEmpty
        | Code::CertificationNotFound
        | Code::CertificationDisabled => "通知、状态、解码",
        Code::IdentityMismatch | Code::PersonDataWrong => "通知、状态、解码、密码核验",
        Code::NationalCenterFailed => "通知、状态、解码、密码核验、认证结果",
        Code::BadAuthNo => "认证结果（渠道）",
        Code::BadNoticeNo => "认证结果（渠道）",
        Code::BadChannelParameter => "认证结果、待办通知、免密设置（渠道）",
        Code::PasswordNotSet => "通知、密码核验、认证结果",
        Code::TooFrequent => "通知、密码核验、认证结果",
        Code::BusinessTypeNotFound | Code::NoSettlementAtDecode => "解码",
        Code::NoticeFailed | Code::NoSettlement => "通知",
        Code::PasswordFree => "通知、状态",
    }
}

#[test]
fn codes_reference() {
    let mut out = String::from(
        "# 返回码\n\n规范 1.9 的全部返回码：说明、类别、哪些调用会返回、由谁处理、如何处理。\n\
         HTTP 状态始终为 200，只按 code 判断。本页由代码生成，勿手工修改。\n\n\
         | 返回码 | 说明 | 类别 | 哪些调用 | 由谁处理 | 如何处理 |\n|---|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let (class, party) = (code.class().name(), code.party().name());
        let _ = writeln!(
            out,
            "| {code} | {} | {class} | {} | {party} | {} |",
            code.message(),
            calls(code),
            code.advice()
        );
    }
    out.push_str(
        "\n检查的先后决定返回哪一个码：路径 → 方法、报文与参数形式 → 账号与密钥 → 时间戳 → 限流 → 接口权限 → \
         明文参数 → 机构 → 令牌 → 凭证与身份 → 渠道与授权 → 结算支持、免密、频率、认证方式 → 通知送达。\n",
    );
    compare("codes.md", &out);
}

/// The rows of a dictionary.
fn rows(out: &mut String, dictionary: &[(&str, &str)]) {
    out.push_str("| 代码 | 含义 |\n|---|---|\n");
    for (code, meaning) in dictionary {
        let _ = writeln!(out, "| {code} | {meaning} |");
    }
}

#[test]
fn certificate_types_reference() {
    let mut out = String::from(
        "# 证件类型\n\n规范 1.8.1 的全部证件类型，用作 `idType`。本页由代码生成，勿手工修改。\n\n",
    );
    rows(&mut out, &IdType::ALL);
    out.push_str(
        "\n密码核验（`/cfc/api/userPwdCheck`）收其中的哪些，由中心的 `policy.certificate_types` 决定，默认全部；别的代码得到 -2，\
         提示里写明 `idType`。\n证件号码不论怎样写（大小写、全角、空格）都是同一个人；01 应为 15 位数字，或 17 位数字加一位数字或 X。\n",
    );
    compare("certificate-types.md", &out);
}

#[test]
fn business_types_reference() {
    let mut out = String::from(
        "# 用码业务类型\n\n解码时的 `businessType`：二维码用于什么业务。本页由代码生成，勿手工修改。\n\n",
    );
    rows(&mut out, &BusinessType::ALL);
    let settlement = BusinessType::SETTLEMENT.code();
    let _ = writeln!(
        out,
        "\n由本中心解码时，收其中的哪些由 `decode.business_types` 决定，默认全部；别的代码得到 500156。\n\
         {settlement}（结算）还要求展码的渠道支持结算，否则为 500318。现场的程序大多一律传 01101。\n\
         规范 1.6.2 没有印出这张表，指明它在《国家医保电子凭证业务标准动态库交互规范》6.1 节；这里是各地通用的一份。"
    );
    compare("business-types.md", &out);
}
