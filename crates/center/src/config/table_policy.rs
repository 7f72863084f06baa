//! Rows of the table: what a site may choose about verifications (reading, E4, V7, V8).

use yanmi_protocol::dictionary::IdType;

use super::field::Field;
use super::row::{count, row, seconds, switch};
use super::setting::{Form, Presence, Setting};

pub(super) static POLICY: &[Setting] = &[
    row!(
        "policy.timestamp_window_seconds",
        timestamp_window,
        seconds(600, 60, 86_400),
        "请求 timestamp 与服务器时间至多相差多少。",
        "接口规范自己的示例相差 265 秒，低于 300 秒会拒绝它；时钟不准的机构可以暂时放宽。"
    ),
    row!(
        "policy.notice_seconds",
        policy.notice_life,
        seconds(300, 60, 3_600),
        "未答复的通知多久后失效。",
        "短于一分钟参保人来不及打开手机；长于一小时，人已不在窗口。"
    ),
    row!(
        "policy.confirmation_seconds",
        policy.confirmation_life,
        seconds(1_800, 60, 86_400),
        "一次确认多久之内可用于结算。",
        "够走完结算窗口的流程；不得长于令牌的有效期。"
    ),
    row!(
        "policy.token_seconds",
        policy.token_life,
        seconds(86_400, 300, 604_800),
        "核验令牌解码后多久之内有效。",
        "住院等场景一天之内反复使用同一令牌；至多七天。"
    ),
    row!(
        "policy.notice_interval_seconds",
        policy.notice_interval,
        seconds(3, 0, 300),
        "同一核验两次通知的最小间隔；更快者得到 500084。",
        "挡住重复点击而不妨碍重发；0 表示不限制。"
    ),
    row!(
        "policy.notices_per_verification",
        policy.notices_per_verification,
        count("次", 10, 1, 1_000),
        "同一核验至多通知几次；超出者得到 500084。",
        "十次仍未确认的，应改用其他方式。"
    ),
    row!(
        "policy.notices_per_person_hour",
        policy.notices_per_person_hour,
        count("次/小时", 20, 1, 10_000_000),
        "同一参保人一小时内在所有机构至多被通知几次；超出者得到 500084。",
        "防止骚扰；上限供压力测试使用。"
    ),
    row!(
        "policy.password_tries",
        policy.password_tries,
        count("次", 5, 1, 20),
        "电子凭证密码连续输错几次后锁定。",
        "六位密码只有一百万种：次数乘以锁定时间决定了穷举要多久。"
    ),
    row!(
        "policy.password_lock_seconds",
        policy.password_lock,
        seconds(900, 60, 86_400),
        "锁定多久；期间得到 500084。",
        "默认每天至多 480 次尝试，穷举需要五年以上。"
    ),
    row!(
        "policy.not_me_quiet_seconds",
        policy.quiet,
        seconds(900, 0, 86_400),
        "参保人表示非本人后，同一机构多久之内不得再通知该参保人，也不得免密；期间得到 500084。0 表示不设静默期。",
        "让冒用者等不下去，而误点的参保人仍可线下核验；只限这家机构，否则任何机构都能让参保人处处不能就医。"
    ),
    row!(
        "policy.confirmed_amount",
        policy.confirmed_amount,
        Form::Text { what: "\"exact\" 或 \"up-to\"", presence: Presence::Default("exact") },
        "确认之后，机构以另一金额再发通知时确认是否仍然有效：\"exact\" 只对所确认的金额有效，\"up-to\" 对更低的金额也有效。",
        "另一金额就是另一笔业务：参保人看到并确认的是那一个数。"
    ),
    row!(
        "policy.certificate_types",
        certificate_types,
        Form::Codes { what: "证件类型", known: &IdType::ALL, page: "certificate-types.md" },
        "密码核验（/cfc/api/userPwdCheck）收哪些证件类型的参保人；其余得到 -2，写明 idType。",
        "规范 1.8.1 的全部。国家中心在贵省不能核验的类型，在这里去掉，机构就不必等它来拒绝。"
    ),
    row!(
        "policy.show_registered_name",
        show_registered_name,
        switch(true),
        "机构送来的名称与登记名称不同时，是否向参保人展示登记名称。",
        "登记名称经过核实；请求中的名称谁都可以写。"
    ),
];
