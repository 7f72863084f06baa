//! The faces a center listens with.

/// A face with a listener of its own. The insured person's page is on the channels' (decision 19).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Face {
    /// For institutions, on 医保专网.
    Institution,
    /// For channel apps, and the pages of insured persons.
    Channel,
    /// For those who run the center: whether it lives, is ready, and how it fares.
    Operations,
}

impl Face {
    /// All of them, in the order of the reference page.
    pub const ALL: [Self; 3] = [Self::Institution, Self::Channel, Self::Operations];

    /// Its name in the configuration, in log lines and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Institution => "institution",
            Self::Channel => "channel",
            Self::Operations => "operations",
        }
    }
}
