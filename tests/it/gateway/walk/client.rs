//! What the client does with people, and what it may be told.

use http::Method;
use matricula::scim::Kind;
use serde_json::{Value, json};

use super::known::{Known, Life, shown, value};
use super::step::Field;
use super::world::{Found, World};
use crate::gateway::Answer;

/// Attributes with their new values.
type Words = Vec<(Field, String)>;

impl World {
    pub(super) async fn post(&mut self, who: usize) -> Found {
        if self.slots[who].id.is_some() {
            return Ok(());
        }
        let body = self.slots[who].body();
        let answer = self.ask(&(Method::POST, "/Users".to_owned(), Some(body.clone()))).await?;
        match answer.status {
            201 => self.made(who, &answer),
            409 => {
                self.slots[who].open = false;
                let names = [Field::UserName, Field::Mail];
                let words = names.map(|it| (it, self.slots[who].words[&it].clone()));
                self.is_taken(&words, None).await
            }
            502 | 503 => {
                let slot = &mut self.slots[who];
                slot.open = true;
                self.lost.insert(slot.words[&Field::ExternalId].clone());
                Ok(())
            }
            // It is taken, and the LMS shows nobody who has it.
            400 if self.hidden => Ok(()),
            403 if self.rules.protect.is_empty() => Err("403, and nobody is protected".to_owned()),
            403 => Ok(()),
            status => Err(format!("a create was answered {status}")),
        }
    }

    fn made(&mut self, who: usize, answer: &Answer) -> Found {
        let id = answer.body["id"].as_str().ok_or("a create without an id")?.to_owned();
        if self.people.get(&id).is_some_and(Known::is_there)
            && self.slots.iter().any(|slot| slot.id.as_ref() == Some(&id))
        {
            return Err(format!("{id} was given to two people"));
        }
        let known = Known::made(&self.slots[who], self.now());
        self.is_as(&known, &id, &answer.body)?;
        self.people.insert(id.clone(), known);
        for group in self.groups.values_mut() {
            if let Some(life) = group.members.get_mut(&id) {
                *life = Life::Either;
            }
        }
        self.approved.remove(&id);
        let slot = &mut self.slots[who];
        (slot.id, slot.open) = (Some(id), false);
        Ok(())
    }

    /// The last write once more, as by a client that did not hear the answer.
    pub(super) async fn again(&mut self) -> Found {
        let Some((method, path, body)) = self.last.clone() else { return Ok(()) };
        if path == "/Users" || path == "/Groups" {
            return Ok(());
        }
        let id = path.rsplit('/').next().unwrap_or_default().to_owned();
        let answer = self.ask(&(method.clone(), path.clone(), body)).await?;
        let people = path.starts_with("/Users");
        match (&method, answer.status) {
            (&Method::DELETE, 204) if people => self.left(&id),
            (_, 404) => self.is_not_there(&path, &id),
            _ => Ok(()),
        }
    }

    fn is_not_there(&mut self, path: &str, id: &str) -> Found {
        if path.starts_with("/Users") { self.missed(id) } else { self.group_missed(id) }
    }

    /// The client was told that somebody is not there.
    pub(super) fn missed(&mut self, id: &str) -> Found {
        let now = self.now();
        let wrong = format!("{id} was answered 404, and is there");
        // Where nobody else has an account, nobody can bear witness.
        let witness = |owner: &String| {
            let known = self.people.get(owner).filter(|_| owner != id);
            known.is_some_and(|it| it.is_there() && !it.erased)
        };
        let alone = self.hidden && !self.owners.values().filter_map(|it| it.last()).any(witness);
        // An account went over to somebody who had waited for one.
        let account = id.parse().ok().and_then(|id: i64| self.owners.get(&id)?.last());
        let over = account.is_some_and(|owner| owner != id);
        let Some(known) = self.people.get_mut(id) else { return Ok(()) };
        if alone && known.life != Life::Gone {
            known.life = Life::Either;
            known.anything();
            return Ok(());
        }
        if known.is_there() && !known.erased && !over {
            return Err(wrong);
        }
        if known.life != Life::Gone {
            (known.life, known.since) = (Life::Gone, now);
        }
        self.forgets(id);
        Ok(())
    }

    fn forgets(&mut self, id: &str) {
        for slot in &mut self.slots {
            if slot.id.as_deref() == Some(id) {
                slot.id = None;
            }
        }
    }

    fn left(&mut self, id: &str) -> Found {
        let (now, hidden) = (self.now(), self.hidden);
        if let Some(known) = self.people.get_mut(id) {
            if known.life == Life::Gone && !hidden {
                return Err(format!("{id} is gone, and was deleted once more"));
            }
            (known.life, known.since) = (Life::Gone, now);
        }
        self.approved.remove(id);
        self.forgets(id);
        Ok(())
    }

    pub(super) async fn patch(&mut self, who: usize, edits: &[(Field, u64)]) -> Found {
        let whose = self.slots[who].whose(who);
        let words = edits.iter().map(|(field, number)| (*field, value(*field, *number, &whose)));
        self.change(who, words.collect(), false).await
    }

    pub(super) async fn put(&mut self, who: usize, number: u64) -> Found {
        self.change(who, vec![(Field::Nick, value(Field::Nick, number, ""))], true).await
    }

    /// Tells new values of somebody, alone or with all the others.
    pub(super) async fn change(&mut self, who: usize, words: Words, whole: bool) -> Found {
        let Some(id) = self.slots[who].id.clone() else { return Ok(()) };
        let mut slot = self.slots[who].clone();
        slot.words.extend(words.iter().cloned());
        let path = format!("/Users/{id}");
        let told: Words = if whole { slot.words.clone().into_iter().collect() } else { words };
        let sent = if whole {
            (Method::PUT, path.clone(), Some(slot.body()))
        } else {
            (Method::PATCH, path.clone(), Some(operations(&told)))
        };
        let hidden = self.hidden;
        let covered = self.people.get(&id).is_some_and(|it| it.is_there() && !it.erased);
        let answer = self.ask(&sent).await?;
        let Some(known) = self.people.get_mut(&id) else { return Ok(()) };
        match answer.status {
            200 | 204 => {
                if known.life == Life::Gone && !hidden {
                    return Err(format!("{id} is gone, and was changed"));
                }
                known.life = Life::There;
                for (field, word) in &told {
                    known.is(*field, word);
                }
                self.slots[who] = slot;
                if covered { self.reads_back(&id).await } else { Ok(()) }
            }
            404 => self.missed(&id),
            409 => self.is_taken(&told, Some(&id)).await,
            502 | 503 => {
                for (field, word) in &told {
                    known.may_be(*field, word);
                }
                Ok(())
            }
            403 if self.is_protected(&id).await => Ok(()),
            status => Err(format!("a change was answered {status}: {}", answer.body["detail"])),
        }
    }

    async fn reads_back(&mut self, id: &str) -> Found {
        let answer = self.get(format!("/Users/{id}")).await?;
        self.reads(id, &answer)
    }

    /// Somebody else has one of these values, in the LMS or by what waits.
    pub(super) async fn is_taken(&self, words: &[(Field, String)], own: Option<&str>) -> Found {
        let own_account = match own {
            Some(id) => self.account(Kind::User, id).await,
            None => None,
        };
        for (field, word) in words {
            let word = word.to_lowercase();
            let has = |known: &Known| known.allows_folded(*field, &word);
            let mut others = self.people.iter().filter(|(id, _)| Some(id.as_str()) != own);
            if others.any(|(_, known)| known.life != Life::Gone && has(known)) {
                return Ok(());
            }
            let held = self.accounts().into_values().any(|it| {
                let value = match field {
                    Field::UserName => it.username,
                    Field::Mail => it.email,
                    _ => return false,
                };
                !it.deleted && Some(it.id) != own_account && value.to_lowercase() == word
            });
            let ids = self.queue.named(Kind::User, std::slice::from_ref(&word)).await.unwrap();
            if held || ids.iter().any(|id| Some(id.as_str()) != own) {
                return Ok(());
            }
        }
        Err("409, and nobody has any of these values".to_owned())
    }

    pub(super) async fn delete(&mut self, who: usize) -> Found {
        let Some(id) = self.slots[who].id.clone() else { return Ok(()) };
        let answer = self.ask(&(Method::DELETE, format!("/Users/{id}"), None)).await?;
        match answer.status {
            204 => self.left(&id),
            404 => self.missed(&id),
            502 | 503 => {
                let now = self.now();
                if let Some(known) = self.people.get_mut(&id) {
                    known.may_be(Field::Active, "false");
                    if known.is_there() {
                        (known.life, known.since) = (Life::Either, now);
                    }
                }
                Ok(())
            }
            403 if self.is_protected(&id).await => Ok(()),
            status => Err(format!("a delete was answered {status}: {}", answer.body["detail"])),
        }
    }

    pub(super) async fn read(&mut self, who: usize) -> Found {
        let Some(id) = self.slots[who].id.clone() else { return Ok(()) };
        let answer = self.get(format!("/Users/{id}")).await?;
        self.reads(&id, &answer)
    }

    pub(super) fn reads(&mut self, id: &str, answer: &Answer) -> Found {
        let Some(known) = self.people.get(id) else { return Ok(()) };
        match answer.status {
            // Moodle shows those who were deleted, too, and hides by what they are known.
            200 if self.hidden && (known.erased || known.life == Life::Gone) => Ok(()),
            200 if known.life == Life::Gone => Err(format!("{id} is gone, and is read")),
            200 => self.is_as(known, id, &answer.body),
            404 => self.missed(id),
            _ => Ok(()),
        }
    }

    /// Whether an answer says of somebody what it may.
    fn is_as(&self, known: &Known, id: &str, body: &Value) -> Found {
        for field in Field::ALL {
            let shown = shown(body, field);
            let hidden = shown.is_none() && self.hidden && self.minimal;
            if !hidden && !known.allows(field, shown.as_deref()) {
                let possible = &known.fields[&field];
                return Err(format!("{id} is read with {field:?} {shown:?}, and has {possible:?}"));
            }
        }
        Ok(())
    }
}

fn operations(words: &[(Field, String)]) -> Value {
    let each = words.iter().map(|(field, word)| {
        let value = if *field == Field::Active { title_case(word) } else { word.clone() };
        json!({ "op": "Replace", "path": field.path(), "value": value })
    });
    let operations: Vec<_> = each.collect();
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations
    })
}

/// As Entra writes booleans.
fn title_case(word: &str) -> String {
    if word == "true" { "True" } else { "False" }.to_owned()
}
