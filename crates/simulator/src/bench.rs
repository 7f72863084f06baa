//! Tokens for a load generator: as many as one likes, each the same on every run, and all known to the national center.

use yanmi_protocol::EcToken;

use crate::world::cast::constant;

/// What stands at the seventh character. The sandbox's national center knows every token that has it.
const MARK: &str = "bench";
/// The province the tokens pretend to come from.
const REGION: &str = "350000";

/// The `n`-th token: 38 characters, different for each `n`, in an order that looks random, so that a tree they
/// are stored in is hit all over.
pub fn bench_token(n: u64) -> EcToken {
    let mixed = mix(n);
    let second = mix(mixed) & 0xFFFF_FFFF;
    let mut text = String::with_capacity(EcToken::MAX_LENGTH);
    text.push_str(REGION);
    text.push_str(MARK);
    for place in (0..7).rev() {
        let digit = u32::try_from((mixed >> (32 + 5 * place)) & 31).unwrap_or(0);
        text.push(char::from_digit(digit, 32).unwrap_or('0'));
    }
    let rest = format!("{:08x}0000{second:08x}", mixed & 0xFFFF_FFFF);
    text.push_str(&rest);
    constant(EcToken::new(&text))
}

/// Whether this is a token of [`bench_token`], as far as its shape tells.
pub fn is_bench_token(token: &EcToken) -> bool {
    let text = token.as_str();
    text.len() == 38 && text.starts_with(REGION) && text.get(6..11) == Some(MARK)
}

/// The `n`-th of a sequence that visits `0..count` uniformly and in no order; 0 when `count` is 0.
pub const fn spread(n: u64, count: u64) -> u64 {
    if count == 0 { 0 } else { mix(n) % count }
}

/// `SplitMix64`: a bijection of 64 bits that looks random.
const fn mix(n: u64) -> u64 {
    let z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_differ_repeat_and_jump() {
        let tokens: Vec<EcToken> = (0..10_000).map(bench_token).collect();
        let different: HashSet<&str> = tokens.iter().map(EcToken::as_str).collect();
        assert_eq!(different.len(), tokens.len());
        assert!(tokens.iter().all(|token| token.as_str().len() == 38 && is_bench_token(token)));
        assert_eq!(bench_token(77), tokens[77]);
        let rising = tokens.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((4_500..5_500).contains(&rising), "{rising}");
        assert!(!is_bench_token(&EcToken::new("350000bench").expect("a token")));
    }

    #[test]
    fn the_spread_is_even() {
        let mut hits = [0_u32; 10];
        for n in 0..10_000 {
            hits[usize::try_from(spread(n, 10)).expect("below ten")] += 1;
        }
        assert!(hits.iter().all(|hit| (850..1_150).contains(hit)), "{hits:?}");
        assert_eq!(spread(5, 0), 0);
    }
}
