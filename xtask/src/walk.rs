//! `cargo xtask walk DEPTH`: the walks of the rules as deep as that, every sequence of three commands in a batch, and every
//! cut of a connection to PostgreSQL. The tests do the same less deep, with fewer commands, and without cuts that are
//! like others.

use std::process::ExitCode;

use crate::cargo::{cargo, done, ended};

pub(crate) fn run(depth: &str) -> ExitCode {
    if depth.parse::<u8>().is_err() {
        eprintln!("{depth}: how many steps to go is a number");
        return ExitCode::from(2);
    }
    let walk = |args: &[&str]| {
        let mut test = cargo();
        test.args(["test", "--release", "--quiet"])
            .args(args)
            .env("YANMI_WALK_DEPTH", depth)
            .env("YANMI_ALL_CUTS", "1");
        done(&mut test, "the rules disagree with the account")
    };
    let rules = ["--package", "yanmi-verification", "--test", "verification", "walk", "--", "--nocapture"];
    let batches = ["--package", "yanmi-center", "--lib", "one_by_one"];
    let cuts = ["--package", "yanmi-center", "--lib", "cuts::", "--", "--nocapture"];
    ended("walk", walk(&rules).and_then(|()| walk(&batches)).and_then(|()| walk(&cuts)))
}
