//! The settings of alarms.

use super::field::Field;
use super::row::{row, text};
use super::setting::{Presence, Setting};

pub(super) static ALARMS: &[Setting] = &[row!(
    "alarms.target",
    alarm_target,
    text(
        "https://…（webhook）、udp://主机:端口 或 tcp://主机:端口（syslog）",
        Presence::Optional("udp://10.9.0.9:514")
    ),
    "新的告警告知谁：向网址 POST 一段 JSON，或者发一条 RFC 5424 的 syslog；不设置则只在管理台与日志里。",
    "至多一个：告警平台自己会转发。地址须在 outbound.allow 的网段内；内容没有参保人的信息。"
)];
