//! Unpredictable bytes, handed in.

use std::convert::Infallible;
use std::fmt;

use sm2::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// A source of unpredictable bytes: fills the slice it is given. Only the program itself has one.
pub struct Chance<'a>(&'a mut dyn FnMut(&mut [u8]));

impl<'a> Chance<'a> {
    /// The source that fills slices so. Whoever can foretell its bytes can open what is encrypted with them.
    pub fn new(fill: &'a mut dyn FnMut(&mut [u8])) -> Self {
        Self(fill)
    }
}

impl fmt::Debug for Chance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}

impl TryRng for Chance<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = Zeroizing::new([0; 4]);
        (self.0)(&mut *bytes);
        Ok(u32::from_le_bytes(*bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = Zeroizing::new([0; 8]);
        (self.0)(&mut *bytes);
        Ok(u64::from_le_bytes(*bytes))
    }

    fn try_fill_bytes(&mut self, place: &mut [u8]) -> Result<(), Infallible> {
        (self.0)(place);
        Ok(())
    }
}

impl TryCryptoRng for Chance<'_> {}
