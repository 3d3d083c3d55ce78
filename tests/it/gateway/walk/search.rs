//! What the client looks for, and whom it may find.

use std::collections::BTreeSet;

use super::known::{Known, Life};
use super::step::Field;
use super::world::{Found, World};
use crate::gateway::Answer;

impl World {
    pub(super) async fn find(&mut self, who: usize, field: Field) -> Found {
        let word = self.slots[who].words[&field].clone();
        let filter = format!("{} eq \"{word}\"", field.path());
        let filter =
            percent_encoding::utf8_percent_encode(&filter, percent_encoding::NON_ALPHANUMERIC);
        let answer = self.get(format!("/Users?filter={filter}")).await?;
        if answer.status != 200 {
            return could_not_look(&answer);
        }
        let ids = ids(&answer)?;
        for id in &ids {
            match self.people.get(id) {
                Some(known) if self.hidden && known.life == Life::Gone => {}
                Some(known) if known.life == Life::Gone => {
                    return Err(format!("{id} is gone, and is found"));
                }
                Some(known) if !known.allows_folded(field, &word) => {
                    return Err(format!("{id} is found by {word}, and has another {field:?}"));
                }
                Some(_) => {}
                None => self.met(who, id, &answer),
            }
        }
        let has = |known: &Known| {
            known.certain(field).is_some_and(|own| own.to_lowercase() == word.to_lowercase())
        };
        // By names, those are not found whom the LMS hides.
        let hidden = self.hidden && (field != Field::ExternalId || self.minimal);
        let mut there = self.people.iter().filter(|(_, it)| it.is_there() && !it.erased && has(it));
        match there.find(|(id, _)| !ids.contains(*id)).filter(|_| !hidden) {
            Some((id, _)) => Err(format!("{id} is there, and is not found by {word}")),
            None => Ok(()),
        }
    }

    /// Somebody was there before, and the client takes them for the one it looks for.
    fn met(&mut self, who: usize, id: &str, answer: &Answer) {
        let mut listed = answer.body["Resources"].as_array().into_iter().flatten();
        let body = listed.find(|it| it["id"] == id).cloned().unwrap_or_default();
        self.people.insert(id.to_owned(), Known::met(&body, self.now()));
        let slot = &mut self.slots[who];
        if slot.id.is_none() {
            (slot.id, slot.open) = (Some(id.to_owned()), false);
        }
    }

    pub(super) async fn list(&mut self) -> Found {
        let answer = self.get("/Users?count=100".to_owned()).await?;
        if answer.status != 200 {
            return could_not_look(&answer);
        }
        let ids = ids(&answer)?;
        if answer.body["totalResults"] != ids.len() {
            return Err("totalResults is not how many there are".to_owned());
        }
        for (id, known) in &self.people {
            if known.life == Life::Gone && !self.hidden && ids.contains(id) {
                return Err(format!("{id} is gone, and is listed"));
            }
            if known.is_there() && !known.erased && !self.hidden && !ids.contains(id) {
                return Err(format!("{id} is there, and is not listed"));
            }
        }
        Ok(())
    }
}

/// Who is in an answer, each once.
fn ids(answer: &Answer) -> Result<BTreeSet<String>, String> {
    let mut ids = BTreeSet::new();
    for one in answer.body["Resources"].as_array().into_iter().flatten() {
        let id = one["id"].as_str().unwrap_or_default().to_owned();
        if !ids.insert(id.clone()) {
            return Err(format!("{id} is found twice"));
        }
    }
    Ok(ids)
}

fn could_not_look(answer: &Answer) -> Found {
    match answer.status {
        502 | 503 => Ok(()),
        status => Err(format!("a search was answered {status}")),
    }
}
