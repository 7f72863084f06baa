//! What was recorded, as it is answered. Nothing is decided here.

use yanmi_client::gate::{self, Grounds, OfflineOutcome, Proof, StatusOutcome, Verdict};
use yanmi_protocol::message::decode::Decoded;

use crate::shapes;

pub(crate) fn visit(visit: &gate::Visit) -> shapes::Visit {
    shapes::Visit {
        id: visit.id(),
        reference: visit.reference().map(str::to_owned),
        medium: visit.medium(),
        token: visit.token().map(|token| token.as_str().to_owned()),
        way: visit.way(),
        cross_province: visit.is_cross_province(),
        begun_at: visit.begun_at().to_string(),
        notices: visit.notices(),
        check_number: visit.check_number().map(str::to_owned),
        stage: visit.status().map(|status| stage(&status.outcome)),
        offline: visit.offline().map(|record| checked(&record.outcome)),
        decision: visit.decision().map(decision),
    }
}

pub(crate) fn visits(visits: &[gate::Visit]) -> Vec<shapes::Visit> {
    visits.iter().map(visit).collect()
}

/// Where the online way stands. Only the gate says whether to settle.
pub(crate) fn stage(outcome: &StatusOutcome) -> shapes::Stage {
    let (confirmed, message, next) = match outcome {
        StatusOutcome::Confirmed { .. } => (true, "参保人已完成认证".to_owned(), "请确认结算"),
        StatusOutcome::PasswordFree => (true, "免密（500320）".to_owned(), "请确认结算"),
        StatusOutcome::Unconfirmed { told: Some((stage, next)), .. } => (false, stage.clone(), next.as_str()),
        StatusOutcome::Unconfirmed { told: None, .. } => (false, "参保人尚未完成认证".to_owned(), ""),
        StatusOutcome::Refused { code, message } => (false, format!("{message}（{code}）"), ""),
        StatusOutcome::NoAnswer { message, .. } | StatusOutcome::Foreign { message } => {
            (false, message.clone(), "")
        }
    };
    shapes::Stage { confirmed, message, next: next.to_owned() }
}

/// What an offline check came to. Only the gate says whether to settle.
pub(crate) fn checked(outcome: &OfflineOutcome) -> shapes::Stage {
    let (confirmed, message, next) = match outcome {
        OfflineOutcome::Passed { .. } => (true, "线下核验通过".to_owned(), "请确认结算"),
        OfflineOutcome::Failed { message } => (false, format!("线下核验未通过：{message}"), ""),
        OfflineOutcome::Unavailable { message } => (false, format!("线下核验不可用：{message}"), ""),
    };
    shapes::Stage { confirmed, message, next: next.to_owned() }
}

pub(crate) fn advice(advice: &gate::Advice) -> shapes::Advice {
    let gate::Advice { reason, code, why, next, steps } = advice;
    shapes::Advice {
        reason: *reason,
        center_code: *code,
        why: why.clone(),
        next: next.clone(),
        steps: steps.clone(),
    }
}

/// The advice of a verdict that does not settle.
pub(crate) fn advice_of(verdict: &Verdict) -> Option<&gate::Advice> {
    match verdict {
        Verdict::Settle(_) => None,
        Verdict::Refuse(advice) | Verdict::FallBack(advice) => Some(advice),
    }
}

fn proof(proof: &Proof) -> shapes::Proof {
    shapes::Proof {
        way: proof.way,
        time: proof.at.to_string(),
        res_biz_no: proof.serial.clone(),
        password_free: proof.password_free,
        covers: proof.covers.map(|amount| amount.to_string()),
        claimed: proof.claimed,
    }
}

pub(crate) fn decision(decision: &gate::Decision) -> shapes::Decision {
    let verdict = &decision.verdict;
    let (word, message) = match verdict {
        Verdict::Settle(why) => (shapes::Word::Settle, format!("可以结算：{}", why.words())),
        Verdict::Refuse(advice) => (shapes::Word::Refuse, format!("不能结算：{}", advice.why)),
        Verdict::FallBack(advice) => (shapes::Word::FallBack, format!("不能结算：{}", advice.why)),
    };
    let (proven, exemption) = match verdict {
        Verdict::Settle(Grounds::Proven(proven)) => (Some(proof(proven)), None),
        Verdict::Settle(Grounds::NotGated(exemption)) => (None, Some(*exemption)),
        _ => (None, None),
    };
    shapes::Decision {
        settle: verdict.settles(),
        verdict: word,
        message,
        proof: proven,
        exemption,
        advice: advice_of(verdict).map(advice),
        kind: decision.kind,
        amount: decision.amount.to_string(),
        at: decision.at.to_string(),
    }
}

pub(crate) fn person(decoded: Decoded) -> shapes::Person {
    shapes::Person {
        user_name: decoded.user_name,
        id_no: decoded.id_no,
        id_type: decoded.id_type,
        insu_org: decoded.insu_org,
        ec_index_no: decoded.ec_index_no,
        gender: decoded.gender,
        birthday: decoded.birthday,
        chnl_id: decoded.chnl_id,
    }
}
