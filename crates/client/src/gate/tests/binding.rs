//! The online way: whether it is this visit, this person, this much.

use super::*;

#[expect(clippy::too_many_lines, reason = "one table, read as one")]
pub(super) fn binding_rows() -> Vec<Row> {
    let sent = |amount| scanned().noticed(amount, notified(SERIAL));
    let yes = || stas(true, SERIAL, None);
    vec![
        row(
            "查询为 \"1\"，流水号与通知的不同（有的中心每次另给）",
            "1.7.2",
            sent(Some("100")).answered(stas(true, OTHER_SERIAL, None)),
            Proven(ProofWay::Online),
        ),
        row(
            "同上，本机构设为 status_serial = \"notice\"",
            "1.7.2",
            sent(Some("100")).answered(stas(true, OTHER_SERIAL, None)),
            Refuse(Reason::AnotherSerial),
        )
        .under(Rules { status_serial: StatusSerial::OfNotice, ..Rules::default() }),
        row(
            "通知应答的流水号不是新的",
            "1.7.1",
            scanned()
                .noticed(Some("100"), Err(Failure::Foreign("旧流水号")))
                .answered(stas(false, SERIAL, None)),
            Refuse(Reason::Foreign),
        ),
        row(
            "按 80 元通知并确认，结算 100 元",
            "1.7.1",
            sent(Some("80")).answered(yes()),
            Refuse(Reason::AmountNotCovered),
        ),
        row(
            "按 120 元通知并确认，结算 100 元",
            "1.7.1",
            sent(Some("120")).answered(yes()),
            Proven(ProofWay::Online),
        ),
        row("通知未带金额，确认后结算 100 元", "1.7.1", sent(None).answered(yes()), Proven(ProofWay::Online)),
        row(
            "中心告知确认的是 80 元，结算 100 元",
            "1.7.2",
            sent(Some("100")).answered(stas(true, SERIAL, told(Some("80")))),
            Refuse(Reason::AmountNotCovered),
        ),
        row(
            "先按 100 元通知，后按 60 元通知超时，确认后结算 100 元",
            "1.7.1",
            sent(Some("100")).noticed(Some("60"), Err(trouble(Trouble::TimedOut))).answered(yes()),
            Refuse(Reason::AmountNotCovered),
        ),
        row(
            "先按 100 元通知，后按 60 元通知超时，确认后结算 60 元",
            "1.7.1",
            sent(Some("100")).noticed(Some("60"), Err(trouble(Trouble::TimedOut))).answered(yes()),
            Proven(ProofWay::Online),
        )
        .asking(ask(Settlement::Outpatient, "60")),
        row(
            "换渠道应用重新展码（新令牌），旧令牌已确认",
            "1.4.4(5)E",
            sent(Some("100")).answered(yes()).switched("T2"),
            Refuse(Reason::NotNotified),
        ),
        row(
            "换渠道应用重新展码，新令牌通知并确认",
            "1.4.4(5)E",
            sent(Some("100")).switched("T2").noticed(Some("100"), notified(OTHER_SERIAL)).answered(stas(
                true,
                OTHER_SERIAL,
                None,
            )),
            Proven(ProofWay::Online),
        ),
        row(
            "通知已超过有效时间，查询为 \"1\"",
            "1.6.2(9)A",
            scanned().noticed_at(Some("100"), notified(SERIAL), before(61)).answered(yes()),
            Refuse(Reason::ProofExpired),
        ),
        row(
            "查询之后又发了新的通知",
            "1.6.2(9)",
            sent(Some("100")).answered(yes()).noticed(Some("100"), notified(OTHER_SERIAL)),
            Refuse(Reason::StatusMissing),
        ),
        row("参保人取消了认证", "1.4.4(5)", sent(None).at_stage("cancelled"), Refuse(Reason::Cancelled)),
        row("参保人表示非本人办理", "1.4.4(5)", sent(None).at_stage("notMe"), Refuse(Reason::NotMe)),
        row(
            "参保人表示非本人后再次通知，中心拒绝（500084）",
            "1.9",
            sent(None).noticed(None, Err(quiet())).answered(Err(quiet())),
            Refuse(Reason::NotMe),
        ),
        row("密码错误次数过多", "1.4.4(5)", sent(None).at_stage("wrongPassword"), Refuse(Reason::Locked)),
        row("通知过期未认证", "1.4.4(5)A", sent(None).at_stage("expired"), Refuse(Reason::Lapsed)),
        row(
            "渠道应用未能完成认证",
            "1.4.4(5)E",
            sent(None).at_stage("failed"),
            Refuse(Reason::ChannelFailed),
        ),
        row("选了线上，还没有通知", "1.6.2(4)B", scanned().chose(Way::Online), Refuse(Reason::NotNotified)),
        row("还没有选择认证方式", "1.6.2(3)", scanned(), Refuse(Reason::NoWay)),
    ]
}
