//! Rows of the table of settings: how long what is stored is kept.

use super::field::Field;
use super::row::{count, row};
use super::setting::Setting;

pub(super) static RETENTION: &[Setting] = &[
    row!(
        "retention.state_days",
        retention.state_days,
        count("天", 7, 1, 3_650),
        "令牌、核验、提醒次数等状态在结束后保留几天。",
        "状态只为正在进行的核验服务，留得越久数据库越大；不得短于令牌的有效期，也不得长于 retention.audit_days。"
    ),
    row!(
        "retention.audit_days",
        retention.audit_days,
        count("天", 1_096, 180, 36_500),
        "审计记录保留几天。",
        "默认三年；网络安全法要求日志留存不少于六个月，因此不得少于 180 天。"
    ),
    row!(
        "retention.calls_days",
        retention.calls_days,
        count("天", 30, 1, 366),
        "拒绝记录（calls 表）保留几天。",
        "供 yanmi denied 与 yanmi trace 回答“为什么失败”，不是证据；机构问起的多是近几天的事。"
    ),
];
