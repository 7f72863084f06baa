//! One fault after the other, under traffic.

use std::time::Instant;

use super::faults::Fault;
use super::site::Site;
use super::table::Row;

impl Site {
    /// Breaks one thing after the other.
    pub(super) async fn play(&mut self, short: bool) -> Result<Vec<Row>, String> {
        self.traffic()?.stocked().await?;
        let mut rows = Vec::new();
        for fault in Fault::all(short) {
            if fault.obstacle(&self.ground).is_some() {
                continue;
            }
            eprintln!("cluster: {} …", fault.name());
            let view = self.patroni.whole().await?;
            let begin = Instant::now();
            let own =
                fault.strike(self, &view).await.map_err(|error| format!("{}: {error}", fault.name()))?;
            self.patroni.whole().await?;
            for center in &mut self.centers {
                center.ready().await?;
            }
            self.traffic()?.flows().await?;
            let calls = self.traffic()?.calls();
            rows.push(Row::of(fault.name(), own, begin, Instant::now(), &calls));
        }
        Ok(rows)
    }

    /// What was not done here, and why.
    pub(super) fn skipped(&self, short: bool) -> Vec<String> {
        let faults = Fault::all(short).into_iter();
        let why = |fault: Fault| Some(format!("{}: {}", fault.name(), fault.obstacle(&self.ground)?));
        faults.filter_map(why).collect()
    }
}
