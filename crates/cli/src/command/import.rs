//! `yanmi import`: bulk import of institutions or accounts at the machine's command line. Its operator needs no second person; every row
//! leaves an event that says who did it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use yanmi_center::config::Config;
use yanmi_center::registry::{
    Act, Administration, AdministrationError, Comparison, ImportCursor, ImportDecision, ImportFile,
    ImportLine, ImportRecord, ImportStep, ImportTicks, LineOutcome, MAX_IMPORT_FILE, check_whole, compare,
    import_pause, read_table,
};
use yanmi_onboarding::import::field_changes;
use yanmi_onboarding::{Area, ImportSubject};

use crate::command::registry::{self, Why};
use crate::failure::Failure;
use crate::{ambient, table};

/// Imports a list shows.
const LISTED: usize = 100;
/// Changes that a check prints; the rest is counted.
const PRINTED: usize = 50;

/// 批量导入定点医药机构或业务系统编码：XLSX 或 CSV，先核对，再导入，可以撤销
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// 配置文件
    #[arg(long, value_name = "文件", global = true, default_value = "yanmi.toml")]
    config: PathBuf,
    #[command(flatten)]
    why: Why,
    #[command(subcommand)]
    what: ImportAction,
}

#[derive(Debug, clap::Subcommand)]
enum ImportAction {
    /// 核对一个文件：打印将新增、将更改的与有错的，不作任何更改；有错时退出码不为 0
    Check {
        /// 机构表或业务系统表（XLSX、CSV），由列名认出是哪一种
        #[arg(value_name = "文件")]
        file: PathBuf,
    },
    /// 导入一个文件：有错的行不导入，其余照办
    Apply {
        /// 机构表或业务系统表（XLSX、CSV），由列名认出是哪一种
        #[arg(value_name = "文件")]
        file: PathBuf,
        /// 24 小时之内导入过同一个文件也要再导入
        #[arg(long)]
        again: bool,
        /// 整表要么全部导入，要么不导入：有一行有错，或在核对之后被改动，就一行也不导入（至多 500 行更改）
        #[arg(long)]
        whole: bool,
    },
    /// 列出最近的导入
    List,
    /// 撤销一次导入（30 天之内）：之后没有再被改动的回到导入之前
    Undo {
        /// 导入的序号（yanmi import list）
        #[arg(value_name = "序号")]
        number: i64,
    },
}

impl Import {
    pub(crate) fn run(self) -> Result<(), Failure> {
        registry::change(&self.config, &self.why, async |administration, config, act| match self.what {
            ImportAction::Check { file } => check(administration, config, &file).await,
            ImportAction::Apply { file, again, whole } => {
                apply(administration, config, (&file, again, whole), act).await
            }
            ImportAction::List => list(administration).await,
            ImportAction::Undo { number } => undo(administration, number, act).await,
        })
    }
}

/// A table, compared with what is registered.
struct Compared {
    comparison: Comparison,
    file: ImportFile,
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn failed(error: AdministrationError) -> Failure {
    Failure::because("导入未完成", &error)
}

async fn read(
    administration: &mut Administration,
    config: &Config,
    path: &Path,
) -> Result<Compared, Failure> {
    let unread = |error| Failure::because(&format!("未能读取 {}", path.display()), &error);
    let mut bytes = Vec::new();
    // One more than may be, so that what is larger is seen to be.
    let most = u64::try_from(MAX_IMPORT_FILE).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).map_err(unread)?.take(most).read_to_end(&mut bytes).map_err(unread)?;
    let brought =
        read_table(&bytes).map_err(|error| Failure::because(&path.display().to_string(), &error))?;
    let province = Area::new(config.region.as_str().get(..2).unwrap_or_default())
        .map_err(|error| Failure::because("设置 region 不可用", &error))?;
    let ground = administration.import_ground().await.map_err(registry::unread)?;
    let comparison = compare(&brought, &ground, &[province]).map_err(registry::unread)?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Compared {
        comparison,
        file: ImportFile { name, digest: brought.digest, place: province, may_edit: true },
    })
}

/// What it is, in one line.
fn print_counts(comparison: &Comparison) {
    let counts = comparison.counts;
    println!("{}表，读作 {}：{}", comparison.subject.name(), comparison.encoding, comparison.samples);
    println!(
        "将新增 {}，将更改 {}，与登记相同 {}，有错 {}",
        counts.added, counts.changed, counts.same, counts.faulty
    );
    if comparison.subject == ImportSubject::Accounts && counts.added > 0 {
        println!(
            "新账号的密钥由中心生成，没有人看得到：请在管理台的账号页交付，或用 yanmi account rotate-key 换成给对方的密钥。"
        );
    }
}

fn print_faults(comparison: &Comparison) {
    let faults = comparison.lines.iter().filter_map(|line| line.fault.as_ref()).flat_map(|line| &line.faults);
    let rows = faults
        .map(|fault| [fault.cell.clone(), fault.column.clone(), fault.shown_value(), fault.problem.clone()]);
    let rows: Vec<[String; 4]> = rows.collect();
    if !rows.is_empty() {
        print!("{}", table::text(["单元格", "列", "值", "问题与办法"], &rows));
    }
}

async fn check(administration: &mut Administration, config: &Config, path: &Path) -> Result<(), Failure> {
    let Compared { comparison, .. } = read(administration, config, path).await?;
    print_counts(&comparison);
    print_faults(&comparison);
    let changes = comparison.lines.iter().filter(|line| line.after.is_some());
    let rows: Vec<[String; 3]> = changes.take(PRINTED).map(change).collect();
    if !rows.is_empty() {
        print!("{}", table::text(["行", "编码", "内容"], &rows));
    }
    match comparison.counts.faulty {
        0 => Ok(()),
        faulty => Err(Failure::new(format!("{faulty} 行有错，不会导入；没有作任何更改"))),
    }
}

fn change(line: &ImportLine) -> [String; 3] {
    let changes = line.after.as_ref().map(|after| field_changes(line.before.as_ref(), after));
    let told: Vec<String> = changes.into_iter().flatten().map(|change| change.to_string()).collect();
    let told = told.join("；");
    [
        line.line.to_string(),
        line.code().to_owned(),
        if line.before.is_none() { format!("新增 {told}") } else { told },
    ]
}

async fn apply(
    administration: &mut Administration,
    config: &Config,
    (path, again, whole): (&Path, bool, bool),
    act: Act<'_>,
) -> Result<(), Failure> {
    let Compared { mut comparison, file } = read(administration, config, path).await?;
    print_counts(&comparison);
    print_faults(&comparison);
    let counts = comparison.counts;
    if whole {
        check_whole(counts).map_err(|error| Failure::because("没有作任何更改", &error))?;
    }
    if counts.added + counts.changed == 0 {
        println!("没有要导入的行。");
        return Ok(());
    }
    while administration.tidy_imports(act.at).await.map_err(failed)? {}
    let number = administration.begin_import(&file, &comparison, act).await.map_err(failed)?;
    while keep(administration, number, &mut comparison).await.map_err(failed)? {}
    administration.end_check(number, act).await.map_err(failed)?;
    let ticks = ImportTicks { meant: again, whole };
    let decision = ImportDecision { ticks, ..decision(number, ImportStep::Apply) };
    decide(administration, decision, act).await
}

/// Some rows, and then a pause for requests.
async fn keep(
    administration: &mut Administration,
    number: i64,
    comparison: &mut Comparison,
) -> Result<bool, AdministrationError> {
    let began = Instant::now();
    let more = administration.keep_import_lines(number, &mut comparison.lines).await?;
    tokio::time::sleep(import_pause(began.elapsed())).await;
    Ok(more)
}

async fn undo(administration: &mut Administration, number: i64, act: Act<'_>) -> Result<(), Failure> {
    decide(administration, decision(number, ImportStep::Undo), act).await
}

/// What the machine's operator decides, alone.
const fn decision(number: i64, step: ImportStep) -> ImportDecision {
    let ticks = ImportTicks { meant: false, whole: false };
    ImportDecision { number, step, may_edit: true, alone: true, ticks }
}

/// Decides, does it, and tells what became of it.
async fn decide(
    administration: &mut Administration,
    decision: ImportDecision,
    act: Act<'_>,
) -> Result<(), Failure> {
    let (number, step) = (decision.number, decision.step);
    administration.decide_import(decision, act).await.map_err(failed)?;
    let mut cursor = ImportCursor::default();
    loop {
        let (began, now) = (Instant::now(), ambient::clock().now());
        if !administration.advance_import(&mut cursor, now).await.map_err(failed)? {
            break;
        }
        tokio::time::sleep(import_pause(began.elapsed())).await;
    }
    let outcomes = administration.import_outcomes(number).await.map_err(registry::unread)?;
    let count = |wanted| outcomes.iter().find(|(outcome, _)| *outcome == wanted).map_or(0, |(_, rows)| *rows);
    if decision.ticks.whole && count(LineOutcome::Done) == 0 {
        return Err(Failure::new(format!("第 {number} 号导入：有的行在核对之后被改动，整表都没有导入")));
    }
    match step {
        ImportStep::Undo => println!(
            "第 {number} 号导入已撤销 {} 行，{} 行没有撤销（导入之后又被改动）。",
            count(LineOutcome::Reversed),
            count(LineOutcome::Kept)
        ),
        _ => println!(
            "第 {number} 号导入已导入 {} 行，{} 行没有导入（核对之后被改动）；运行中的中心一秒内生效。",
            count(LineOutcome::Done),
            count(LineOutcome::Skipped)
        ),
    }
    Ok(())
}

async fn list(administration: &mut Administration) -> Result<(), Failure> {
    // Every area there is.
    let all: Vec<Area> = (0..100).filter_map(|digits| Area::new(&format!("{digits:02}")).ok()).collect();
    let records =
        administration.imports_before(&all, "", i64::MAX, LISTED).await.map_err(registry::unread)?;
    let rows: Vec<[String; 9]> = records.iter().map(row).collect();
    print!(
        "{}",
        table::text(["序号", "上传时间", "上传人", "内容", "文件", "状态", "新增", "更改", "有错"], &rows)
    );
    Ok(())
}

fn row(record: &ImportRecord) -> [String; 9] {
    [
        record.number.to_string(),
        record.made_at.shanghai_text(),
        record.made_by.clone(),
        record.subject.name().to_owned(),
        record.file_name.clone(),
        record.state.to_string(),
        record.counts.added.to_string(),
        record.counts.changed.to_string(),
        record.counts.faulty.to_string(),
    ]
}
