//! What processes say to each other. PostgreSQL carries texts of less than 8000
//! bytes, to everybody in the same order.

use serde::{Deserialize, Serialize};

/// Bytes of words that go into one message, with room for what stands around them.
const MOST: usize = 6000;

/// Who says what.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) from: String,
    pub(super) said: Said,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Said {
    /// I am here, and sent this at that time of mine.
    Beat(u64),
    /// I am gone, and believe nothing any more.
    Bye,
    /// Something happened to a tenant; whoever believes anything answers.
    News { number: u64, tenant: String, words: Vec<String> },
    /// I heard that news of yours.
    Heard { of: String, number: u64 },
    /// Something happened that could not be told.
    Missed,
}

impl Message {
    pub(super) fn to_text(&self) -> String {
        // Texts and numbers always have a form in JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Words in as many parts as messages are needed for them. One that fits into none
/// is not told as such: `None` stands for all that may have happened.
pub(super) fn parts(words: Vec<String>) -> Option<Vec<Vec<String>>> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for word in words {
        // Quoted once within the message.
        let size = word.len() * 2 + 3;
        if size > MOST {
            return None;
        }
        if size > room {
            parts.push(Vec::new());
            room = MOST;
        }
        room -= size;
        if let Some(last) = parts.last_mut() {
            last.push(word);
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::{Message, Said, parts};

    #[test]
    fn every_part_is_carried_and_no_word_is_lost() {
        let words: Vec<_> =
            (0..500).map(|number| format!("{number}:\"{}\"", "x\"".repeat(20))).collect();
        let parts = parts(words.clone()).unwrap();
        assert_eq!(parts.concat(), words);
        for words in parts {
            let said = Said::News { number: u64::MAX, tenant: "t".repeat(40), words };
            let text = Message { from: "f".repeat(16), said }.to_text();
            assert!(text.len() < 8000, "{}", text.len());
            assert!(Message::read(&text).is_some());
        }
    }

    #[test]
    fn a_word_that_cannot_be_carried_is_not_cut_short() {
        assert_eq!(parts(vec!["short".to_owned(), "x".repeat(9000)]), None);
    }
}
