//! What a run of an acceptance suite came to: on the screen, in files, and as the exit code.

use std::fmt::Write;
use std::path::Path;

use yanmi_acceptance::Conclusion;
use yanmi_acceptance::report::{RuleRow, Totals};

use crate::failure::Failure;

/// What a run came to.
pub(super) struct Outcome<'a> {
    conclusion: Conclusion,
    /// Of the rules, of the advice and of the situations.
    totals: [Totals; 3],
    rules: &'a [RuleRow],
}

/// A report of either suite.
macro_rules! outcome_of {
    ($($report:ty),*) => {$(
        impl<'a> From<&'a $report> for Outcome<'a> {
            fn from(report: &'a $report) -> Self {
                let totals = [report.rule_totals, report.advice_totals, report.situation_totals];
                Self { conclusion: report.conclusion, totals, rules: &report.rules }
            }
        }
    )*};
}

outcome_of!(yanmi_acceptance::Report, yanmi_channel_acceptance::Report);

impl Outcome<'_> {
    /// Says it; the failure is what the exit code is made of.
    pub(super) fn end(&self, folder: &Path) -> Result<(), Failure> {
        println!("{}", self.said(folder));
        match self.conclusion {
            Conclusion::Passed => Ok(()),
            Conclusion::Failed => Err(Failure::new("验收不通过")),
            Conclusion::Incomplete => Err(Failure::new("验收未完成：有情形没有走完")),
        }
    }

    fn said(&self, folder: &Path) -> String {
        let [rules, advice, situations] = self.totals;
        let mut out = format!(
            "结论：{}\n规范要求：通过 {}，不通过 {}，未观察到 {}\n安全建议：通过 {}，未采纳 {}，未观察到 {}\n情形：通过 {}，不通过 {}，未观察到 {}\n",
            self.conclusion.name(),
            rules.passed,
            rules.failed,
            rules.not_observed,
            advice.passed,
            advice.failed,
            advice.not_observed,
            situations.passed,
            situations.failed,
            situations.not_observed
        );
        for row in self.rules {
            for evidence in &row.evidence {
                let at = evidence.situation.map(|id| format!("（{id}）")).unwrap_or_default();
                let (section, title, why) = (row.section, row.title, &evidence.why);
                // Writing text into memory cannot fail.
                let verdict = row.verdict.of(row.kind);
                let _ = writeln!(out, "  {verdict} {section} {title}{at}：{why}");
            }
        }
        out + &format!("报告：{}", folder.join("report.html").display())
    }
}

/// A value as the text of a file.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n").map_err(|error| Failure::because("无法写成 JSON", &error))
}

/// Writes a file that everybody may read.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|error| Failure::because(&format!("无法写入 {}", file.display()), &error))
}
