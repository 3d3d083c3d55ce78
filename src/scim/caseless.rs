//! Comparison without case, as `caseExact: false` asks for it.
//!
//! Close to Unicode's full case folding, made from what the standard library
//! has: upper case and back down, so that `ß` meets `SS` and the two sigmas
//! meet. The dotless `ı` is left alone: going up and down it would become `i`,
//! and two people would be taken for one.

/// The form in which two spellings of the same word are equal.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ı' => folded.push(c),
            _ if c.is_ascii() => folded.push(c.to_ascii_lowercase()),
            _ => folded.extend(c.to_uppercase().flat_map(char::to_lowercase)),
        }
    }
    folded
}

/// Whether two texts differ in case at most.
pub(super) fn same(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        one.eq_ignore_ascii_case(other)
    } else {
        fold(one) == fold(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_beyond_ascii() {
        for (one, other) in [
            ("Müller", "MÜLLER"),
            ("straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("Ångström", "ångström"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn different_letters_stay_different() {
        for (one, other) in [("ılker", "ilker"), ("é", "e"), ("a", "á"), ("ab", "a")] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
