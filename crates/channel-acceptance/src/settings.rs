//! What a run is to be.

use std::sync::Arc;
use std::time::Duration;

use yanmi_acceptance::BaseUrl;
use yanmi_acceptance::settings::RUN_TIME;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, ChannelId, EcIndexNo, Region, Sm4Key};

use crate::notice_url::NoticeUrl;
use crate::situation::Situation;
use crate::transport::{Direct, Transport};

/// How long the app has for an answer: what an institution waits for a notice, whole (§5).
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How long a report without answer is held before the connection ends: longer than channels wait.
pub const HANG: Duration = Duration::from_mins(1);

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// 省级医保区划代码.
    pub region: Region,
    /// 渠道编码, also the `orgId` of the envelopes of both directions.
    pub channel: ChannelId,
    /// The key of both directions; nothing to have one made. It stands on the page and in the brief, so it has to be one for
    /// tests.
    pub key: Option<Sm4Key>,
    /// `ecIndexNo` of the person of the play, when the app has one for tests; nothing to have one invented.
    pub person: Option<EcIndexNo>,
    /// Where notices are posted. Nothing else is ever called.
    pub notice_url: NoticeUrl,
    /// Who is tried, for the report; may be empty.
    pub vendor: String,
    /// What is tried, with its version; may be empty.
    pub product: String,
    /// The situations, by their positions in the table.
    pub situations: Vec<usize>,
    /// The ways of confirming the channel is registered with.
    pub ways: Vec<Way>,
    /// Whether it is registered with mac required (E13); otherwise it is optional.
    pub mac: bool,
    /// The most one payment may be that goes through without a password on the channel's word; nothing when no limits are
    /// registered.
    pub word: Option<Amount>,
    /// Whether the app lets the person switch password-free payment with the center (`pwdFree`).
    pub switch: bool,
    /// Whether advice decides as well.
    pub strict: bool,
    /// Where others see the suite, when it stands behind a front that takes away what stands before its paths; nothing for
    /// where it listens.
    pub public_url: Option<BaseUrl>,
    /// How long the run may take; [`crate::ChannelSuite::finished`] returns then.
    pub run_time: Duration,
    /// How long the app has for an answer.
    pub patience: Duration,
    /// How long a report without answer is held.
    pub hang: Duration,
    /// The way to the app.
    pub transport: Arc<dyn Transport>,
}

impl Settings {
    /// Every situation that fits a channel with every way and mac required.
    pub fn new(region: Region, channel: ChannelId, notice_url: NoticeUrl) -> Self {
        let mut settings = Self {
            region,
            channel,
            key: None,
            person: None,
            notice_url,
            vendor: String::new(),
            product: String::new(),
            situations: Vec::new(),
            ways: Way::ALL.to_vec(),
            mac: true,
            word: None,
            switch: false,
            strict: false,
            public_url: None,
            run_time: RUN_TIME,
            patience: PATIENCE,
            hang: HANG,
            transport: Arc::new(Direct::to_any()),
        };
        settings.choose_all();
        settings
    }

    /// Chooses every situation that fits how the channel is registered.
    pub fn choose_all(&mut self) {
        let fitting = Situation::all().enumerate().filter(|(_, situation)| situation.fits(self));
        self.situations = fitting.map(|(at, _)| at).collect();
    }
}
