//! What the command takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use yanmi_world::{CutSettings, Faults, LongSettings, Plan, Settings, cuts_of, seed_of};

/// Runs simulated worlds, in which a seed decides everything, and says what contradicts the contract.
#[derive(Debug, Parser)]
#[command(name = "world", bin_name = "cargo xtask world")]
pub(crate) struct Options {
    /// What everything is drawn from: a number, or any text.
    #[arg(default_value = "1")]
    seed: String,
    /// So many seeds, from this one on.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// How many days persons come.
    #[arg(long, conflicts_with = "minutes")]
    days: Option<u64>,
    /// How many minutes.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// How many seconds they come apart, on the average.
    #[arg(long, default_value_t = 10)]
    gap: u64,
    /// How many persons there are.
    #[arg(long, default_value_t = 200)]
    persons: u32,
    /// How many centers there are; several share a database.
    #[arg(long, default_value_t = 1)]
    centers: u16,
    /// What goes wrong: `none`, `drawn` from the seed, or a file with a plan.
    #[arg(long, default_value = "drawn")]
    faults: String,
    /// How many seconds faults that are drawn are apart, on the average.
    #[arg(long, default_value_t = 60)]
    every: u64,
    /// Runs each seed twice: both have to be the same.
    #[arg(long)]
    pub(crate) twice: bool,
    /// Instead of worlds: the power fails, and the process ends, at every so-many-th operation of a center's disk, and of a desk's; 1
    /// for all.
    #[arg(long)]
    pub(crate) cuts: Option<u64>,
    /// The kind of each world is drawn from its seed as well.
    #[arg(long)]
    pub(crate) drawn: bool,
    /// Instead of so many seeds: worlds of all kinds, and cuts, for so many minutes.
    #[arg(long, value_name = "MINUTES")]
    long: Option<u64>,
    /// Where `--long` keeps what all its runs together came to: it goes on there with the next seed, and adds up.
    #[arg(long, value_name = "FILE", requires = "long")]
    record: Option<PathBuf>,
    /// Instead of worlds of one's own: those that the tests go through and some cuts, until something is found or so many seconds
    /// have passed.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) usual: Option<u64>,
    /// Instead of worlds of one's own: how many simulated hours pass in a second, with a visit each minute and with one every three
    /// seconds, while nothing goes wrong; the quickest of so many runs each.
    #[arg(long, value_name = "RUNS", num_args = 0..=1, require_equals = true, default_missing_value = "5")]
    pub(crate) speed: Option<u32>,
    /// Prints the plan.
    #[arg(long)]
    pub(crate) plan: bool,
    /// Prints so many of the newest lines of what happened, not only when something is found.
    #[arg(long)]
    pub(crate) lines: Option<usize>,
    /// Of this visit only.
    #[arg(long)]
    pub(crate) visit: Option<u64>,
}

impl Options {
    /// The worlds, but for their seeds.
    ///
    /// # Errors
    /// A sentence when the plan cannot be read.
    pub(crate) fn settings(&self) -> Result<Settings, String> {
        let faults = match self.faults.as_str() {
            "none" => Faults::None,
            "drawn" => Faults::Drawn(Duration::from_secs(self.every)),
            file => {
                let path = PathBuf::from(file);
                let text =
                    std::fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
                Faults::Planned(Plan::read(&text).map_err(|why| format!("{}: {why}", path.display()))?)
            }
        };
        let length =
            self.days.map_or(Duration::from_mins(self.minutes), |days| Duration::from_hours(24 * days));
        Ok(Settings {
            seed: 0,
            length,
            gap: Duration::from_secs(self.gap),
            persons: self.persons.max(1),
            centers: self.centers.max(1),
            faults,
        })
    }

    /// The cuts of a seed, by how the machine fails.
    pub(crate) fn cut_settings(&self, seed: u64) -> Option<[CutSettings; 2]> {
        Some(cuts_of(seed, self.cuts?.max(1)))
    }

    /// The run that goes on until it is time, if one is wanted.
    pub(crate) fn long_settings(&self, version: String) -> Option<LongSettings> {
        let within = Duration::from_mins(self.long?);
        Some(LongSettings { first: seed_of(&self.seed), within, record: self.record.clone(), version })
    }

    pub(crate) fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        let first = seed_of(&self.seed);
        (0..self.seeds).map(move |more| first.wrapping_add(more))
    }
}
