//! The desk, tried by the acceptance suite over real HTTP: as the institution of a vendor who uses this library.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use yanmi_acceptance::{Brief, Rule, Scene, Settings, Situation, Suite};
use yanmi_client::config::StatusSerial;
use yanmi_client::gate::{Ask, Settlement, Verdict, VisitId};
use yanmi_client::visits::NewVisit;
use yanmi_client::{Ambient, Desk};
use yanmi_protocol::{Amount, EcToken, OrgCode, Region, Sm4Key};

use crate::hands::Hands;
use crate::site;

/// How long the desk waits for an answer. Nothing but the answers that never come takes so long.
const PATIENCE: Duration = Duration::from_secs(2);

fn suite(hands: &Hands) -> impl Future<Output = Suite> + use<> {
    let hands = hands.clone();
    async move {
        let region = Region::new("350000").expect("a region");
        let org_code = OrgCode::new("H35010000001").expect("a code");
        let late = Duration::from_millis(50);
        let settings = Settings { late, ..Settings::new(region, org_code) };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (clock, chance) = (hands.clone(), hands);
        // A millisecond goes by at each look, so that no two requests have the same timestamp.
        let clock: yanmi_acceptance::Clock = Arc::new(move || {
            clock.forward(Duration::from_millis(1));
            clock.now()
        });
        let chance: yanmi_acceptance::Entropy = Arc::new(move |bytes| chance.fill(bytes));
        Suite::start(settings, listener, clock, &chance).expect("a suite")
    }
}

/// One counter: a desk, and a clerk who does what the steps say.
struct Counter<'a> {
    desk: Desk,
    hands: &'a Hands,
    brief: &'a Brief,
    scene: &'a Scene,
}

impl Counter<'_> {
    fn play(&self) {
        let token = |at: usize| EcToken::new(&self.scene.tokens[at]).expect("a token");
        let [first, last] =
            [&self.scene.amount, &self.scene.final_amount].map(|text| text.parse().expect("an amount"));
        let id = self.desk.begin(&NewVisit::scanned(token(0))).expect("begun").id();
        self.desk.notify(id, Some(first)).expect("recorded");
        let mut now = token(0);
        if self.scene.tokens.len() > 1 {
            now = token(1);
            self.desk.switch_token(id, now).expect("switched");
            self.desk.notify(id, Some(first)).expect("recorded");
        }
        if self.scene.id == "runs-out" {
            self.desk.status(id, None).expect("recorded");
            self.hands.pause(Duration::from_secs(25));
        }
        if self.settle(id, now, last) == "refused" {
            self.hands.pause(Duration::from_secs(4));
            self.desk.notify(id, Some(last)).expect("recorded");
            self.settle(id, now, last);
        }
    }

    fn settle(&self, id: VisitId, token: EcToken, amount: Amount) -> &'static str {
        let ask = Ask { kind: Settlement::Outpatient, amount };
        let gated = self.desk.gate(id, ask).expect("decided");
        let decision = match &gated.decision.verdict {
            Verdict::Settle(_) => "settled",
            Verdict::Refuse(_) => "refused",
            Verdict::FallBack(_) => "offline",
        };
        let reason =
            gated.advice().map(|advice| format!("{}。{}", advice.why, advice.next)).unwrap_or_default();
        let body = serde_json::json!({
            "token": token.as_str(), "amount": amount.to_string(), "decision": decision, "reason": reason,
        });
        ureq::post(&self.brief.settle_url).send(body.to_string()).expect("taken");
        decision
    }
}

#[test]
fn the_desk_passes_every_situation() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (hands, folder) = (Hands::new(), tempfile::tempdir().expect("a folder"));
    let suite = runtime.block_on(suite(&hands));
    let brief = suite.brief();
    for scene in &brief.situations {
        let key = Sm4Key::from_hex(&brief.key).expect("a key");
        let mut config = site::config(vec![scene.center_url.clone()], key, &brief.org_id, folder.path());
        config.center.attempt_timeout = PATIENCE;
        config.center.attempts = 2;
        // What is advised beyond the specification as well; the default takes any serial.
        config.center.status_serial = StatusSerial::OfNotice;
        let desk = Desk::open(&config, Arc::new(hands.clone())).expect("a desk");
        Counter { desk, hands: &hands, brief: &brief, scene }.play();
    }
    let judged = suite.judged();
    let broken: Vec<_> = judged.broken().into_iter().map(|rule| (rule, judged.reasons(rule))).collect();
    assert_eq!(broken, [], "{broken:#?}");
    for (at, situation) in Situation::all().enumerate() {
        assert_eq!(judged.situation(at), yanmi_acceptance::Verdict::Passed, "{}", situation.id);
    }
    // The desk waits by itself, so that nothing is left to wait for.
    let unseen: Vec<_> = Rule::ALL
        .into_iter()
        .filter(|rule| judged.rule(*rule) != yanmi_acceptance::Verdict::Passed)
        .collect();
    assert_eq!(unseen, []);
    runtime.block_on(suite.stop());
}
