//! May it be settled?

use yanmi_client::gate::{self, VisitId};

use crate::fault::Fault;
use crate::office::Office;
use crate::shapes::{self, Gated};
use crate::view;

/// Asks the gate; the decision is stored before it is answered.
pub(crate) fn ask(office: &Office, id: VisitId, asked: &shapes::Ask) -> Result<Gated, Fault> {
    let known = |kind: &shapes::Kind| {
        kind.of(office.desk.rules())
            .ok_or_else(|| Fault::member("kind", "不是本机构核验的结算种类或医保交易编号"))
    };
    let kind = asked.kind.as_ref().map(known).transpose()?.or(office.kind);
    let kind = kind.ok_or_else(|| Fault::member("kind", "缺失：配置 agent.kind 未设缺省的结算种类"))?;
    office.note(id, |note| (note.amount, note.kind) = (Some(asked.amount), Some(kind)));
    let gated = office.desk.gate(id, gate::Ask { kind, amount: asked.amount })?;
    Ok(Gated {
        decision: view::decision(&gated.decision),
        settle: gated.settles(),
        visit: view::visit(&gated.visit),
        clock: office.clock(),
    })
}
