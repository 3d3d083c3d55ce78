//! Forms as PHP reads them: `users[0][customfields][0][type]=x` becomes a tree,
//! in the order in which the keys first came, and what exceeds
//! `max_input_vars` is cut off without a word.

use std::collections::HashMap;

use percent_encoding::percent_decode;

/// A value of a form.
#[derive(Clone, Debug)]
pub enum Node {
    /// A word.
    Text(String),
    /// Bytes that are no text, or hold a NUL.
    Garbled,
    /// A PHP array: a list and a record are the same.
    Array(Array),
}

/// A PHP array.
#[derive(Clone, Debug, Default)]
pub struct Array {
    entries: Vec<(String, Node)>,
    places: HashMap<String, usize>,
    next: u64,
}

/// PHP's own bound on nesting; deeper variables are dropped.
const DEEPEST: usize = 64;

impl Array {
    /// Reads a query string and the body of a form. The body wins where both
    /// name something.
    pub fn decode(query: &[u8], body: &[u8], max_input_vars: usize) -> Self {
        let mut read = Self::default();
        for pair in pairs(query).take(max_input_vars) {
            read.take_pair(pair);
        }
        // PHP counts a variable of a body after it has taken it.
        let mut posted = Self::default();
        for pair in pairs(body).take(max_input_vars.saturating_add(1)) {
            posted.take_pair(pair);
        }
        for (key, node) in posted.entries {
            read.put(key, node);
        }
        read
    }

    /// What stands under a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.places.get(key).and_then(|&place| self.entries.get(place)).map(|(_, node)| node)
    }

    /// The word under a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Node::Text(text) => Some(text),
            Node::Garbled | Node::Array(_) => None,
        }
    }

    /// The array under a key.
    pub fn array(&self, key: &str) -> Option<&Self> {
        match self.get(key)? {
            Node::Array(array) => Some(array),
            Node::Garbled | Node::Text(_) => None,
        }
    }

    /// The number under a key.
    pub(super) fn number(&self, key: &str) -> Option<i64> {
        self.text(key)?.parse().ok()
    }

    /// The switch under a key.
    pub(super) fn switch(&self, key: &str) -> Option<bool> {
        self.text(key).map(|text| text == "1")
    }

    /// The records of the list under a key, in the order of the form.
    pub(super) fn records(&self, key: &str) -> impl Iterator<Item = &Self> {
        self.array(key).into_iter().flat_map(|list| &list.entries).filter_map(
            |(_, node)| match node {
                Node::Array(array) => Some(array),
                Node::Garbled | Node::Text(_) => None,
            },
        )
    }

    /// The words of the list under a key.
    pub(super) fn words(&self, key: &str) -> impl Iterator<Item = &str> {
        self.array(key).into_iter().flat_map(|list| &list.entries).filter_map(
            |(_, node)| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Garbled | Node::Array(_) => None,
            },
        )
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.entries.iter().map(|(key, node)| (key.as_str(), node))
    }

    pub(super) fn without(mut self, keys: &[&str]) -> Self {
        self.entries.retain(|(key, _)| !keys.contains(&key.as_str()));
        self.places =
            self.entries.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
        self
    }

    fn take_pair(&mut self, (key, value): (&[u8], &[u8])) {
        let key = decoded(key);
        let Ok(key) = str::from_utf8(&key) else { return };
        let value = match String::from_utf8(decoded(value)) {
            Ok(text) if !text.contains('\0') => Node::Text(text),
            _ => Node::Garbled,
        };
        let path = path_of(key);
        if path.len() <= DEEPEST {
            self.place(&path, value);
        }
    }

    fn place(&mut self, path: &[&str], value: Node) {
        let Some((first, rest)) = path.split_first() else { return };
        let key = if first.is_empty() { self.next.to_string() } else { (*first).to_owned() };
        if rest.is_empty() {
            self.put(key, value);
            return;
        }
        if !matches!(self.get(&key), Some(Node::Array(_))) {
            self.put(key.clone(), Node::Array(Self::default()));
        }
        let at = self.places.get(&key).copied();
        if let Some((_, Node::Array(inner))) = at.and_then(|at| self.entries.get_mut(at)) {
            inner.place(rest, value);
        }
    }

    fn put(&mut self, key: String, node: Node) {
        if let Ok(number) = key.parse::<u64>() {
            self.next = self.next.max(number.saturating_add(1));
        }
        let found = self.places.get(&key).and_then(|&at| self.entries.get_mut(at));
        if let Some((_, held)) = found {
            *held = node;
        } else {
            self.places.insert(key.clone(), self.entries.len());
            self.entries.push((key, node));
        }
    }
}

fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut halves = pair.splitn(2, |&byte| byte == b'=');
        (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
    })
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).collect()
}

/// `a[b][]` as `a`, `b` and nothing. A bracket that is never closed belongs to
/// the name.
fn path_of(key: &str) -> Vec<&str> {
    let Some((name, mut rest)) = key.split_once('[') else { return vec![key] };
    let mut path = vec![name];
    while let Some((inner, after)) = rest.split_once(']') {
        path.push(inner);
        match after.strip_prefix('[') {
            Some(next) => rest = next,
            None => break,
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_become_a_tree_in_the_order_they_came() {
        let body = b"users%5B7%5D[customfields][0][type]=a+b&users[7][username]=x&v[]=1&v[]=2";
        let read = Array::decode(b"", body, 100);
        let user = read.records("users").next().unwrap();
        assert_eq!(user.records("customfields").next().unwrap().text("type"), Some("a b"));
        assert_eq!(user.text("username"), Some("x"));
        assert_eq!(read.words("v").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn variables_beyond_the_limit_are_cut_off_in_silence() {
        let body: Vec<String> = (0..20).map(|n| format!("v[{n}]={n}")).collect();
        let body = body.join("&");
        assert_eq!(Array::decode(b"", body.as_bytes(), 10).words("v").count(), 11);
        assert_eq!(Array::decode(body.as_bytes(), b"", 10).words("v").count(), 10);
    }

    #[test]
    fn bytes_that_are_no_text_stay_visible_as_such() {
        let read = Array::decode(b"", b"a=%FF&b=%00", 10);
        assert!(matches!(read.get("a"), Some(Node::Garbled)));
        assert!(matches!(read.get("b"), Some(Node::Garbled)));
    }
}
