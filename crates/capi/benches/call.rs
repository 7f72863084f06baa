//! What crossing the border costs: the same status query by the desk and by the C function, turn by turn, against a local
//! server with one canned answer. `cargo bench -p yanmi-capi --profile release-capi` prints the medians, their difference
//! and their ratio.

#![expect(unsafe_code, reason = "the functions measured are those C calls")]

use std::ffi::CString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use yanmi_capi::answer::REFUSE;
use yanmi_capi::exports::{VISIT, yanmi_begin, yanmi_close, yanmi_open, yanmi_status};
use yanmi_capi::setup::Session;
use yanmi_client::gate::VisitId;

/// Pairs of calls that are measured, after a tenth of them unmeasured.
const PAIRS: usize = 3_000;
const TOKEN: &str = "350000s0000m7c249p6b0441480000a1e8cb41";
const ANSWER: &str = r#"{"code":500001,"message":"该电子凭证不存在","data":""}"#;

fn main() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    // In memory where there is such a file system: the disk is not what is measured.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder");

    let session = Session::open(&config(port, &folder.path().join("rust.sqlite"))).expect("opened");
    let begun = session.begin(0, TOKEN, "", "", "").expect("begun");
    let id = VisitId::parse(begun.data["visit"].as_str().expect("a number")).expect("a number");
    let rust = || {
        session.desk.status(id, Some(Duration::ZERO)).expect("recorded");
    };

    let text = CString::new(config(port, &folder.path().join("c.sqlite"))).expect("no NUL");
    let token = CString::new(TOKEN).expect("no NUL");
    let (mut handle, mut visit, mut out) = (0, [0; VISIT], [0; 4096]);
    // SAFETY: every pointer is to what this function owns, with the sizes told.
    let opened = unsafe { yanmi_open(text.as_ptr(), &raw mut handle) };
    assert_eq!(opened, 0);
    let none = std::ptr::null;
    // SAFETY: as above; the rest is NULL.
    let begun = unsafe {
        let (visit, out) = (visit.as_mut_ptr(), out.as_mut_ptr());
        yanmi_begin(handle, 0, token.as_ptr(), none(), none(), visit, out, 4096, std::ptr::null_mut())
    };
    assert_eq!(begun, 0);
    let mut c = || {
        // SAFETY: as above.
        let asked =
            unsafe { yanmi_status(handle, visit.as_ptr(), 0, out.as_mut_ptr(), 4096, std::ptr::null_mut()) };
        assert_eq!(asked, REFUSE);
    };

    let (mut rusts, mut cs) = (Vec::new(), Vec::new());
    for at in 0..PAIRS + PAIRS / 10 {
        // Whoever goes second finds warmer caches, so they take turns at that too.
        let (first, second) = if at % 2 == 0 {
            let first = timed(rust);
            (first, timed(&mut c))
        } else {
            let second = timed(&mut c);
            (timed(rust), second)
        };
        if at >= PAIRS / 10 {
            rusts.push(first);
            cs.push(second);
        }
    }
    yanmi_close(handle);
    let (rust, c) = (median(rusts), median(cs));
    println!("rust {rust:.1} us, c {c:.1} us, difference {:.1} us, ratio {:.3}", c - rust, c / rust);
}

fn timed(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

/// The median in microseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

fn serve(stream: TcpStream) {
    let mut writer = stream.try_clone().expect("a socket");
    let mut reader = BufReader::new(stream);
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    );
    loop {
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() || writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn config(port: u16, file: &Path) -> String {
    let key = "0123456789abcdef".repeat(2);
    format!(
        "org_id = 'his001'\nkey = '{key}'\nregion = '350000'\norg_code = 'H35010000001'\norg_name = '福州示范医院'\n\
         [center]\nurls = ['http://127.0.0.1:{port}']\n[visits]\nfile = '{}'\nkey = '{key}'\n",
        file.display()
    )
}
