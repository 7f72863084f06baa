//! The pages of the reference that are generated from the protocol.

use std::fmt::Write;

use yanmi_protocol::Code;

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
