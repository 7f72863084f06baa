//! The measure of the cipher.

/// Bytes of an SM4 key, and of a block.
pub const BLOCK: usize = 16;
