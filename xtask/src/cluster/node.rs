//! A database machine: PostgreSQL and the Patroni that looks after it.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::ground::{Ground, database_user};
use super::process::{Process, kill_family};
use super::template;

/// One of them.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) number: u8,
    /// `db1` and so on.
    pub(super) name: String,
    pub(super) postgres: SocketAddr,
    /// Patroni's own service.
    pub(super) rest: SocketAddr,
    folder: PathBuf,
    log: PathBuf,
    patroni: Option<Process>,
}

/// Where Debian keeps the programs of the newest version.
pub(super) fn programs() -> Result<PathBuf, String> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.path()).max_by_key(number);
    let newest = newest.map(|path| path.join("bin")).filter(|path| path.join("initdb").is_file());
    newest.ok_or_else(|| "these packages are missing: apt-get install postgresql".to_owned())
}

impl Node {
    /// Writes the configuration; nothing runs yet.
    pub(super) fn prepare(
        ground: &mut Ground,
        folder: &Path,
        number: u8,
        etcd: SocketAddr,
    ) -> Result<Self, String> {
        let name = format!("db{number}");
        let address = ground.node(number);
        let (postgres, rest) = (ground.port(address)?, ground.port(address)?);
        let log = folder.join(format!("{name}.log"));
        let folder = folder.join(&name);
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(&folder).map_err(failed)?;
        let programs = programs()?;
        let text = template::fill(
            "patroni.yml",
            &[
                ("name: db1", &format!("name: {name}")),
                ("10.40.0.1:8008", &rest.to_string()),
                ("10.40.0.1:5432", &postgres.to_string()),
                ("10.40.0.11:2379,10.40.0.12:2379,10.40.0.13:2379", &etcd.to_string()),
                ("10.40.0.0/24", ground.network()),
                ("/var/lib/postgresql/15/yanmi", &folder.join("data").to_string_lossy()),
                ("/usr/lib/postgresql/15/bin", &programs.to_string_lossy()),
                ("/var/lib/postgresql/pgpass-patroni", &folder.join("pgpass").to_string_lossy()),
                ("/run/postgresql", &folder.to_string_lossy()),
                // It would restart this machine.
                ("mode: automatic", "mode: \"off\""),
            ],
        )?;
        let config = folder.join("config.yml");
        fs::write(&config, text).map_err(failed)?;
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        if let Some((user, group)) = database_user()? {
            let (user, group) = (user.parse().ok(), group.parse().ok());
            for path in [&folder, &config] {
                chown(path, user, group).map_err(failed)?;
            }
        }
        Ok(Self { number, name, postgres, rest, folder, log, patroni: None })
    }

    /// Starts Patroni, which starts PostgreSQL.
    pub(super) fn start(&mut self, ground: &Ground) -> Result<(), String> {
        let mut command = ground.in_node(self.number, "patroni")?;
        command.arg(self.folder.join("config.yml")).current_dir(&self.folder);
        self.patroni = Some(Process::start(&self.name, command, &self.log)?);
        Ok(())
    }

    /// Fails when Patroni has ended by itself.
    pub(super) fn check(&mut self) -> Result<(), String> {
        self.patroni.as_mut().map_or(Ok(()), Process::check)
    }

    /// SIGKILL for everything on it.
    pub(super) fn kill(&mut self) {
        if let Some(patroni) = &self.patroni {
            kill_family(patroni.id().cast_signed());
        }
        self.kill_postgres();
        // Waits for it, so that it is not in the way of the next.
        self.patroni = None;
    }

    /// SIGKILL for PostgreSQL alone.
    pub(super) fn kill_postgres(&self) {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
        let Some(pid) = file.lines().next().and_then(|line| line.trim().parse().ok()) else { return };
        // The file outlives its server, and the number may be another's by now.
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&words).contains(&*self.folder.to_string_lossy()) {
            kill_family(pid);
        }
    }

    /// Has Patroni stop PostgreSQL and then itself.
    pub(super) async fn stop(&mut self) -> Result<(), String> {
        match self.patroni.take() {
            Some(patroni) => patroni.stop().await,
            None => Ok(()),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
