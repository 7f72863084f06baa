//! What the console is among the faces that people log in to.

use maud::{Markup, html};
use yanmi_protocol::UnixMillis;

use super::request::{ConsoleRefusal, OperatorRequest};
use super::{attempt, layout};
use crate::console::{Console, Entrance};
use crate::face::page_request::FaceSession;
use crate::percent::encoded;
use crate::registry::{Administration, AdministrationError, OperatorSession, Realm, SessionRow};
use crate::telemetry::Operation;

impl FaceSession for OperatorSession {
    const REALM: Realm = Realm::Operators;
    const ROOT: &'static str = "/o/";
    const BRAND: &'static str = "验密管理台";
    const COOKIE: &'static str = "yanmi-o";
    const OPERATION: Operation = Operation::Console;
    const FORGOTTEN: &'static str = "忘记密码或换了手机：请系统管理员重新发一个邀请。";

    fn entrance(console: &Console) -> &Entrance {
        &console.operators
    }

    async fn find(
        administration: &mut Administration,
        secret: &str,
        now: UnixMillis,
    ) -> Result<Option<Self>, AdministrationError> {
        administration.operator_session(secret, now).await
    }

    fn row(&self) -> &SessionRow {
        &self.row
    }

    async fn note_attempt(&self, request: &OperatorRequest<'_>) -> Result<(), ConsoleRefusal> {
        attempt::note(request, self).await
    }

    fn other_way(console: &Console, next: &str) -> Markup {
        html! {
            @if let Some(provider) = &console.oidc {
                p.box { a href={ "/o/oidc/login?next=" (encoded(next)) } { (provider.title()) } }
            }
        }
    }

    fn way(&self, request: &OperatorRequest<'_>) -> Markup {
        layout::way(request)
    }
}
