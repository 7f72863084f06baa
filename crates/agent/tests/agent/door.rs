//! An agent that serves, and how a program speaks with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use ureq::http::{HeaderMap, Request, Response};
use yanmi_agent::config::Clerk;
use yanmi_agent::{Agent, AgentConfig};
use yanmi_client::ClientConfig;
use yanmi_client::gate::Settlement;
use yanmi_offline::ports::Ports;

use crate::site::Site;

/// An agent of a site.
pub(crate) struct Door {
    pub(crate) site: Site,
    pub(crate) agent: Agent,
    caller: Caller,
    runtime: Runtime,
}

impl Deref for Door {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// A program that has the token.
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) head: HeaderMap,
    pub(crate) text: String,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}: {}", self.status, self.text))
    }

    /// The error's code and member.
    pub(crate) fn fault(&self) -> (u16, String, Option<String>) {
        let error = &self.json()["error"];
        assert!(error["message"].as_str().is_some_and(|text| !text.is_ascii()), "{}", self.text);
        let text = |name: &str| error[name].as_str().map(str::to_owned);
        (self.status, text("code").expect("a code"), text("member"))
    }
}

pub(crate) fn config(site: &Site) -> AgentConfig {
    settings_of(site.config(), site.folder.path())
}

/// The agent of a desk, with its token in this folder.
pub(crate) fn settings_of(client: ClientConfig, folder: &Path) -> AgentConfig {
    AgentConfig {
        client,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        allow_remote: false,
        hosts: Vec::new(),
        token_file: folder.join("agent.token"),
        kind: Some(Settlement::Outpatient),
        clerk: Clerk { operator_id: "001".to_owned(), ..Clerk::default() },
        page_offline: Vec::new(),
        ports: Ports::default(),
    }
}

impl Door {
    pub(crate) fn open() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut AgentConfig)) -> Self {
        Self::of(Site::start(), |_, config| change(config))
    }

    pub(crate) fn of(site: Site, change: impl FnOnce(&Site, &mut AgentConfig)) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let mut config = config(&site);
        change(&site, &mut config);
        Self::start(&config, site, runtime)
    }

    fn start(config: &AgentConfig, site: Site, runtime: Runtime) -> Self {
        let started = runtime.block_on(Agent::start(config, Arc::new(site.hands.clone())));
        let agent = started.expect("an agent");
        let token = std::fs::read_to_string(&config.token_file).expect("a token").trim().to_owned();
        let caller = Caller { address: agent.address(), token };
        Self { site, agent, caller, runtime }
    }

    /// Stops it, and hands back the site.
    pub(crate) fn stop(self) -> (bool, Site) {
        let whole = self.runtime.block_on(self.agent.stop());
        (whole, self.site)
    }

    /// Stops it and starts another with the same files.
    pub(crate) fn restart(self) -> Self {
        let Self { site, agent, runtime, .. } = self;
        assert!(runtime.block_on(agent.stop()));
        Self::start(&config(&site), site, runtime)
    }
}

impl Caller {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request with these headers and nothing else.
    pub(crate) fn bare(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Heard {
        let mut request = Request::builder().method(method).uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .build();
        let sent = ureq::Agent::new_with_config(config).run(request.body(body.to_vec()).expect("a request"));
        heard(sent.expect("an answer"))
    }

    /// A request with the token.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Heard {
        let bearer = format!("Bearer {}", self.token);
        self.bare(method, path, &[("authorization", &bearer)], body.as_bytes())
    }

    /// The answer to a request that goes well.
    pub(crate) fn well(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let heard = self.ask(method, path, &body);
        assert_eq!(heard.status, 200, "{method} {path}: {}", heard.text);
        heard.json()
    }
}

fn heard(mut answer: Response<ureq::Body>) -> Heard {
    let text = answer.body_mut().read_to_string().expect("a text");
    Heard { status: answer.status().as_u16(), head: answer.headers().clone(), text }
}
