//! The trail in memory.

use std::collections::VecDeque;
use std::future::ready;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::store::trail::{NOTHING, Side, end, link};
use crate::store::{Digest, Ends, Error, Key, Link, Record, Trail, Wanted, Work};

/// More than that is nobody's to read in memory: the oldest go.
const MOST: usize = 100_000;

/// All records, whoever asks.
#[derive(Debug, Default)]
pub(super) struct Roll {
    links: VecDeque<Link>,
    ends: Ends,
}

/// The trail, with the key that seals it.
pub(super) struct Sealed {
    pub(super) roll: Arc<Mutex<Roll>>,
    pub(super) key: Key,
}

impl Sealed {
    fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, roll: &mut Roll) {
        if let Some(gone) = roll.links.pop_front()
            && roll.ends.anchor.as_ref().is_none_or(|anchor| anchor.seq < gone.seq)
        {
            roll.ends.anchor = Some(end(&self.key, Side::Anchor, gone.seq, gone.digest));
        }
    }
}

impl Trail for Sealed {
    fn append(&self, record: Record) -> Work<'_, u64> {
        let body = match serde_json::to_string(&record) {
            Ok(body) => body,
            Err(error) => return Box::pin(ready(Err(Error::new(error)))),
        };
        let mut roll = self.roll();
        let after = roll.ends.head.as_ref().map_or((0, NOTHING), |it| (it.seq, it.digest));
        let next = link(&self.key, after, body);
        let seq = next.seq;
        roll.ends.head = Some(end(&self.key, Side::Head, seq, next.digest));
        roll.links.push_back(next);
        if roll.links.len() > MOST {
            self.take(&mut roll);
        }
        Box::pin(ready(Ok(seq)))
    }

    fn links<'a>(&'a self, wanted: &'a Wanted) -> Work<'a, Vec<Link>> {
        let roll = self.roll();
        let fitting = roll.links.iter().filter(|link| {
            link.seq > wanted.after && link.record().is_some_and(|record| wanted.fits(&record))
        });
        let mut found: Vec<Link> = if wanted.latest {
            fitting.rev().take(wanted.most).cloned().collect()
        } else {
            fitting.take(wanted.most).cloned().collect()
        };
        found.sort_by_key(|link| link.seq);
        Box::pin(ready(Ok(found)))
    }

    fn ends(&self) -> Work<'_, Ends> {
        Box::pin(ready(Ok(self.roll().ends.clone())))
    }

    fn prune(&self, kept: RangeInclusive<Timestamp>, most: usize) -> Work<'_, usize> {
        let mut roll = self.roll();
        let times = roll.links.iter().filter_map(|link| Some((link.seq, link.record()?.at)));
        let sane = times.filter(|(_, at)| at <= kept.end()).take(most);
        let old = sane.take_while(|(_, at)| at < kept.start());
        let last = old.last().map(|(seq, _)| seq);
        let mut gone = 0;
        while roll.links.front().is_some_and(|link| Some(link.seq) <= last) {
            self.take(&mut roll);
            gone += 1;
        }
        Box::pin(ready(Ok(gone)))
    }

    fn restart(&self) -> Work<'_, ()> {
        let mut roll = self.roll();
        if let Some(last) = roll.ends.head.as_ref().map(|head| (head.seq, head.digest)) {
            let (seq, digest): (u64, Digest) = last;
            roll.ends.anchor = Some(end(&self.key, Side::Anchor, seq, digest));
            roll.ends.head = Some(end(&self.key, Side::Head, seq, digest));
        }
        Box::pin(ready(Ok(())))
    }
}
