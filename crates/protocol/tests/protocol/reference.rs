//! The pages of the reference that are generated from the protocol.

use std::fmt::Write;

use yanmi_protocol::Code;
use yanmi_protocol::dictionary::{BusinessType, IdType};
use yanmi_protocol::message::Call;

/// Compares a generated page with the one that is checked in; with `UPDATE_REFERENCE=1`, writes it.
fn compare(name: &str, text: &str) {
    let path = format!("{}/../../docs/reference/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("UPDATE_REFERENCE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, text).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/reference/{name} is out of date: run `cargo xtask references`");
}

/// Which calls can answer a code.
fn calls(code: Code) -> String {
    let names = |channel: bool| {
        let of = Call::ALL.into_iter().filter(move |call| call.is_a_channels() == channel);
        of.filter(move |call| call.may_answer(code)).map(Call::name).collect::<Vec<_>>().join("、")
    };
    if Call::ALL.into_iter().all(|call| call.may_answer(code)) {
        let when = if code == Code::Timeout {
            "（向国家电子凭证查询超时，或报文未按时到达）"
        } else {
            ""
        };
        return format!("全部{when}");
    }
    match (names(false), names(true)) {
        (institution, channel) if channel.is_empty() => institution,
        (institution, channel) if institution.is_empty() => format!("{channel}（渠道）"),
        (institution, channel) => format!("{institution}，{channel}（渠道）"),
    }
}

#[test]
fn codes_reference() {
    let mut out = String::from(
        "# 返回码\n\n规范 1.9 的全部返回码：说明、类别、哪些调用会返回、由谁处理、如何处理。\n\
         HTTP 状态始终为 200，只按 code 判断。点返回码，看它长什么样、怎样在沙箱里得到。本页由代码生成，勿手工修改。\n\n\
         | 返回码 | 说明 | 类别 | 哪些调用 | 由谁处理 | 如何处理 |\n|---|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let (class, party) = (code.class().name(), code.party().name());
        let _ = writeln!(
            out,
            "| [{code}](codes/{code}.md) | {} | {class} | {} | {party} | {} |",
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
