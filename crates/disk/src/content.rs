//! The bytes of a file. They lie in pieces, so that a file that grows is not copied.

const PIECE: usize = 16 * 1_024;

/// The bytes of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// As many as the size takes; behind it the last one is zero.
    pieces: Vec<Box<[u8]>>,
    size: usize,
}

impl Content {
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    /// What there is of so many bytes from a place on, in slices.
    pub(crate) fn slices(&self, at: usize, count: usize) -> impl Iterator<Item = &[u8]> {
        let end = at.saturating_add(count).min(self.size);
        parts(at, end).map(|(piece, from, to)| &self.pieces[piece][from..to])
    }

    /// The same in one.
    pub(crate) fn bytes(&self, at: usize, count: usize) -> Vec<u8> {
        self.slices(at, count).collect::<Vec<_>>().concat()
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if !bytes.is_empty() && end > self.size {
            self.resize(end);
        }
        let mut left = bytes;
        for (piece, from, to) in parts(at, end) {
            let (now, later) = left.split_at(to - from);
            self.pieces[piece][from..to].copy_from_slice(now);
            left = later;
        }
    }

    /// Cuts it off, or adds zeros.
    pub(crate) fn resize(&mut self, size: usize) {
        self.pieces.resize_with(size.div_ceil(PIECE), || vec![0; PIECE].into_boxed_slice());
        if let (true, Some(last)) = (size < self.size, self.pieces.last_mut())
            && !size.is_multiple_of(PIECE)
        {
            last[size % PIECE..].fill(0);
        }
        self.size = size;
    }
}

/// The pieces between two places: each with where it begins to count and ends to.
fn parts(at: usize, end: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut next = at;
    std::iter::from_fn(move || {
        let (piece, from) = (next / PIECE, next % PIECE);
        let to = PIECE.min(from + end.checked_sub(next).filter(|left| *left > 0)?);
        next += to - from;
        Some((piece, from, to))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_one_piece_would_be() {
        let mut content = Content::default();
        let mut whole: Vec<u8> = Vec::new();
        let places = [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE - 7, 3 * PIECE, 5 * PIECE + 11];
        let mut tried = 0;
        for at in places {
            for length in [0, 1, 7, PIECE, 2 * PIECE + 3] {
                for size in places {
                    let bytes = vec![u8::try_from(tried % 255).unwrap_or(0) + 1; length];
                    content.write(at, &bytes);
                    if length > 0 {
                        whole.resize(whole.len().max(at + length), 0);
                        whole[at..at + length].copy_from_slice(&bytes);
                    }
                    assert_eq!(content.bytes(0, usize::MAX), whole, "{length} at {at}");
                    content.resize(size);
                    whole.resize(size, 0);
                    assert_eq!(content.size(), size);
                    assert_eq!(content.bytes(at, length), whole[at.min(size)..(at + length).min(size)]);
                    tried += 1;
                }
            }
        }
        assert_eq!(tried, 8 * 5 * 8);
    }
}
