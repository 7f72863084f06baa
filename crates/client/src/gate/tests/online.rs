//! The online way: what was answered, and what was not.

use super::*;

pub(super) fn online_rows() -> Vec<Row> {
    let sent = || scanned().noticed(Some("100"), notified(SERIAL));
    let no = || stas(false, SERIAL, None);
    let yes = || stas(true, SERIAL, None);
    vec![
        row("已通知，查询为 \"1\"", "1.6.2(9)B", sent().answered(yes()), Proven(ProofWay::Online)),
        row(
            "已通知，查询为 \"1\"，中心告知方式 01",
            "1.6.2(9)B",
            sent().answered(stas(true, SERIAL, told(Some("100")))),
            Proven(ProofWay::OnlinePassword),
        ),
        row("已通知，查询为 \"0\"", "1.6.2(9)A", sent().answered(no()), Refuse(Reason::NotConfirmed)),
        row(
            "先查询为 \"0\"，再次点击确认结算时为 \"1\"",
            "1.6.2(9)B",
            sent().answered(no()).answered(yes()),
            Proven(ProofWay::Online),
        ),
        row(
            "第二次通知后仍为 \"0\"",
            "1.4.4(5)C",
            sent().noticed(Some("100"), notified(SERIAL)).answered(no()),
            Refuse(Reason::NotConfirmed),
        ),
        row(
            "第三次通知后仍为 \"0\"",
            "1.4.4(5)D、E",
            sent()
                .noticed(Some("100"), notified(SERIAL))
                .noticed(Some("100"), notified(SERIAL))
                .answered(no()),
            Refuse(Reason::NotConfirmed),
        ),
        row(
            "通知返回 500320",
            "1.4.3.2(4)A",
            scanned().noticed(Some("100"), Ok(NoticeAnswer::PasswordFree)),
            Free,
        ),
        row(
            "通知成功，查询返回 500320",
            "1.4.3.2(6)B",
            sent().answered(Ok(StatusAnswer::PasswordFree)),
            Free,
        ),
        row(
            "通知 50 元返回 500320，结算 100 元",
            "1.4.3.2(4)A",
            scanned().noticed(Some("50"), Ok(NoticeAnswer::PasswordFree)),
            Refuse(Reason::AmountNotCovered),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "one table, read as one")]
pub(super) fn failing_rows() -> Vec<Row> {
    let sent = || scanned().noticed(Some("100"), notified(SERIAL));
    let no = || stas(false, SERIAL, None);
    let yes = || stas(true, SERIAL, None);
    vec![
        row(
            "通知返回 code 0、notcFlag \"0\"",
            "1.7.1",
            scanned()
                .noticed(Some("100"), Ok(NoticeAnswer::NotNotified { serial: SERIAL.to_owned() }))
                .answered(no()),
            FallBack(Reason::NoticeFailed),
        ),
        row(
            "通知返回 500319",
            "1.9",
            scanned().noticed(Some("100"), Err(code(500_319))).answered(no()),
            FallBack(Reason::NoticeFailed),
        ),
        row(
            "通知返回 500321",
            "1.9",
            scanned().noticed(Some("100"), Err(code(500_321))).answered(no()),
            FallBack(Reason::NoticeFailed),
        ),
        row(
            "通知时网络连接失败，查询也失败",
            "1.4.3.2(8)A",
            scanned()
                .noticed(Some("100"), Err(trouble(Trouble::Unreachable)))
                .answered(Err(trouble(Trouble::Unreachable))),
            FallBack(Reason::Unreachable),
        ),
        row(
            "通知超时，查询为 \"0\"",
            "1.4.3.2(8)A",
            scanned().noticed(Some("100"), Err(trouble(Trouble::TimedOut))).answered(no()),
            FallBack(Reason::TimedOut),
        ),
        row(
            "通知超时，查询为 \"1\"，本机构设为 status_serial = \"notice\"（不是对本次通知的答复）",
            "1.6.2(9)",
            scanned().noticed(Some("100"), Err(trouble(Trouble::TimedOut))).answered(yes()),
            Refuse(Reason::AnotherSerial),
        )
        .under(Rules { status_serial: StatusSerial::OfNotice, ..Rules::default() }),
        row(
            "通知成功，查询超时",
            "1.4.3.2(8)A",
            sent().answered(Err(trouble(Trouble::TimedOut))),
            FallBack(Reason::TimedOut),
        ),
        row(
            "通知返回 -3",
            "1.9",
            scanned().noticed(Some("100"), Err(code(-3))).answered(no()),
            FallBack(Reason::TimedOut),
        ),
        row(
            "通知返回 -1",
            "1.9",
            scanned().noticed(Some("100"), Err(code(-1))).answered(no()),
            FallBack(Reason::Unreachable),
        ),
        row(
            "通知返回 500001",
            "1.9",
            scanned().noticed(Some("100"), Err(code(500_001))).answered(Err(code(500_001))),
            Refuse(Reason::Refused),
        ),
        row(
            "通知返回 500042",
            "1.9",
            scanned().noticed(Some("100"), Err(code(500_042))).answered(no()),
            Refuse(Reason::Refused),
        ),
        row(
            "通知返回 -4",
            "1.9",
            scanned().noticed(Some("100"), Err(code(-4))).answered(Err(code(-4))),
            Refuse(Reason::Refused),
        ),
        row(
            "已通知，再次通知返回 500084，查询为 \"1\"",
            "1.6.2(9)B",
            sent().noticed(Some("100"), Err(code(500_084))).answered(yes()),
            Proven(ProofWay::Online),
        ),
        row(
            "通知时程序中断，重启后查询为 \"0\"",
            "1.4.3.2(8)A",
            pending().answered(no()),
            FallBack(Reason::Unreachable),
        ),
        row(
            "应答打不开或不是中心的应答",
            "1.3.1.2",
            sent().answered(Err(Failure::NotAnAnswer { status: 502, why: None })),
            FallBack(Reason::Unreachable),
        ),
    ]
}
