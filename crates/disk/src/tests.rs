use rusqlite::{Connection, OpenFlags};

use crate::{MemoryDisk, Mistake, VFS};

fn open(disk: &MemoryDisk) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags_and_vfs(disk.path("a.sqlite"), flags, VFS)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Writes numbers until the disk fails; how many were said to be kept.
fn write(disk: &MemoryDisk, rows: usize) -> usize {
    let Ok(connection) = open(disk) else { return 0 };
    if connection.execute_batch("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, filler TEXT)").is_err()
    {
        return 0;
    }
    for at in 0..rows {
        let filler = "x".repeat(97 * (at % 7));
        if connection.execute("INSERT INTO t (filler) VALUES (?1)", [filler]).is_err() {
            return at;
        }
        if at % 20 == 19 {
            let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }
    rows
}

fn count(disk: &MemoryDisk) -> usize {
    let connection = open(disk).expect("it opens");
    let sound: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(sound, "ok");
    let rows: u32 = connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap_or(0);
    usize::try_from(rows).expect("a number")
}

#[test]
fn what_was_committed_is_there_wherever_the_power_fails() {
    let whole = MemoryDisk::new(1);
    assert_eq!(write(&whole, 50), 50);
    let all = whole.operations();
    assert!(all > 100, "{all} operations");
    for at in 1..=all {
        let disk = MemoryDisk::new(at);
        disk.cut_at(at);
        let kept = write(&disk, 50);
        assert!(disk.is_dead() || kept == 50);
        for (how, left) in [("power", disk.after_power_cut()), ("kill", disk.after_kill())] {
            let found = count(&left);
            assert!(
                (kept..=kept + 1).contains(&found),
                "{how} cut at {at}: {kept} were kept and {found} are there"
            );
        }
    }
}

#[test]
fn a_disk_that_lies_is_found_out() {
    let mut lost = 0;
    for seed in 0..20 {
        let disk = MemoryDisk::new(seed);
        disk.lie(Mistake::LyingSync);
        let kept = write(&disk, 15);
        assert_eq!(kept, 15);
        let left = disk.after_power_cut();
        let found =
            open(&left).and_then(|c| c.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, u32>(0)));
        lost += usize::from(found.unwrap_or(0) < 15);
    }
    assert!(lost > 5, "{lost} of 20 lost something");
}

#[test]
fn a_full_disk_says_so_and_takes_more_when_there_is_room() {
    let disk = MemoryDisk::new(1);
    assert_eq!(write(&disk, 5), 5);
    disk.limit(Some(20_000));
    let kept = write(&disk, 500);
    assert!(kept < 500, "it never was full");
    disk.limit(None);
    assert_eq!(count(&disk), 5 + kept);
    assert_eq!(write(&disk, 30), 30);
}

#[test]
fn two_connections_take_turns_and_the_last_leaves_nothing_beside_the_file() {
    let disk = MemoryDisk::new(1);
    write(&disk, 3);
    let (one, other) = (open(&disk).expect("opens"), open(&disk).expect("opens"));
    one.execute_batch("BEGIN IMMEDIATE; INSERT INTO t (filler) VALUES ('a')").expect("it is free");
    other.busy_timeout(std::time::Duration::ZERO).expect("set");
    assert!(other.execute_batch("BEGIN IMMEDIATE").is_err(), "it is held");
    let seen: u32 = other.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).expect("read");
    assert_eq!(seen, 3, "what is not committed is not seen");
    one.execute_batch("COMMIT").expect("committed");
    other.execute_batch("BEGIN IMMEDIATE; COMMIT").expect("it is free again");
    drop((one, other));
    assert!(!disk.exists(&disk.path("a.sqlite-wal")));
    assert_eq!(count(&disk), 4);
}

#[test]
fn a_disk_is_gone_with_its_last_user() {
    let disk = MemoryDisk::new(1);
    write(&disk, 1);
    let (path, connection) = (disk.path("a.sqlite"), open(&disk).expect("opens"));
    drop(disk);
    let seen: u32 = connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).expect("it is open");
    assert_eq!(seen, 1);
    drop(connection);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    assert!(Connection::open_with_flags_and_vfs(path, flags, VFS).is_err());
}
