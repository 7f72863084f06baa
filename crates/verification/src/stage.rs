//! Where a verification stands, in words: what an institution reads that asked with `"ext":"1"` (section 6), its
//! next step taken from the advice in 1.4.4(5).

use yanmi_protocol::UnixMillis;
use yanmi_protocol::message::status::Extension;

use crate::state::{DeclineReason, State, Verification};

/// The words for a verification, or for none.
pub fn extension(verification: Option<&Verification>, now: UnixMillis) -> Extension {
    let (stage, description, next_step) = words(verification, now);
    let mut out = Extension {
        stage,
        description,
        next_step,
        way: None,
        at: None,
        amount: None,
        valid_until: None,
        check_number: None,
    };
    if let Some(open) = verification.filter(|verification| verification.is_open(now)) {
        out.valid_until = Some(open.expires_at);
    }
    if let Some(Verification { state: State::Verified { way, at, valid_until, .. }, amount, .. }) =
        verification
    {
        out.way = Some(way.code());
        out.at = Some(*at);
        out.amount = *amount;
        out.valid_until = Some(*valid_until);
    }
    out
}

fn words(verification: Option<&Verification>, now: UnixMillis) -> (&'static str, &'static str, &'static str) {
    let Some(verification) = verification else {
        return ("none", "尚未发起认证通知", "请为参保人发起线上密码核验认证通知。");
    };
    match verification.state_at(now) {
        State::Asked => ("asked", "正在通知参保人的渠道应用", "请参保人先打开手机并进入展码渠道应用。"),
        State::Notified { .. } => (
            "notified",
            "渠道应用已收到通知，等待参保人确认",
            "请参保人在展码渠道应用上完成认证；未看到通知的，查看手机系统通知与应用内消息中心，仍没有则重新发起通知。",
        ),
        State::Verified { .. } if verification.is_confirmed(now) => {
            ("confirmed", "参保人已认证通过", "可继续办理医保业务并结算。")
        }
        State::Verified { .. } => ("lapsed", "认证已超过有效时间", "请重新发起认证通知。"),
        State::Declined { reason: DeclineReason::Cancelled, .. } => {
            ("cancelled", "参保人取消了认证", "请与参保人确认；愿意办理的重新发起认证通知，或采用线下方式。")
        }
        State::Declined { reason: DeclineReason::NotMe, .. } => (
            "notMe",
            "参保人表示非本人办理",
            "请核实持码人身份，未核实前不得结算；静默期内不再通知该参保人，核实为本人的采用线下密码核验认证方式。",
        ),
        State::Declined { reason: DeclineReason::WrongPassword, .. } => (
            "wrongPassword",
            "密码错误次数过多，已锁定",
            "请参保人稍后再试，或采用人脸等其他认证方式、线下密码核验认证方式。",
        ),
        State::Declined { reason: DeclineReason::ChannelFailed, .. } => {
            ("failed", "渠道应用认证失败", "请重新发起认证通知，或换一个渠道应用重新展码。")
        }
        State::Expired { .. } => {
            ("expired", "参保人未在有效时间内认证", "请参保人打开展码渠道应用后，重新发起认证通知。")
        }
        State::Undelivered { .. } => (
            "undelivered",
            "通知未能送达渠道应用",
            "请重新发起；仍失败的，换一个渠道应用重新展码，或采用线下密码核验认证方式。",
        ),
    }
}
