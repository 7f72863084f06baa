//! Applications as they are stored: one text for each, and none for what cannot be.

use yanmi_onboarding::Application;
use yanmi_onboarding::application::Kind;

use crate::outcomes::states;
use crate::play::{Play, at_province, live, on_condition};

#[test]
fn every_application_reads_back_as_it_was() {
    for (name, play) in states() {
        let json = play.application.to_json();
        assert_eq!(Application::from_json(&json), Some(play.application), "{name}: {json}");
    }
}

#[test]
fn how_one_is_stored() {
    let play = Play::new(Kind::System);
    assert_eq!(
        play.application.to_json(),
        r#"{"kind":"system","place":"350102","start":"county","filer":{"applicant":"person-1"},"contacts":[],"state":{"draft":{"savedAt":1796000400000}},"proposal":null}"#
    );
}

#[test]
fn what_no_steps_lead_to_is_not_read() {
    let (live, condition) =
        (live().application, on_condition().played(&[("issue", "key keeper")]).application);
    let proposed = at_province().played(&[("approve", "approver")]).application;
    for (application, from, to) in [
        (&live, r#""kind":"system""#, r#""kind":"attach""#),
        (&live, r#""kind":"system""#, r#""kind":"gift""#),
        (&live, r#""start":"county""#, r#""start":"province""#),
        (&live, r#""place":"350102""#, r#""place":"3501""#),
        (&live, r#""second":{"operator":"person-32"}"#, r#""second":{"operator":"person-33"}"#),
        (&live, r#""by":{"operator":"person-34"}"#, r#""by":{"operator":"person-33"}"#),
        (&live, r#""by":{"operator":"person-34"}"#, r#""by":{"operator":"person-32"}"#),
        (&live, r#""conclusion":"passed""#, r#""conclusion":"failed""#),
        (&live, r#""until":null"#, r#""until":1796000400000"#),
        (&condition, r#""conclusion":"conditional""#, r#""conclusion":"passed""#),
        (&live, r#""state":{"live":"#, r#""state":{"alive":"#),
        (&live, r#""kcv":"A1B2C3""#, r#""kcv":"A1B2""#),
        (&live, r#""filer":"#, r#""more":1,"filer":"#),
        (&live, r#""proposal":null"#, &proposal_of(&proposed)),
        (&proposed, r#""level":"province""#, r#""level":"city""#),
        (&proposed, r#"{"approve":"t-his001"}"#, r#"{"approve":null}"#),
        (&proposed, r#"{"approve":"t-his001"}"#, r#""pass""#),
        (&proposed, r#"{"approve":"t-his001"}"#, r#"{"close":"other"}"#),
    ] {
        let json = application.to_json();
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json, "{from} in {json}");
        assert_eq!(Application::from_json(&changed), None, "{from} to {to}");
    }
    for text in ["", "{}", "null", "[]"] {
        assert_eq!(Application::from_json(text), None);
    }
}

/// The member with what waits.
fn proposal_of(application: &Application) -> String {
    let json = application.to_json();
    let (_, proposal) = json.split_once(r#""proposal":"#).expect("a proposal");
    format!(r#""proposal":{}"#, proposal.strip_suffix('}').expect("the end"))
}
