//! The chain: each link is sealed together with the one before it, and both ends
//! are sealed for themselves.
//!
//! A record that is changed, taken out or put in breaks it at that place. The head
//! says where it ends, so that a cut at the end shows; the anchor says where it
//! begins, since what is old enough is taken away. All seals are keyed: whoever can
//! write the store, and has not the key, cannot make a chain of their own. What no
//! chain can show is a whole store that was put back to an earlier day: for that,
//! note a head elsewhere, as the log does.

use super::super::{Digest, Key};
use super::Record;

/// One record as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Its number; they follow one another without a gap.
    pub seq: u64,
    /// The record as it was sealed, word for word.
    pub body: String,
    /// Its seal.
    pub digest: Digest,
}

impl Link {
    /// What it says; nothing, if that cannot be read.
    pub fn record(&self) -> Option<Record> {
        serde_json::from_str(&self.body).ok()
    }
}

/// One end of the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The number of a link: at the head the last there is, at the anchor the last
    /// that is gone.
    pub seq: u64,
    /// Its seal.
    pub digest: Digest,
    /// The seal of this end itself.
    pub seal: Digest,
}

/// Both ends; a trail that has not begun has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ends {
    /// Where it begins, if anything was taken away.
    pub anchor: Option<End>,
    /// Where it ends.
    pub head: Option<End>,
}

/// Which end a seal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Side {
    Anchor,
    Head,
}

impl Side {
    /// Its word, in stores too.
    pub(in crate::store) fn as_str(self) -> &'static str {
        match self {
            Self::Anchor => "anchor",
            Self::Head => "head",
        }
    }
}

/// Before the first link.
pub(in crate::store) const NOTHING: Digest = Digest::ZERO;

/// The link that follows another.
pub(in crate::store) fn link(key: &Key, after: (u64, Digest), body: String) -> Link {
    let seq = after.0.saturating_add(1);
    let digest = digest(key, after.1, seq, &body);
    Link { seq, body, digest }
}

/// An end, sealed.
pub(in crate::store) fn end(key: &Key, side: Side, seq: u64, digest: Digest) -> End {
    let seal =
        key.seal("trail end", &[side.as_str().as_bytes(), &seq.to_be_bytes(), digest.bytes()]);
    End { seq, digest, seal: seal.into() }
}

fn digest(key: &Key, before: Digest, seq: u64, body: &str) -> Digest {
    key.seal("trail", &[before.bytes(), &seq.to_be_bytes(), body.as_bytes()]).into()
}

/// Where a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// An end was written by somebody without the key.
    #[error("the {0} of the trail is not sealed with this key")]
    End(&'static str),
    /// There are records, and nothing that says where they end.
    #[error("the trail has records, but its head is gone")]
    Headless,
    /// A record is not there.
    #[error("record {0} is missing")]
    Missing(u64),
    /// A record is not what was written, or one before it was put in.
    #[error("record {0} was altered, or does not follow the one before it")]
    Altered(u64),
    /// A head that was noted elsewhere is not in it: the whole trail is another one, or
    /// an older one was put back.
    #[error("record {0} is not the one that was noted: the trail was replaced or put back")]
    Replaced(u64),
    /// The end is not where the head says.
    #[error("the trail ends with record {0}, and its head says {1}")]
    Cut(u64, u64),
}

/// A chain that is being proven, link by link.
#[derive(Debug)]
pub struct Proof {
    key: Key,
    seq: u64,
    digest: Digest,
    head: Option<End>,
}

impl Proof {
    /// Begins at one end, and knows where the other has to be.
    pub fn begin(key: &Key, ends: &Ends) -> Result<Self, Break> {
        for (side, sealed) in [(Side::Anchor, &ends.anchor), (Side::Head, &ends.head)] {
            if let Some(it) = sealed
                && end(key, side, it.seq, it.digest) != *it
            {
                return Err(Break::End(side.as_str()));
            }
        }
        let (seq, digest) = ends.anchor.as_ref().map_or((0, NOTHING), |it| (it.seq, it.digest));
        if ends.head.is_none() && ends.anchor.is_some() {
            return Err(Break::Headless);
        }
        Ok(Self { key: key.clone(), seq, digest, head: ends.head.clone() })
    }

    /// The last link that holds.
    pub fn at(&self) -> u64 {
        self.seq
    }

    /// The next link. Those behind the head came after the proof began: they are not
    /// looked at, and the answer is no.
    pub fn next(&mut self, link: &Link) -> Result<bool, Break> {
        let Some(head) = &self.head else { return Err(Break::Headless) };
        if self.seq >= head.seq {
            return Ok(false);
        }
        let seq = self.seq.saturating_add(1);
        if link.seq != seq {
            return Err(Break::Missing(seq));
        }
        if link.digest != digest(&self.key, self.digest, seq, &link.body) {
            return Err(Break::Altered(seq));
        }
        (self.seq, self.digest) = (seq, link.digest);
        Ok(true)
    }

    /// The end: whether it is where the head says.
    pub fn end(self) -> Result<u64, Break> {
        match self.head {
            Some(head) if head.seq == self.seq && head.digest == self.digest => Ok(self.seq),
            Some(head) if head.seq == self.seq => Err(Break::Altered(self.seq)),
            Some(head) => Err(Break::Cut(self.seq, head.seq)),
            None => Ok(0),
        }
    }
}
