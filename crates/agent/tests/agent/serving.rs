//! Starting, listening and stopping.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::json;
use yanmi_agent::{Agent, StartError};

use crate::door::{Door, config};
use crate::site::Site;

#[test]
fn what_keeps_it_from_starting_is_said() {
    let site = Site::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let start = |change: &dyn Fn(&mut yanmi_agent::AgentConfig)| {
        let mut config = config(&site);
        change(&mut config);
        runtime.block_on(Agent::start(&config, Arc::new(site.hands.clone())))
    };
    let first = start(&|_| {}).expect("an agent");
    let address = first.address();
    let taken = start(&|config| config.listen = address).expect_err("taken");
    assert!(matches!(taken, StartError::Listen(..)) && taken.to_string().starts_with("无法监听"), "{taken}");
    let nowhere = start(&|config| config.token_file = "/nowhere/agent.token".into()).expect_err("no folder");
    assert!(nowhere.to_string().contains("agent.token_file"), "{nowhere}");
    let no_file = |config: &mut yanmi_agent::AgentConfig| {
        config.client.visits.as_mut().expect("visits").file = "/nowhere/visits.sqlite".into();
    };
    assert!(start(&no_file).expect_err("no folder").to_string().contains("就诊记录文件"));
    assert!(runtime.block_on(first.stop()));
}

#[test]
fn a_stop_waits_for_what_is_asked_and_not_for_idle_connections() {
    let door = Door::open();
    let mut idle = TcpStream::connect(door.agent.address()).expect("connects");
    let begun = door.well("POST", "/visits", &json!({"medium": "idCard"}));
    assert!(begun["visit"]["id"].is_string());
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("sent");
    let mut start = [0; 15];
    idle.read_exact(&mut start).expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    assert!(door.stop().0);
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).expect("an end");
}
