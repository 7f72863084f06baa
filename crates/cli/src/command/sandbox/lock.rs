//! One sandbox at a time in a folder, and on a port: what is taken is found out before anything is written.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpListener;
use yanmi_client::private;

use crate::failure::Failure;

/// The right to be the sandbox of this folder; given back when the process ends, however it ends.
pub(super) struct Lock(#[expect(dead_code, reason = "held, not looked at")] File);

impl Lock {
    /// Takes the folder, making it when it is not there.
    pub(super) fn take(dir: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(dir).map_err(|error| {
            Failure::because(&format!("无法建立文件夹 {}（--dir）", dir.display()), &error)
        })?;
        let path = dir.join("sandbox.lock");
        match private::lock(&path) {
            Ok(Some(file)) => Ok(Self(file)),
            Ok(None) => Err(Failure::new(format!(
                "文件夹 {} 里的沙箱已在运行，没有改动它；请先停下它，或用 --dir 与 --port 另起一个",
                dir.display()
            ))),
            Err(error) => Err(Failure::because(&format!("无法锁定 {}", path.display()), &error)),
        }
    }
}

/// Takes an address to listen at.
pub(super) async fn listen(whose: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::because(&format!("{whose}无法监听 {address}（用 --port 换端口），什么都没有改动"), &error)
    })
}
