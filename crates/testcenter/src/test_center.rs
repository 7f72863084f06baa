//! The whole test center as one value: started, and stopped in order.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use yanmi_center::ports::Ports;
use yanmi_client::private;
use yanmi_http::{BindError, ListenSettings, Listener, Proxies, Server, ServerLimits};

use crate::codes::Codes;
use crate::deeds::{self, Undone};
use crate::front::{self, Side};
use crate::hall::{Hall, HallParts};
use crate::operator_key;
use crate::refused_keys::RefusedKeys;
use crate::settings::Settings;
use crate::signing::Signer;

/// How often idle spaces are stopped and old ones ended.
const KEEP_HOUSE: Duration = Duration::from_secs(30);
/// How long a stop waits for requests in progress.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// What strangers may hold at the front.
const LIMITS: ServerLimits = ServerLimits {
    connections: 8_192,
    connections_per_source: 1_024,
    handshake: Duration::from_secs(10),
    header: Duration::from_secs(15),
    keep_alive: Duration::from_mins(1),
    unproven: Duration::from_mins(5),
};
/// What the simulators hold, which are all at one address.
const INSIDE_LIMITS: ServerLimits = ServerLimits { connections_per_source: 8_192, ..LIMITS };

/// A running test center.
#[derive(Debug)]
pub struct TestCenter {
    hall: Arc<Hall>,
    front: Server,
    operator: Server,
    inside: Server,
    housekeeping: JoinHandle<()>,
    _lock: File,
}

/// Why a test center does not start. `Display` is Chinese and names the setting.
#[derive(Debug, thiserror::Error)]
pub enum TestCenterError {
    /// The data folder.
    #[error("数据文件夹（testcenter.data）无法使用")]
    Data(#[source] io::Error),
    /// Another one has the folder.
    #[error("数据文件夹（testcenter.data）正由另一个联调中心使用，什么都没有改动")]
    InUse,
    /// The codes that wait.
    #[error("空间码文件 codes.json 无法使用")]
    Codes(#[source] io::Error),
    /// Keys that are refused.
    #[error("生产密钥校验值文件（testcenter.refused_keys）无法使用")]
    RefusedKeys(#[source] io::Error),
    /// The operator's key.
    #[error("管理人员的登录口令（operator.key_file）无法使用：{0}")]
    OperatorKey(String),
    /// What reports are signed with.
    #[error("签名私钥 report.pem 无法使用：{0}")]
    SigningKey(String),
    /// A listener.
    #[error("无法监听")]
    Listen(#[from] BindError),
}

impl TestCenter {
    /// Starts it: takes the folder, binds every listener, then serves. No space runs yet.
    ///
    /// # Errors
    /// [`TestCenterError`]; nothing is left running.
    pub async fn start(mut settings: Settings, ports: Ports) -> Result<Self, TestCenterError> {
        fs::create_dir_all(&settings.data).map_err(TestCenterError::Data)?;
        let lock = private::lock(&settings.data.join("testcenter.lock")).map_err(TestCenterError::Data)?;
        let lock = lock.ok_or(TestCenterError::InUse)?;
        let codes = Codes::read(settings.data.join("codes.json")).map_err(TestCenterError::Codes)?;
        let refused = settings.refused_keys.as_deref().map(RefusedKeys::read).transpose();
        let refused = refused.map_err(TestCenterError::RefusedKeys)?.unwrap_or_default();
        let key = operator_key::open(&settings.operator_key, &ports.entropy);
        let key = key.map_err(TestCenterError::OperatorKey)?;
        let signer = Signer::open(&settings.data, &settings.name, &ports.entropy)
            .map_err(TestCenterError::SigningKey)?;
        let front = Listener::bind(settings.listen.clone()).await?;
        let operator = Listener::bind(settings.operator.clone()).await?;
        let inside = Listener::bind(inside()).await?;
        if settings.listen.address.port() == 0 && settings.public_url.ends_with(":0") {
            settings.public_url = format!("http://{}", front.addr());
        }
        let of_hall = HallParts { settings, ports, codes, refused, signer, inside: inside.addr() };
        let hall = Arc::new(Hall::open(of_hall).map_err(TestCenterError::Data)?);
        let housekeeping = tokio::spawn(keep_house(Arc::clone(&hall)));
        Ok(Self {
            operator: Server::start(operator, front::operator::router(Arc::clone(&hall), key), LIMITS),
            inside: Server::start(inside, front::router(Arc::clone(&hall), Side::Inside), INSIDE_LIMITS),
            front: Server::start(front, front::router(Arc::clone(&hall), Side::Outside), LIMITS),
            housekeeping,
            _lock: lock,
            hall,
        })
    }

    /// Where vendors reach it.
    pub fn addr(&self) -> SocketAddr {
        self.front.addr()
    }

    /// Where the operator's page is.
    pub fn operator_addr(&self) -> SocketAddr {
        self.operator.addr()
    }

    /// Stops idle spaces and ends old ones now, instead of within half a minute.
    pub async fn keep_house(&self) {
        self.hall.keep_house().await;
    }

    /// The address vendors use.
    pub fn public_url(&self) -> &str {
        &self.hall.settings.public_url
    }

    /// Stops: takes nothing new, ends what goes on, writes reports of runs that are broken off, and keeps every space.
    pub async fn stop(self) {
        self.housekeeping.abort();
        self.front.stop(STOP_WITHIN).await;
        self.operator.stop(STOP_WITHIN).await;
        for space in self.hall.all() {
            let Some(run) = space.run() else { continue };
            if let Err(Undone(why)) = deeds::end_run(&self.hall, &space, run.number).await {
                tracing::error!(cause = why, "验收报告没有写下");
            }
        }
        self.hall.stop().await;
        self.inside.stop(STOP_WITHIN).await;
    }
}

/// Where the simulators reach their centers.
fn inside() -> ListenSettings {
    ListenSettings {
        name: "inside",
        address: (Ipv4Addr::LOCALHOST, 0).into(),
        tls: None,
        plain_http: false,
        proxies: Proxies::default(),
    }
}

async fn keep_house(hall: Arc<Hall>) {
    let mut tick = tokio::time::interval(KEEP_HOUSE);
    loop {
        tick.tick().await;
        hall.keep_house().await;
    }
}
