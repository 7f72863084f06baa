//! The table of C functions by which `SQLite` reaches a disk in memory.
//!
//! `SQLite` allocates each open file itself (`szOsFile` bytes) and hands a pointer to it to every function; what is in it is
//! [`OpenFile`]. It is written by [`open`] and nobody reads it before or after: `SQLite` calls a file's functions only between
//! an open that succeeded and its close. Pointers to names end with a NUL, buffers are as long as the number beside them says:
//! that is `SQLite`'s side of the contract, and all the unsafe code here rests on it.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Arc, MutexGuard, Once};

use libsqlite3_sys as sys;

use crate::image::{DiskFault, Image};
use crate::locks::{FileLocks, LockLevel};
use crate::mount::{MountedImage, find};
use crate::shared_memory::LOCKS;

/// The longest path, with its NUL.
const MAX_PATH: c_int = 512;
/// What `SQLite` takes a disk's sector for, as on every system it knows.
const SECTOR: c_int = 4_096;
/// A midnight of the year 2025 as a Julian day: the library's own clock is asked for by nobody.
const JULIAN_DAY: f64 = 2_461_000.5;

/// The name of the file system of all disks in memory.
pub const VFS: &str = "yanmi-memory";
const NAME: &CStr = c"yanmi-memory";

/// What `SQLite` keeps of an open file.
#[repr(C)]
struct OpenFile {
    base: sys::sqlite3_file,
    state: *mut FileState,
}

struct FileState {
    disk: Arc<MountedImage>,
    name: String,
    holder: u64,
    level: LockLevel,
}

/// The state of a file `SQLite` hands in.
///
/// # Safety
/// `file` comes from `SQLite`, between an open that succeeded and its close.
unsafe fn state<'a>(file: *mut sys::sqlite3_file) -> &'a mut FileState {
    // SAFETY: `open` put a live box there, and SQLite calls the functions of one file one at a time.
    unsafe { &mut *(*file.cast::<OpenFile>()).state }
}

fn number(fault: DiskFault, io: c_int) -> c_int {
    match fault {
        DiskFault::Dead => io,
        DiskFault::Full => sys::SQLITE_FULL,
    }
}

fn done(done: Result<(), DiskFault>, io: c_int) -> c_int {
    done.map_or_else(|fault| number(fault, io), |()| sys::SQLITE_OK)
}

/// A path `SQLite` hands in.
///
/// # Safety
/// `name` is NULL or ends with a NUL.
unsafe fn path(name: *const c_char) -> Option<String> {
    // SAFETY: as the caller promises.
    (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
}

unsafe extern "C" fn open(
    _: *mut sys::sqlite3_vfs,
    name: *const c_char,
    file: *mut sys::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: `file` has room for an `OpenFile`; without methods SQLite does not close what was not opened.
    unsafe { (*file).pMethods = std::ptr::null() };
    // SAFETY: a path of SQLite's, or NULL for a temporary file, of which there are none: they are kept in memory.
    let Some(path) = (unsafe { path(name) }) else { return sys::SQLITE_CANTOPEN };
    let Some((disk, name)) = find(&path) else { return sys::SQLITE_CANTOPEN };
    let mut image = disk.lock();
    match image.open(name, flags & sys::SQLITE_OPEN_CREATE != 0) {
        Err(_) => return sys::SQLITE_IOERR,
        Ok(None) => return sys::SQLITE_CANTOPEN,
        Ok(Some(_)) => {}
    }
    let holder = image.number();
    drop(image);
    let state = Box::new(FileState { name: name.to_owned(), disk, holder, level: LockLevel::None });
    // SAFETY: as above; `out_flags` is NULL or to be written.
    unsafe {
        (*file.cast::<OpenFile>()).state = Box::into_raw(state);
        (*file).pMethods = &raw const METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    sys::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut sys::sqlite3_file) -> c_int {
    // SAFETY: this is the close of an open that succeeded, so the box is live and nobody uses it afterwards.
    let mut state = unsafe { Box::from_raw((*file.cast::<OpenFile>()).state) };
    lower(&mut state, LockLevel::None);
    leave(&state);
    sys::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut sys::sqlite3_vfs, name: *const c_char, _: c_int) -> c_int {
    // SAFETY: a path of SQLite's.
    let path = unsafe { path(name) }.unwrap_or_default();
    let Some((disk, name)) = find(&path) else { return sys::SQLITE_IOERR_DELETE };
    let mut image = disk.lock();
    if !image.files.contains_key(name) {
        return sys::SQLITE_IOERR_DELETE_NOENT;
    }
    done(image.remove(name), sys::SQLITE_IOERR_DELETE)
}

unsafe extern "C" fn access(
    _: *mut sys::sqlite3_vfs,
    name: *const c_char,
    _: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: a path of SQLite's.
    let path = unsafe { path(name) }.unwrap_or_default();
    let there = find(&path).is_some_and(|(disk, name)| {
        disk.lock().files.get(name).is_some_and(|file| file.content().size() > 0)
    });
    // SAFETY: SQLite wants the answer there.
    unsafe { *out = c_int::from(there) };
    sys::SQLITE_OK
}

unsafe extern "C" fn full_path(
    _: *mut sys::sqlite3_vfs,
    name: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: a path of SQLite's, and a buffer of `size` bytes, which the length is compared with.
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if usize::try_from(size).is_ok_and(|size| bytes.len() <= size) {
            std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
            sys::SQLITE_OK
        } else {
            sys::SQLITE_CANTOPEN
        }
    }
}

/// Never asked: the library takes what it draws from the system's file system, whatever its files lie on. So the salts of a
/// write-ahead log differ from run to run, and nothing that is read does.
unsafe extern "C" fn randomness(_: *mut sys::sqlite3_vfs, size: c_int, out: *mut c_char) -> c_int {
    // SAFETY: a buffer of `size` bytes.
    unsafe { std::ptr::write_bytes(out, 0, usize::try_from(size).unwrap_or(0)) };
    size
}

/// Nobody waits for another connection: whoever holds the lock cannot go on meanwhile.
unsafe extern "C" fn sleep(_: *mut sys::sqlite3_vfs, micros: c_int) -> c_int {
    micros
}

unsafe extern "C" fn time(_: *mut sys::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: SQLite wants the answer there.
    unsafe { *out = JULIAN_DAY };
    sys::SQLITE_OK
}

unsafe extern "C" fn last_error(_: *mut sys::sqlite3_vfs, _: c_int, _: *mut c_char) -> c_int {
    0
}

unsafe extern "C" fn read(
    file: *mut sys::sqlite3_file,
    out: *mut c_void,
    count: c_int,
    at: sys::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file.
    let state = unsafe { state(file) };
    let image = state.disk.lock();
    if image.dead {
        return sys::SQLITE_IOERR_READ;
    }
    let (count, at) = (usize::try_from(count).unwrap_or(0), usize::try_from(at).unwrap_or(usize::MAX));
    let mut done = 0;
    let slices = image.files.get(&state.name).map(|file| file.content().slices(at, count));
    for slice in slices.into_iter().flatten() {
        // SAFETY: a buffer of `count` bytes, and all slices together have no more.
        unsafe { std::ptr::copy_nonoverlapping(slice.as_ptr(), out.cast::<u8>().add(done), slice.len()) };
        done += slice.len();
    }
    // SAFETY: of the `count` bytes, those that were not copied.
    unsafe { std::ptr::write_bytes(out.cast::<u8>().add(done), 0, count - done) };
    if done == count { sys::SQLITE_OK } else { sys::SQLITE_IOERR_SHORT_READ }
}

unsafe extern "C" fn write(
    file: *mut sys::sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: sys::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file, and a buffer of `count` bytes.
    let (state, bytes) = unsafe {
        (state(file), std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(count).unwrap_or(0)))
    };
    let at = usize::try_from(at).unwrap_or(0);
    done(state.disk.lock().write(&state.name, at, bytes), sys::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut sys::sqlite3_file, size: sys::sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    let state = unsafe { state(file) };
    let size = usize::try_from(size).unwrap_or(0);
    done(state.disk.lock().truncate(&state.name, size), sys::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut sys::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    let state = unsafe { state(file) };
    done(state.disk.lock().sync(&state.name), sys::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn size(file: *mut sys::sqlite3_file, out: *mut sys::sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    let state = unsafe { state(file) };
    let bytes = state.disk.lock().files.get(&state.name).map_or(0, |file| file.content().size());
    // SAFETY: SQLite wants the answer there.
    unsafe { *out = sys::sqlite3_int64::try_from(bytes).unwrap_or(sys::sqlite3_int64::MAX) };
    sys::SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut sys::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let state = unsafe { state(file) };
    let wanted = LockLevel::of(level);
    if wanted <= state.level {
        return sys::SQLITE_OK;
    }
    let mut image = state.disk.lock();
    let locks = image.locks.entry(state.name.clone()).or_default();
    let (held, all) = locks.raise(state.holder, state.level, wanted);
    state.level = held;
    if all { sys::SQLITE_OK } else { sys::SQLITE_BUSY }
}

fn lower(state: &mut FileState, to: LockLevel) {
    if to < state.level {
        let mut image = state.disk.lock();
        image.locks.entry(state.name.clone()).or_default().lower(state.holder, state.level, to);
        state.level = to;
    }
}

unsafe extern "C" fn unlock(file: *mut sys::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    lower(unsafe { state(file) }, LockLevel::of(level));
    sys::SQLITE_OK
}

unsafe extern "C" fn reserved(file: *mut sys::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: an open file.
    let state = unsafe { state(file) };
    let held = state.disk.lock().locks.get(&state.name).is_some_and(FileLocks::is_reserved);
    // SAFETY: SQLite wants the answer there.
    unsafe { *out = c_int::from(held) };
    sys::SQLITE_OK
}

unsafe extern "C" fn control(_: *mut sys::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    sys::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector(_: *mut sys::sqlite3_file) -> c_int {
    SECTOR
}

unsafe extern "C" fn characteristics(_: *mut sys::sqlite3_file) -> c_int {
    sys::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn map(
    file: *mut sys::sqlite3_file,
    region: c_int,
    bytes: c_int,
    make: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open file.
    let state = unsafe { state(file) };
    let (region, bytes) = (usize::try_from(region).unwrap_or(0), usize::try_from(bytes).unwrap_or(0));
    let mut image = state.disk.lock();
    let shared = image.shared.entry(state.name.clone()).or_default();
    let found = shared.region(state.holder, region, bytes, make != 0);
    // SAFETY: SQLite wants the answer there; the region stays where it is until nobody uses the memory.
    unsafe { *out = found.map_or(std::ptr::null_mut(), <*mut u64>::cast) };
    sys::SQLITE_OK
}

unsafe extern "C" fn map_lock(
    file: *mut sys::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: an open file.
    let state = unsafe { state(file) };
    let (first, count) = (usize::try_from(first).unwrap_or(LOCKS), usize::try_from(count).unwrap_or(0));
    let locks: std::ops::Range<usize> = first..first + count;
    let mut image: MutexGuard<'_, Image> = state.disk.lock();
    // It is there since the file's memory was mapped.
    let Some(shared) = image.shared.get_mut(&state.name) else { return sys::SQLITE_IOERR_SHMLOCK };
    if flags & sys::SQLITE_SHM_UNLOCK != 0 {
        shared.unlock(state.holder, locks);
        return sys::SQLITE_OK;
    }
    if shared.lock(state.holder, locks, flags & sys::SQLITE_SHM_EXCLUSIVE != 0) {
        sys::SQLITE_OK
    } else {
        sys::SQLITE_BUSY
    }
}

unsafe extern "C" fn barrier(_: *mut sys::sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

/// Whoever uses the memory last takes it away.
fn leave(state: &FileState) {
    let mut image = state.disk.lock();
    if image.shared.get_mut(&state.name).is_some_and(|shared| shared.leave(state.holder)) {
        image.shared.remove(&state.name);
    }
}

unsafe extern "C" fn unmap(file: *mut sys::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    leave(unsafe { state(file) });
    sys::SQLITE_OK
}

static METHODS: sys::sqlite3_io_methods = sys::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(map),
    xShmLock: Some(map_lock),
    xShmBarrier: Some(barrier),
    xShmUnmap: Some(unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes the file system known, once in a process.
///
/// # Panics
/// When `SQLite` does not take it, which is a mistake of this crate.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let table = sys::sqlite3_vfs {
            iVersion: 1,
            szOsFile: c_int::try_from(size_of::<OpenFile>()).unwrap_or(c_int::MAX),
            mxPathname: MAX_PATH,
            pNext: std::ptr::null_mut(),
            zName: NAME.as_ptr(),
            pAppData: std::ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: None,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        };
        // SQLite keeps the table for as long as the process lives.
        let table = Box::leak(Box::new(table));
        // SAFETY: the table and its name outlive everything; its functions keep what they promise.
        let taken = unsafe { sys::sqlite3_vfs_register(table, 0) };
        assert_eq!(taken, sys::SQLITE_OK, "SQLite takes another file system");
    });
}
