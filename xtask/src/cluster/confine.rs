//! What is outside: building, namespaces, the folder, and taking everything away at the end.
//!
//! A shell keeps the folder. When this process ends without a word, killed or interrupted, the shell's standard input
//! ends, and it ends what is inside and takes the folder away.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What this command understands.
pub(crate) const USAGE: &str = "cluster [--short] [--release] [--keep DIR]";

/// `$1` is the process inside, `$2` the folder, `$3` whether to keep it.
const KEEPER: &str = r#"
if ! read -r _; then
    kill -KILL "$1" 2>/dev/null || true
    for file in "$2"/db*/data/postmaster.pid; do
        [ -f "$file" ] || continue
        server=$(head -n 1 "$file")
        # Within namespaces this is a number of theirs.
        ! grep -q "$2" "/proc/$server/cmdline" 2>/dev/null || kill -KILL "$server"
    done
fi
[ "$3" = keep ] && exit
tries=0
until rm -rf "$2" 2>/dev/null || [ $tries -ge 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
"#;

/// Whether networks can be made and connected here.
const PROBE: &str = "ip link set lo up && ip link add street type bridge && \
    ip link add v1 type veth peer name v2 && unshare --net true && command -v nsenter";

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// One primary and one center, for CI.
    pub(super) short: bool,
    /// The optimized program instead of the one of the tests.
    pub(super) release: bool,
    /// Where to leave data and logs.
    keep: Option<PathBuf>,
    /// Set by the harness itself: the folder.
    pub(super) inside: Option<PathBuf>,
    /// Set by the harness itself: why there are no namespaces.
    pub(super) no_network: Option<String>,
}

impl Options {
    pub(super) fn read(words: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value =
                || words.next().map(|value| (*value).to_owned()).ok_or(format!("{word} needs a value"));
            match *word {
                "--short" => options.short = true,
                "--release" => options.release = true,
                "--keep" => options.keep = Some(PathBuf::from(value()?)),
                "--inside" => options.inside = Some(PathBuf::from(value()?)),
                "--no-network" => options.no_network = Some(value()?),
                _ => return Err(format!("usage: cargo xtask {USAGE}")),
            }
        }
        Ok(options)
    }

    fn words(&self) -> Vec<&'static str> {
        let words = [(self.short, "--short"), (self.release, "--release")];
        words.into_iter().filter(|(given, _)| *given).map(|(_, word)| word).collect()
    }
}

/// Whether nothing was found.
pub(super) fn outside(options: &Options) -> Result<bool, String> {
    missing()?;
    build(options.release)?;
    let folder = match &options.keep {
        Some(folder) => std::fs::create_dir_all(folder).and_then(|()| folder.canonicalize()),
        None => tempfile::Builder::new().prefix("yanmi-cluster-").tempdir().map(tempfile::TempDir::keep),
    };
    let folder = folder.map_err(|error| format!("no folder: {error}"))?;
    let mut inside = enter(&folder, options)?;
    let keep = if options.keep.is_some() { "keep" } else { "" };
    let mut keeper = keeper(&inside, &folder, keep)?;
    let ended = inside.wait().map_err(|error| error.to_string())?;
    if let Some(mut told) = keeper.stdin.take() {
        // When the keeper is gone there is nobody to tell.
        let _ = told.write_all(b"done\n");
    }
    keeper.wait().map_err(|error| error.to_string())?;
    Ok(ended.success())
}

/// Debian's packages that are not there.
fn missing() -> Result<(), String> {
    let programs =
        [("patroni", "patroni"), ("etcd", "etcd-server"), ("haproxy", "haproxy"), ("setpriv", "util-linux")];
    let there = |program: &str| super::process::find(program).is_some();
    let lacking: Vec<&str> =
        programs.iter().filter(|(name, _)| !there(name)).map(|(_, package)| *package).collect();
    if !lacking.is_empty() {
        return Err(format!("these packages are missing: apt-get install {}", lacking.join(" ")));
    }
    super::node::programs().map(|_| ())
}

fn build(release: bool) -> Result<(), String> {
    let mut cargo = crate::cargo::cargo();
    cargo.args(["build", "--quiet", "--package", "yanmi"]);
    if release {
        cargo.arg("--release");
    }
    crate::cargo::done(&mut cargo, "the build failed")
}

/// Starts the part that is inside.
fn enter(folder: &std::path::Path, options: &Options) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let namespaces = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let probed = Command::new("unshare").args(namespaces).args(["sh", "-c", PROBE]).output();
    let refused = match probed {
        Ok(probed) if probed.status.success() => None,
        Ok(probed) => Some(String::from_utf8_lossy(&probed.stderr).trim().to_owned()),
        Err(error) => Some(error.to_string()),
    };
    let mut command = if refused.is_none() {
        // The shell is the first process of the namespace and takes in those whose parents were killed.
        let mut command = Command::new("unshare");
        command.args(namespaces).args(["sh", "-c", "\"$@\"; exit $?", "sh"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.arg("cluster").args(options.words()).arg("--inside").arg(folder);
    if let Some(why) = refused {
        command.args(["--no-network", &why]);
    }
    command.stdin(Stdio::null()).spawn().map_err(|error| error.to_string())
}

fn keeper(inside: &Child, folder: &std::path::Path, keep: &str) -> Result<Child, String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", KEEPER, "sh", &inside.id().to_string()]).arg(folder).arg(keep);
    // A group of its own: what is typed at the terminal is not for it.
    shell.process_group(0).stdin(Stdio::piped()).spawn().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_strictly() {
        let options = Options::read(&["--short", "--keep", "x"]).expect("options");
        assert!(options.short && !options.release && options.inside.is_none());
        assert_eq!(options.keep, Some(PathBuf::from("x")));
        assert_eq!(options.words(), ["--short"]);
        assert!(Options::read(&["--keep"]).is_err());
        assert!(Options::read(&["--shorter"]).is_err());
    }
}
