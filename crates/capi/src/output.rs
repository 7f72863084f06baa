//! Where an answer goes, and what is said when it does not fit.

use std::cell::RefCell;
use std::ffi::c_char;

use crate::answer::Answer;
use crate::fault::{Fault, Kind};
use crate::setup::Border;
use crate::text;

thread_local! {
    static LAST: RefCell<(i32, String)> = const { RefCell::new((0, String::new())) };
}

/// The number and the words of this thread's last call.
pub(crate) fn last() -> (i32, String) {
    LAST.try_with(|last| last.borrow().clone()).unwrap_or_default()
}

/// Remembers an answer as this thread's last; answers its number.
pub(crate) fn remember(answer: &Answer) -> i32 {
    // A thread that is being ended remembers nothing, and nobody asks it.
    let _ = LAST.try_with(|last| *last.borrow_mut() = (answer.code, answer.line()));
    answer.code
}

/// A caller's buffer.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    out: *mut c_char,
    size: usize,
    needed: *mut i32,
    /// Whether words are cut rather than that an answer does not fit.
    cuts: bool,
}

/// Characters that words are cut to, one after the other, until an answer fits: a clerk reads a shorter sentence, and everything
/// a program goes by is there.
const CUTS: [usize; 5] = [80, 60, 40, 25, 15];

impl Output {
    /// A buffer as it was handed in; NULL with size 0 says that none is wanted.
    pub(crate) fn of(out: *mut c_char, size: i32, needed: *mut i32) -> Result<Self, Fault> {
        let size = usize::try_from(size).map_err(|_| Fault::argument("size", "为负数"))?;
        if out.is_null() && size > 0 {
            return Err(Fault::new(Kind::Null, "out 为 NULL 而 size 不为 0"));
        }
        Ok(Self { out, size, needed, cuts: false })
    }

    /// A buffer whose size nobody tells: it has what every caller has, and what the configuration says once that is known.
    pub(crate) fn untold(out: *mut c_char) -> Result<Self, Fault> {
        let told = Self::of(out, Border::default().trans_bytes.into(), std::ptr::null_mut())?;
        Ok(Self { cuts: true, ..told })
    }

    /// The configuration is known now.
    pub(crate) fn heed(&mut self, border: Border) {
        if self.cuts {
            self.size = border.trans_bytes.into();
        }
    }

    /// Writes an answer, or when it does not fit that it does not, and remembers what was said.
    ///
    /// # Safety
    /// `out` and `needed` are as [`text::write`] and [`text::write_number`] want them.
    #[expect(unsafe_code, reason = "what a C program is answered is written through its pointer")]
    pub(crate) unsafe fn hand_over(self, answer: &Answer, border: Border) -> i32 {
        let bytes = text::encode_json(border.encoding, &answer.json(), border.escape);
        // SAFETY: the caller vouches for it.
        unsafe { text::write_number(bytes.len() + 1, self.needed) };
        // SAFETY: the caller vouches for it.
        if self.out.is_null() || unsafe { text::write(&bytes, self.out, self.size) } {
            return remember(answer);
        }
        for characters in CUTS.into_iter().filter(|_| self.cuts) {
            let bytes = text::encode_json(border.encoding, &answer.cut_to(characters).json(), border.escape);
            // SAFETY: the caller vouches for it.
            if unsafe { text::write(&bytes, self.out, self.size) } {
                return remember(answer);
            }
        }
        let short = Answer::from(Fault::from(Kind::Buffer));
        let (code, needed) = (short.code, bytes.len() + 1);
        let full = short.clone().with("needed", needed).json();
        let full = text::encode_json(border.encoding, &full, true);
        for text in [
            full,
            format!("{{\"code\":{code},\"needed\":{needed}}}").into(),
            format!("{{\"code\":{code}}}").into(),
            Vec::new(),
        ] {
            // SAFETY: the caller vouches for it.
            if unsafe { text::write(&text, self.out, self.size) } {
                break;
            }
        }
        remember(&short)
    }
}
