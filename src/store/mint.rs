//! New tokens: `matricula_`, 256 random bits, and a checksum, all in letters and
//! digits.
//!
//! The beginning is for those who look for secrets in places where none should be:
//! `matricula_[0-9A-Za-z]{49}`. The checksum tells a token that was cut off or
//! mistyped from one that is not known.

use sha2::{Digest as _, Sha256};

use super::Error;
use super::key::random;
use crate::secret::Secret;

/// What every token of ours begins with.
pub const PREFIX: &str = "matricula_";

const DIGITS: [char; 62] = {
    let mut digits = ['0'; 62];
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "worked out by the compiler")]
    while at < 62 {
        let byte = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[at];
        digits[at] = byte as char;
        at += 1;
    }
    digits
};

/// As many digits as 256 bits take.
const RANDOM: usize = 43;

/// Digits of the checksum, of 32 bits.
const CHECK: usize = 6;

/// A token that nobody has had before.
pub fn mint() -> Result<Secret, Error> {
    let random = digits(&random()?, RANDOM);
    let check = checksum(&random);
    Ok(Secret::new(format!("{PREFIX}{random}{check}")))
}

/// Whether it is one of ours by its beginning, and cannot be one by the rest.
pub fn is_damaged(token: &str) -> bool {
    let Some(rest) = token.strip_prefix(PREFIX) else { return false };
    let Some((random, check)) = rest.split_at_checked(RANDOM) else { return true };
    checksum(random) != check
}

fn checksum(random: &str) -> String {
    let digest = Sha256::digest(random.as_bytes());
    let bytes: Vec<u8> = digest.iter().take(4).copied().collect();
    digits(&bytes, CHECK)
}

/// A number in base 62, the smallest digit first: nobody reads it as a number.
fn digits(bytes: &[u8], count: usize) -> String {
    let mut number = bytes.to_vec();
    let mut text = String::with_capacity(count);
    for _ in 0..count {
        let mut rest = 0u32;
        for byte in &mut number {
            let whole = rest * 256 + u32::from(*byte);
            *byte = u8::try_from(whole / 62).unwrap_or_default();
            rest = whole % 62;
        }
        let digit = usize::try_from(rest).ok().and_then(|rest| DIGITS.get(rest));
        text.push(digit.copied().unwrap_or('0'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_as_scanners_expect_it_and_whole() {
        let token = mint().unwrap();
        let text = token.expose();
        let rest = text.strip_prefix("matricula_").unwrap();
        assert_eq!(rest.len(), 49);
        assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(!is_damaged(text));
        assert_ne!(mint().unwrap().expose(), text);
    }

    #[test]
    fn what_was_cut_off_or_mistyped_is_seen() {
        let token = mint().unwrap();
        let text = token.expose();
        for length in "matricula_".len()..text.len() {
            assert!(is_damaged(&text[..length]), "{length}");
        }
        let other = if text.ends_with('a') { "b" } else { "a" };
        assert!(is_damaged(&format!("{}{other}", &text[..58])));
        assert!(is_damaged(&format!("{text}x")) && is_damaged("matricula_ä"));
        assert!(!is_damaged("a-token-from-elsewhere"));
    }

    #[test]
    fn no_bit_is_lost_on_the_way_to_digits() {
        assert_eq!(digits(&[0, 0, 0, 61], 2), "z0");
        assert_eq!(digits(&[0, 0, 0, 62], 2), "01");
        // 2^256 - 1 takes all of them.
        assert!(!digits(&[0xff; 32], RANDOM).ends_with('0'));
        let mut seen = std::collections::HashSet::new();
        for bit in 0..256 {
            let mut bytes = [0u8; 32];
            bytes[bit / 8] = 1 << (bit % 8);
            assert!(seen.insert(digits(&bytes, RANDOM)), "{bit}");
        }
    }
}
