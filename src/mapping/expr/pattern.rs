//! A pattern of a mapping. Most say no more than which letters a whole text is made of,
//! such as `^[a-z0-9.@_-]+$`: those are held against it letter by letter, for which a
//! general machine takes twenty times as long. It does all the others.

use regex_lite::Regex;

/// A pattern, compiled.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    runs: Option<Vec<Run>>,
}

/// Letters of one sort behind one another.
#[derive(Clone, Debug)]
struct Run {
    set: Set,
    least: usize,
    most: usize,
}

/// A sort of letters.
#[derive(Clone, Copy, Debug)]
struct Set {
    /// Those of ASCII, a bit for each.
    ascii: u128,
    /// Whether all the others belong to it.
    others: bool,
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(text: &str) -> Result<Self, regex_lite::Error> {
        Ok(Self { regex: Regex::new(text)?, runs: runs(text) })
    }

    /// Whether it is found in a text.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.runs {
            Some(runs) => are_all(runs, text),
            None => self.regex.is_match(text),
        }
    }

    /// For more than whether it is found.
    pub(super) fn regex(&self) -> &Regex {
        &self.regex
    }
}

/// Whether a text is these runs and nothing else. Each takes what it can: what could
/// follow it takes none of that.
fn are_all(runs: &[Run], text: &str) -> bool {
    let mut letters = text.chars().peekable();
    for run in runs {
        let mut count = 0;
        while count < run.most && letters.next_if(|letter| run.set.has(*letter)).is_some() {
            count += 1;
        }
        if count < run.least {
            return false;
        }
    }
    letters.next().is_none()
}

impl Set {
    fn has(self, letter: char) -> bool {
        if letter.is_ascii() { self.ascii >> u32::from(letter) & 1 == 1 } else { self.others }
    }

    fn is_apart_from(self, other: Self) -> bool {
        self.ascii & other.ascii == 0 && !(self.others && other.others)
    }
}

/// The runs that a pattern says a whole text is made of; nothing, where it says
/// anything else, or where a run might have to leave letters to the next.
fn runs(pattern: &str) -> Option<Vec<Run>> {
    let mut rest = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let mut runs = Vec::new();
    while !rest.is_empty() {
        let (set, behind) = set(rest)?;
        let ((least, most), behind) = times(behind)?;
        runs.push(Run { set, least, most });
        rest = behind;
    }
    let apart = runs.iter().enumerate().all(|(index, run)| {
        let next = runs.get(index + 1..).unwrap_or_default();
        let fixed = run.least == run.most;
        let reach = next.iter().position(|next| next.least > 0).map_or(next.len(), |it| it + 1);
        fixed || next.iter().take(reach).all(|next| run.set.is_apart_from(next.set))
    });
    apart.then_some(runs)
}

/// A letter or a class at the beginning, and what is behind it.
fn set(text: &str) -> Option<(Set, &str)> {
    let Some(class) = text.strip_prefix('[') else {
        let (letter, behind) = letter(text, r".^$*+?()[]{}|\")?;
        return Some((Set { ascii: 1 << letter, others: false }, behind));
    };
    let (not, mut rest) = match class.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, class),
    };
    let mut ascii = 0_u128;
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        let (from, behind) = letter(rest, r"[]\^&~")?;
        let (to, behind) = match behind.strip_prefix('-') {
            Some(behind) if !behind.starts_with(']') => letter(behind, r"[]\^&~-")?,
            _ => (from, behind),
        };
        if to < from || (from == u32::from('-') && to != from) {
            return None;
        }
        ascii |= (from..=to).fold(0, |all, letter| all | 1 << letter);
        rest = behind;
    }
    let set = if not { Set { ascii: !ascii, others: true } } else { Set { ascii, others: false } };
    Some((set, rest.strip_prefix(']')?))
}

/// One letter of ASCII that stands for itself; those that mean something do so behind a
/// backslash alone.
fn letter<'t>(text: &'t str, special: &str) -> Option<(u32, &'t str)> {
    let mut letters = text.chars();
    let mut letter = letters.next()?;
    if letter == '\\' {
        // `\<` and `\>` are where words begin and end.
        letter = letters.next().filter(|it| it.is_ascii_punctuation() && !"<>".contains(*it))?;
    } else if special.contains(letter) {
        return None;
    }
    letter.is_ascii().then(|| (u32::from(letter), letters.as_str()))
}

/// How often something may stand there, and what is behind that.
fn times(text: &str) -> Option<((usize, usize), &str)> {
    let (span, behind) = match text.chars().next() {
        Some('+') => ((1, usize::MAX), text.get(1..)?),
        Some('*') => ((0, usize::MAX), text.get(1..)?),
        Some('?') => ((0, 1), text.get(1..)?),
        Some('{') => {
            let (inner, behind) = text.get(1..)?.split_once('}')?;
            let number = |text: &str| {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse::<usize>().ok().filter(|_| digits)
            };
            let span = match inner.split_once(',') {
                None => (number(inner)?, number(inner)?),
                Some((least, "")) => (number(least)?, usize::MAX),
                Some((least, most)) => (number(least)?, number(most)?),
            };
            (span, behind)
        }
        _ => ((1, 1), text),
    };
    // Whatever comes behind a count changes what it means.
    let lazy = behind.starts_with(['?', '+', '*', '{']) && behind.len() < text.len();
    (!lazy).then_some((span, behind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    #[test]
    fn what_mappings_say_is_held_letter_by_letter() {
        for pattern in [
            "^[a-z0-9.@_-]+$",
            "^[^@ ]+@[^@ ]+$",
            "^[0-9a-f]{32}$",
            r"^\+?[0-9]{3,}$",
            "^[A-Z]{2}$",
            "^x?$",
            "^$",
        ] {
            assert!(Pattern::new(pattern).unwrap().runs.is_some(), "{pattern}");
        }
    }

    #[test]
    fn what_means_more_is_left_to_the_machine() {
        for pattern in [
            "[a-z]+",
            "^a|b$",
            "^(ab)+$",
            r"^\d+$",
            "^.+$",
            "^[a-z]+?$",
            "^[[:alpha:]]+$",
            "^[a-z&&[^b]]+$",
            "^[ä]+$",
            "^a+a$",
            "^a*b?a$",
            r"^\w$",
            "(?i)^a$",
            "^a{2}+$",
            r"^a\$",
            r"^\<a\>$",
        ] {
            if let Ok(pattern) = Pattern::new(pattern) {
                assert!(pattern.runs.is_none(), "{pattern:?}");
            }
        }
    }

    #[test]
    fn no_letter_of_a_user_name_is_taken_for_another() {
        let names = Pattern::new("^[a-z0-9.@_-]+$").unwrap();
        for letter in '\0'..='\u{3ff}' {
            let fits =
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".@_-".contains(letter);
            assert_eq!(names.is_match(&letter.to_string()), fits, "{letter:?}");
        }
        assert!(!names.is_match("") && !names.is_match("a\n") && !names.is_match("a b"));
    }

    fn pattern() -> impl Strategy<Value = String> {
        let atom = prop_oneof![
            r"\[\^?[\]ab\\.\-^]{0,4}\]",
            select(vec![
                "a", "b", ".", r"\.", "-", "@", "[a-b]", "[^ab]", "[^a]", "[]", "[-a]", "[a-]",
                "]", "^", "$", "|"
            ])
            .prop_map(str::to_owned),
        ];
        let times = select(vec![
            "", "", "+", "*", "?", "{2}", "{1,2}", "{0,}", "{2,1}", "{,2}", "+?", "??",
        ]);
        let body = proptest::collection::vec((atom, times), 0..4);
        body.prop_map(|parts| {
            let parts: String = parts.into_iter().map(|(atom, times)| atom + times).collect();
            format!("^{parts}$")
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn letter_by_letter_is_what_the_machine_says(
            pattern in pattern(),
            texts in proptest::collection::vec("[ab.@\\-\\]^\\\\ä\n]{0,5}", 8),
        ) {
            let Ok(pattern) = Pattern::new(&pattern) else { return Ok(()) };
            for text in texts {
                prop_assert_eq!(pattern.is_match(&text), pattern.regex.is_match(&text), "{:?} {:?}", pattern, text);
            }
        }
    }
}
