//! Visits whose course is fixed: one of each kind of command a center decides, in as little time as it takes.

use yanmi_protocol::message::channel_notice::Way;

use crate::mind::Mind;

/// What a counter does beside asking for a notice and for the status.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extra {
    Nothing,
    /// It asks for the status of a token the center does not know yet.
    StatusFirst,
    /// It asks for the same notice again while the person looks.
    AskAgain,
    /// It asks for another amount while the person looks.
    OtherAmount,
    /// It asks again, and for another amount, when it was told to settle.
    AfterConfirmation,
    /// The person shows another code while they look.
    OtherCode,
    /// The person switches password-free settlement on before, and off afterwards.
    Free,
}

/// The course of a visit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) mind: Mind,
    pub(crate) way: Way,
    pub(crate) app: u16,
    pub(crate) extra: Extra,
}

impl Scene {
    /// How long the person looks at the notice, in milliseconds: longer where something is to happen meanwhile.
    pub(crate) const fn think_millis(&self) -> (u64, u64) {
        match self.extra {
            Extra::AskAgain | Extra::OtherAmount | Extra::OtherCode => (3_600, 3_900),
            _ => (300, 900),
        }
    }
}

/// All of them.
pub(crate) const SCENES: [Scene; 13] = [
    scene(Mind::Confirms, Way::CredentialPassword, 0, Extra::Nothing),
    scene(Mind::Confirms, Way::Face, 1, Extra::StatusFirst),
    scene(Mind::Confirms, Way::ChannelPassword, 1, Extra::AskAgain),
    scene(Mind::Mistypes(1), Way::CredentialPassword, 0, Extra::Nothing),
    scene(Mind::Mistypes(5), Way::CredentialPassword, 0, Extra::Nothing),
    scene(Mind::Cancels, Way::Face, 1, Extra::Nothing),
    scene(Mind::IsNotMe, Way::Face, 0, Extra::Nothing),
    scene(Mind::Fails, Way::Face, 1, Extra::Nothing),
    scene(Mind::Confirms, Way::ChannelPassword, 0, Extra::OtherAmount),
    scene(Mind::Confirms, Way::Face, 0, Extra::AfterConfirmation),
    scene(Mind::Confirms, Way::ChannelPassword, 1, Extra::OtherCode),
    scene(Mind::Confirms, Way::ChannelPassword, 1, Extra::Free),
    scene(Mind::Ignores, Way::ChannelPassword, 0, Extra::OtherCode),
];

const fn scene(mind: Mind, way: Way, app: u16, extra: Extra) -> Scene {
    Scene { mind, way, app, extra }
}
