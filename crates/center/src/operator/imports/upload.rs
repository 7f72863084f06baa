//! Bringing a table: it is read, compared with what is registered, and kept to be decided.

use std::time::Duration;

use axum::body::Body;
use yanmi_onboarding::{Action, Area, ImportSubject};
use yanmi_sheet::SheetError;

use super::one::may_edit_alone;
use crate::operator::request::{ConsoleRefusal, OperatorRequest};
use crate::registry::{Act, AdministrationError, Comparison, ImportError, ImportFile, compare, read_table};

/// Between two transactions that keep rows: requests have the database meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

/// The number under which it waits to be decided.
pub(super) async fn check(page: &mut OperatorRequest<'_>, body: Body) -> Result<i64, ConsoleRefusal> {
    let console = &page.site.console;
    let file = page.act_with_bytes(body).await?;
    let _place = console.reading.try_acquire().map_err(|_| ConsoleRefusal::Busy)?;
    let reach = page.reach(Action::ImportEntries);
    // Where nothing of the table can be done: his own.
    let own = reach.first().copied().ok_or(ConsoleRefusal::Nowhere)?;
    let bytes = file.bytes;
    let read = blocking(move || read_table(&bytes)).await?;
    let brought = read.map_err(bad_file)?;
    if brought.subject == ImportSubject::Accounts && page.may_in_province(Action::ImportEntries).is_err() {
        let theirs = "业务系统不属于哪一个市县，只有辖区是全省的人能导入".to_owned();
        return Err(ConsoleRefusal::BadFile(theirs, false));
    }
    let digest = brought.digest;
    let ground = console.work(async |a| a.import_ground().await).await?;
    let mut comparison = blocking(move || compare(&brought, &ground, &reach)).await??;
    let place = place(page, &comparison, own)?;
    let may_edit = may_edit_alone(page, place);
    let file = ImportFile { name: file.name, digest, place, may_edit };
    let actor = page.actor()?;
    let act = Act::new(&actor, "", page.now);
    let number = console.work(async |a| a.begin_import(&file, &comparison, act).await).await?;
    while console.work(async |a| a.keep_import_lines(number, &mut comparison.lines).await).await? {
        tokio::time::sleep(PAUSE).await;
    }
    console.work(async |a| a.end_check(number, act).await).await?;
    Ok(number)
}

/// Where a table is, as a whole.
fn place(page: &OperatorRequest<'_>, comparison: &Comparison, own: Area) -> Result<Area, ConsoleRefusal> {
    if comparison.subject == ImportSubject::Accounts {
        return page.province();
    }
    let counts = comparison.counts;
    let is_apart = comparison.region.is_none() && counts.added + counts.changed + counts.same > 0;
    let place = comparison.region.unwrap_or(own);
    if is_apart || page.may(Action::ImportEntries, place).is_err() {
        // Each is in his reach, but whoever decides about the whole needs all of it in one.
        let apart = "表里的机构分属几个辖区：请按辖区分成几个文件".to_owned();
        return Err(ConsoleRefusal::BadFile(apart, false));
    }
    Ok(place)
}

/// Reads and compares where nothing else waits for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ConsoleRefusal> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ConsoleRefusal::Busy)
}

fn bad_file(error: ImportError) -> ConsoleRefusal {
    let is_large = matches!(
        error,
        ImportError::Sheet(
            SheetError::TooLarge | SheetError::Bomb | SheetError::OldOrLocked | SheetError::ManyRows
        )
    );
    ConsoleRefusal::BadFile(AdministrationError::Import(error).to_string(), is_large)
}
