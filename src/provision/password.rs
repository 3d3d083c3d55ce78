//! A password that nobody knows, for an LMS that cannot do without one: people then sign
//! in another way, or are given one there.

use crate::call::{Failure, Kind};

/// Sixty-four, so that each byte chooses one evenly.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// 144 bits of chance, behind one of each class that password rules ask for.
pub(super) fn nobody_knows() -> Result<String, Failure> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| {
        let says = format!("no password could be made: {error}");
        Failure::new(Kind::Unavailable, says)
    })?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 64)).copied().map(char::from);
    Ok("Aa1-".chars().chain(bytes.iter().filter_map(letter)).collect())
}

#[cfg(test)]
mod tests {
    use super::nobody_knows;

    #[test]
    fn no_two_are_the_same_and_all_please_the_rules() {
        let (one, other) = (nobody_knows().unwrap(), nobody_knows().unwrap());
        assert_ne!(one, other);
        for password in [one, other] {
            assert_eq!(password.len(), 28);
            for class in [char::is_uppercase, char::is_lowercase, char::is_numeric] {
                assert!(password.chars().any(class), "{password}");
            }
        }
    }
}
