//! The acceptance suite plays every situation against the agent, as a program drives it: register, notify, ask the gate,
//! do what it says, and tell the suite what came of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use yanmi_acceptance::{Brief, Conclusion, Rule, Scene, Settings, Situation, Suite, Verdict};
use yanmi_agent::{Agent, AgentConfig};
use yanmi_client::Ambient;
use yanmi_protocol::{OrgCode, Region, Sm4Key, UnixMillis};

use crate::door::{Caller, settings_of};
use crate::hands::Hands;
use crate::site::config;

/// How long the agent waits for an answer: long for this machine, short beside a call that is never answered.
const PATIENCE: Duration = Duration::from_millis(800);

/// A clock that is never the same twice, as a real one: two requests of one time would be one request.
#[derive(Clone, Debug)]
struct Ticking(Hands);

impl Ambient for Ticking {
    fn now(&self) -> UnixMillis {
        self.0.forward(Duration::from_millis(1));
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn pause(&self, span: Duration) {
        self.0.pause(span);
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

/// An agent before one of the suite's addresses.
struct Counter {
    caller: Caller,
    _agent: Agent,
    _folder: tempfile::TempDir,
}

impl Counter {
    fn before(center: &str, brief: &Brief, clock: &Ticking, runtime: &Runtime) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key = Sm4Key::from_hex(&brief.key).expect("a key");
        let mut client = config(vec![center.to_owned()], key, &brief.org_id, folder.path());
        client.center.attempt_timeout = PATIENCE;
        client.center.connect_timeout = PATIENCE;
        client.center.call_timeout = PATIENCE * 2;
        let settings: AgentConfig = settings_of(client, folder.path());
        let agent = runtime.block_on(Agent::start(&settings, Arc::new(clock.clone()))).expect("an agent");
        let token = std::fs::read_to_string(&settings.token_file).expect("a token").trim().to_owned();
        let caller = Caller { address: agent.address(), token };
        Self { caller, _agent: agent, _folder: folder }
    }

    /// Plays a situation as its steps say.
    fn play(&self, scene: &Scene, brief: &Brief, clock: &Ticking) {
        let amount = json!({"amount": scene.amount});
        let begun = self.caller.well("POST", "/visits", &json!({"ecToken": scene.tokens[0]}));
        let visit = format!("/visits/{}", begun["visit"]["id"].as_str().expect("an id"));
        self.caller.well("POST", &format!("{visit}/notice"), &amount);
        if let Some(other) = scene.tokens.get(1) {
            self.caller.well("POST", &format!("{visit}/token"), &json!({"ecToken": other}));
            self.caller.well("POST", &format!("{visit}/notice"), &amount);
        }
        if scene.id == "runs-out" {
            self.caller.well("GET", &format!("{visit}?wait=0"), &Value::Null);
            clock.0.forward(Duration::from_secs(25));
        }
        if self.decide(&visit, scene, brief) == "refused" {
            // The clerk sends again, once, and clicks again.
            clock.0.forward(Duration::from_millis(3_200));
            self.caller.well("POST", &format!("{visit}/notice"), &json!({"amount": scene.final_amount}));
            self.decide(&visit, scene, brief);
        }
    }

    /// Asks the gate, and tells the suite what the agent said.
    fn decide(&self, visit: &str, scene: &Scene, brief: &Brief) -> &'static str {
        let gated = self.caller.well(
            "GET",
            &format!("{visit}/gate?amount={}&kind=2207", scene.final_amount),
            &Value::Null,
        );
        let decision = &gated["decision"];
        let outcome = match decision["verdict"].as_str() {
            Some("settle") => "settled",
            Some("fallBack") => "offline",
            _ => "refused",
        };
        assert_eq!(gated["settle"], outcome == "settled", "{gated}");
        let words = |name: &str| decision["advice"][name].as_str().unwrap_or_default();
        let told = json!({
            "token": scene.tokens.last(),
            "orgCodg": brief.org_codg,
            "amount": scene.final_amount,
            "decision": outcome,
            "reason": format!("{}{}", words("why"), words("next")),
        });
        ureq::post(&brief.settle_url).send(told.to_string()).expect("the sink takes it");
        outcome
    }
}

#[test]
fn the_agent_passes_every_situation() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let clock = Ticking(Hands::new());
    let region = Region::new("350000").expect("a region");
    let org_code = OrgCode::new("H35010000001").expect("a code");
    let settings = Settings { late: Duration::from_millis(50), ..Settings::new(region, org_code) };
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = runtime.block_on(TcpListener::bind(anywhere)).expect("a port");
    let (looked, drawn) = (clock.clone(), AtomicU64::new(1));
    let chance: yanmi_acceptance::Entropy = Arc::new(move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            let next = drawn.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&next.to_le_bytes()[..chunk.len()]);
        }
    });
    let _within = runtime.enter();
    let suite = Suite::start(settings, listener, Arc::new(move || looked.now()), &chance).expect("a suite");
    let brief = suite.brief();
    let counter = Counter::before(&brief.center_url, &brief, &clock, &runtime);
    let (last, first): (Vec<_>, Vec<_>) =
        brief.situations.iter().partition(|scene| scene.id == "clock-drift");
    for scene in first.into_iter().chain(last) {
        if scene.center_url == brief.center_url {
            counter.play(scene, &brief, &clock);
        } else {
            Counter::before(&scene.center_url, &brief, &clock, &runtime).play(scene, &brief, &clock);
        }
    }
    let judged = suite.judged();
    let broken: Vec<_> = judged.broken().iter().map(|rule| (rule.id(), judged.reasons(*rule))).collect();
    // The one piece of advice the default does not follow, because the specification does not ask for it.
    assert!(judged.broken().iter().all(|rule| *rule == Rule::Replay), "{broken:#?}");
    for (at, situation) in Situation::all().enumerate() {
        assert_eq!(judged.situation(at), Verdict::Passed, "{}", situation.id);
    }
    assert_eq!(judged.conclusion(), Conclusion::Passed);
    runtime.block_on(suite.stop());
}
