//! The offline ways, and media that are no QR code.

use super::*;

#[expect(clippy::too_many_lines, reason = "one table, read as one")]
pub(super) fn offline_rows() -> Vec<Row> {
    use Way::{LibraryPassword, Online, TerminalFace, TerminalPassword};
    let foreign = OfflineOutcome::Passed { serial: None, token: Some(token("T9")) };
    let passed = || OfflineOutcome::Passed { serial: None, token: None };
    let claims = Rules { bare_claims: true, ..Rules::default() };
    let broken = OfflineOutcome::Unavailable { message: "终端未连接".to_owned() };
    let sent = || scanned().noticed(Some("100"), notified(SERIAL));
    vec![
        row(
            "展码后在医保终端刷脸通过",
            "1.5.3.2(4)B",
            scanned().checked(TerminalFace, true),
            Proven(ProofWay::TerminalFace),
        ),
        row(
            "展码后在医保终端输入密码通过",
            "1.5.3.2(4)B",
            scanned().checked(TerminalPassword, true),
            Proven(ProofWay::TerminalPassword),
        ),
        row(
            "展码后经动态库输入密码通过",
            "1.5.3.2(4)B",
            scanned().checked(LibraryPassword, true),
            Proven(ProofWay::LibraryPassword),
        ),
        row(
            "线下密码错误",
            "1.5.3.2(4)A",
            scanned().checked(TerminalPassword, false),
            Refuse(Reason::OfflineFailed),
        ),
        row(
            "医保终端不可用",
            "1.5.3.2(3)",
            scanned().checked_as(TerminalPassword, broken, before(2)),
            Refuse(Reason::OfflineUnavailable),
        ),
        row(
            "选了线下方式，还没有核验",
            "1.6.2(8)B",
            scanned().chose(LibraryPassword),
            Refuse(Reason::OfflineMissing),
        ),
        row(
            "线下核验返回的是另一个令牌",
            "1.5.3.2(4)",
            scanned().checked_as(TerminalPassword, foreign, before(2)),
            Refuse(Reason::AnotherToken),
        ),
        row(
            "线下核验已超过有效时间",
            "1.5.3.2(4)",
            scanned().checked_by(Source::Port, TerminalFace, passed(), before(61)),
            Refuse(Reason::ProofExpired),
        ),
        row(
            "通知超时，改用线下并通过",
            "1.4.3.2(8)A",
            scanned().noticed(Some("100"), Err(trouble(Trouble::TimedOut))).checked(TerminalPassword, true),
            Proven(ProofWay::TerminalPassword),
        ),
        row(
            "线上已确认，又改选线下而未核验",
            "1.6.2(8)B",
            sent().answered(stas(true, SERIAL, None)).chose(TerminalFace),
            Refuse(Reason::OfflineMissing),
        ),
        row(
            "线下失败，改回线上，查询为 \"1\"",
            "1.6.2(8)B",
            sent().checked(TerminalPassword, false).chose(Online).answered(stas(true, SERIAL, None)),
            Proven(ProofWay::Online),
        ),
        row(
            "线下通过后换渠道应用重新展码",
            "1.4.4(5)E",
            scanned().checked(TerminalPassword, true).switched("T2"),
            Refuse(Reason::OfflineMissing),
        ),
        row(
            "接入的医保终端核验通过，没有给流水号",
            "1.5.3.2(4)B",
            scanned().checked_by(Source::Port, TerminalPassword, passed(), before(2)),
            Proven(ProofWay::TerminalPassword),
        ),
        row(
            "登记为通过，没有流水号",
            "1.5.3.2(4)",
            scanned().checked_as(TerminalPassword, passed(), before(2)),
            Refuse(Reason::NoEvidence),
        ),
        row(
            "同上，本机构设为 bare_claims = true",
            "现场约定",
            scanned().checked_as(TerminalPassword, passed(), before(2)),
            Proven(ProofWay::TerminalPassword),
        )
        .under(claims),
        row(
            "医保终端刷脸作为介质，有终端的流水号",
            "1.5.3.2(2)B.a",
            came(Medium::TerminalFace).shown(),
            Proven(ProofWay::TerminalFace),
        ),
        row(
            "医保终端刷脸作为介质，没有流水号",
            "1.5.3.2(2)B.a",
            came(Medium::TerminalFace),
            Refuse(Reason::NoEvidence),
        ),
        row(
            "同上，随后由接入的医保终端刷脸",
            "1.5.3.2(2)B.a",
            came(Medium::TerminalFace).checked_by(Source::Port, TerminalFace, passed(), before(1)),
            Proven(ProofWay::TerminalFace),
        ),
        row(
            "医保终端刷脸作为介质，没有流水号，本机构设为 bare_claims = true",
            "现场约定",
            came(Medium::TerminalFace),
            Proven(ProofWay::TerminalFace),
        )
        .under(claims),
        row("社会保障卡，未核验", "1.5.3.2(2)B.b", came(Medium::SocialSecurityCard), Refuse(Reason::NoWay)),
        row(
            "社会保障卡，医保终端密码通过",
            "1.5.3.2(4)B",
            came(Medium::SocialSecurityCard).checked(TerminalPassword, true),
            Proven(ProofWay::TerminalPassword),
        ),
        row(
            "居民身份证，动态库密码错误",
            "1.5.3.2(4)A",
            came(Medium::IdCard).checked(LibraryPassword, false),
            Refuse(Reason::OfflineFailed),
        ),
        row("其他介质，未核验", "1.6.2(8)A", came(Medium::Other), Refuse(Reason::NoWay)),
    ]
}
