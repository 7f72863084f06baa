//! A center: `yanmi serve` with its own folder.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use yanmi_protocol::Sm4Key;
use yanmi_simulator::World;
use yanmi_simulator::outgoing::Caller;

use super::ground::beside;
use super::process::{LOOK, Process};
use super::template;

/// How long a center may take until it is ready.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How long one look may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// Limits that would refuse the load are out of the way, and notices live as long as the longest run.
const MORE: &str = "\
    [decode]\nenabled = true\n\
    [limits]\nrequests_per_second = 1000000\nburst = 1000000\n\
    [policy]\nnotice_interval_seconds = 0\nnotices_per_verification = 1000\n\
    notices_per_person_hour = 1000000\npassword_tries = 20\nnotice_seconds = 3600\n\
    confirmation_seconds = 7200\n";

/// What all centers have in common.
#[derive(Debug)]
pub(super) struct Common<'a> {
    pub(super) world: &'a World,
    /// The database nodes.
    pub(super) hosts: &'a str,
    pub(super) database_password: &'a str,
    pub(super) encryption_key: &'a Sm4Key,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Center {
    pub(super) name: String,
    pub(super) institution: SocketAddr,
    pub(super) channel: SocketAddr,
    pub(super) operations: SocketAddr,
    pub(super) config: PathBuf,
    program: PathBuf,
    log: PathBuf,
    process: Option<Process>,
}

impl Center {
    /// Writes its files; nothing runs yet.
    pub(super) fn prepare(
        common: &Common<'_>,
        folder: &Path,
        number: u8,
        listen: [SocketAddr; 3],
        program: &Path,
    ) -> Result<Self, String> {
        let name = format!("center{number}");
        let log = folder.join(format!("{name}.log"));
        let folder = folder.join(&name);
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let [institution, channel, operations] = listen;
        let world = common.world;
        let tls = |face: &str| format!("tls_certificate = \"{face}.pem\"\ntls_key = \"{face}.key.pem\"\n");
        let text = template::fill(
            "center1.toml",
            &[
                ("region = \"350000\"", &format!("region = \"{}\"", world.region.as_str())),
                ("10.40.0.1:5432,10.40.0.2:5432,10.40.0.3:5432", common.hosts),
                ("10.20.0.5:8350", &institution.to_string()),
                ("172.16.8.5:8351", &channel.to_string()),
                // On loopback, without certificates.
                ("10.20.0.5:8352", &operations.to_string()),
                // That of the operators' listener is the same.
                (&tls("institution"), ""),
                (&tls("channel"), ""),
                ("172.16.9.0/24\", \"10.30.0.9/32", "127.0.0.0/8"),
                ("https://10.30.0.9/national", &world.national.url),
                ("yanmi-350000", world.national.org_id.as_str()),
            ],
        )?;
        let config = folder.join("yanmi.toml");
        fs::write(&config, format!("{text}{MORE}")).map_err(|error| error.to_string())?;
        write_private(&folder.join("database.password"), common.database_password)?;
        write_private(&folder.join("encryption.key"), &common.encryption_key.to_hex())?;
        write_private(&folder.join("national.key"), &world.national.key.to_hex())?;
        Ok(Self {
            name,
            institution,
            channel,
            operations,
            config,
            program: program.to_owned(),
            log,
            process: None,
        })
    }

    pub(super) fn start(&mut self) -> Result<(), String> {
        let mut command = beside(&self.program);
        command.arg("serve").arg("--config").arg(&self.config);
        self.process = Some(Process::start(&self.name, command, &self.log)?);
        Ok(())
    }

    /// Waits until it is ready.
    pub(super) async fn ready(&mut self) -> Result<(), String> {
        let caller = Caller::new();
        let until = Instant::now() + READY_WITHIN;
        let url = format!("http://{}/readyz", self.operations);
        loop {
            let seen = match caller.get(&url, ANSWERS_WITHIN).await {
                Ok(answer) if answer.status == 200 => return Ok(()),
                Ok(answer) => String::from_utf8_lossy(&answer.body).into_owned(),
                Err(error) => error.to_string(),
            };
            self.process.as_mut().map_or(Ok(()), Process::check)?;
            if Instant::now() > until {
                return Err(format!("{} is not ready after {READY_WITHIN:?}: {seen}", self.name));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        self.process = None;
    }

    /// Whether anything in it has panicked.
    pub(super) fn panicked(&self) -> bool {
        fs::read(&self.log).is_ok_and(|text| String::from_utf8_lossy(&text).contains("panicked"))
    }
}

/// Writes a file only its owner may read.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::write(path, text).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)
}
