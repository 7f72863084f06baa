//! Time and chance of the real world. Here, in the composition root, and nowhere else, they are fetched.

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use yanmi_center::ports::{Clock, Entropy, Ports};
use yanmi_center::registry::Actor;
use zeroize::Zeroizing;

/// The system's clock.
pub(crate) fn clock() -> Clock {
    Clock::system()
}

/// The system's source of unpredictable bytes.
pub(crate) fn entropy() -> Entropy {
    Entropy::new(fill)
}

/// The doors of a center that runs on this machine.
pub(crate) fn ports() -> Ports {
    Ports::system(clock(), entropy())
}

/// Who is at the command line: the user this process belongs to, and behind it who became that user by `sudo`.
pub(crate) fn actor() -> Actor {
    let user = user(rustix::process::geteuid().as_raw());
    match std::env::var("SUDO_USER") {
        Ok(behind) if !behind.is_empty() && behind != user => Actor::host(&format!("{user}/{behind}")),
        _ => Actor::host(&user),
    }
}

/// The name of a user of this machine, or its number.
fn user(number: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, number_of) = (parts.next()?, parts.nth(1)?);
        (number_of.parse() == Ok(number)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| number.to_string())
}

/// Lets this process open as many files as the system allows it, and says how many that is.
pub(crate) fn raise_open_files() -> Option<u64> {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    // Nothing is lost when it is refused: the limit stays what it was.
    let _ = setrlimit(Resource::Nofile, raised);
    getrlimit(Resource::Nofile).current
}

/// Has the system keep no image of this process when it falls, and lets no other process of this user look into it: there
/// are keys in its memory.
pub(crate) fn keep_memory_private() {
    // The limit for files, the other for systems that pipe the image to a program, which heed no limit. Whoever may not even
    // do this has been told by the system, and is none the worse for it.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// The database's password, if the environment has one.
pub(crate) fn database_password() -> Option<Zeroizing<String>> {
    std::env::var("YANMI_DATABASE_PASSWORD").ok().filter(|text| !text.is_empty()).map(Zeroizing::new)
}

/// Fills the slice with unpredictable bytes.
#[expect(clippy::disallowed_methods, reason = "the composition root is where chance comes from")]
#[expect(clippy::expect_used, reason = "without chance there are no keys; going on would be worse")]
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has no random numbers");
}
