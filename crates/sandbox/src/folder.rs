//! The folder a sandbox lives in.

use std::fs;
use std::path::{Path, PathBuf};

use yanmi_center::ports::Entropy;
use yanmi_protocol::{Region, Sm4Key};
use yanmi_simulator::World;
use yanmi_simulator::world::Urls;

use crate::private_file;
use crate::sandbox_error::SandboxError;

/// The region of the specification's samples.
const REGION: &str = "350000";
/// Largest `sandbox.json` that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// What the folder holds.
#[derive(Debug)]
pub struct Folder {
    /// Who exists.
    pub world: World,
    /// The key-encryption key.
    pub key: Sm4Key,
    /// The center's database; it may not be there yet.
    pub database: PathBuf,
    /// `sandbox.json`.
    pub file: PathBuf,
    /// Whether nothing was there before.
    pub fresh: bool,
}

impl Folder {
    /// Opens the folder, which must be there and nobody else's; makes what is missing, and writes `sandbox.json` for these
    /// addresses. World and key of a database that is shared come from its name.
    ///
    /// # Errors
    /// When a file cannot be read or written, or is none of ours.
    pub fn open(
        dir: &Path,
        urls: &Urls,
        shared: Option<&str>,
        entropy: &Entropy,
    ) -> Result<Self, SandboxError> {
        let mut chance_of = |bytes: &mut [u8]| entropy.fill(bytes);
        let file = dir.join("sandbox.json");
        let fresh = !file.exists();
        let mut world = if let Some(name) = shared {
            let chance = chance("world", name);
            World::generate(region()?, urls, &mut |bytes| chance.fill(bytes))
        } else if file.exists() {
            let mut world = read_world(&file)?;
            world.staff_console(&mut chance_of);
            world.staff_applicants(&mut chance_of);
            world.show_examples();
            world
        } else {
            World::generate(region()?, urls, &mut chance_of)
        };
        world.relocate(urls);
        write_world(&file, &world)?;
        let path = dir.join("center.key");
        let key = match shared {
            Some(name) => shared_key(&path, name)?,
            None => key(&path, entropy)?,
        };
        Ok(Self { world, key, database: database(dir), file, fresh })
    }
}

/// Reads `sandbox.json`.
///
/// # Errors
/// When there is none, or it is no world.
pub fn read_world(file: &Path) -> Result<World, SandboxError> {
    let text = read(file)?.ok_or_else(|| SandboxError::new(format!("没有 {}", file.display())))?;
    let failed = format!("无法读取 {}，可删除后重来", file.display());
    World::from_json(&text).map_err(|error| SandboxError::because(&failed, &error))
}

/// Writes `sandbox.json`.
///
/// # Errors
/// When the folder takes no file.
pub fn write_world(file: &Path, world: &World) -> Result<(), SandboxError> {
    private_file::write(file, &world.to_json())
}

fn region() -> Result<Region, SandboxError> {
    Region::new(REGION).map_err(|error| SandboxError::because("区划代码有误", &error))
}

/// What takes the place of chance on a database that is shared: the same for the same purpose and name.
fn chance(purpose: &str, name: &str) -> Entropy {
    let bytes = purpose.bytes().chain([0]).chain(name.bytes());
    // FNV-1a: any hash that is the same everywhere would do.
    Entropy::seeded(
        bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        }),
    )
}

/// The key-encryption key of every sandbox on this database.
fn shared_key(path: &Path, name: &str) -> Result<Sm4Key, SandboxError> {
    let mut bytes = [0; 16];
    chance("key", name).fill(&mut bytes);
    let key = Sm4Key::from_bytes(&bytes);
    private_file::write(path, &key.to_hex())?;
    Ok(key)
}

/// The center's database in a sandbox's folder.
fn database(dir: &Path) -> PathBuf {
    dir.join("center.sqlite")
}

fn key(path: &Path, entropy: &Entropy) -> Result<Sm4Key, SandboxError> {
    if let Some(text) = read(path)? {
        return Sm4Key::from_hex(text.trim())
            .map_err(|error| SandboxError::because(&format!("密钥文件 {} 有误", path.display()), &error));
    }
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    let key = Sm4Key::from_bytes(&bytes);
    private_file::write(path, &key.to_hex())?;
    Ok(key)
}

fn read(path: &Path) -> Result<Option<String>, SandboxError> {
    let failed =
        |error: std::io::Error| SandboxError::because(&format!("无法读取 {}", path.display()), &error);
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
        Ok(meta) if meta.len() > MAX_FILE => {
            Err(SandboxError::new(format!("{} 超过 {MAX_FILE} 字节", path.display())))
        }
        Ok(_) => fs::read_to_string(path).map(Some).map_err(failed),
    }
}
