//! Everything is well again, and everybody has had time: what must hold then.

use std::collections::{BTreeMap, BTreeSet};

use matricula::policy::{Mode, Reason};
use matricula::scim::{Kind, ResourceId};
use matricula::store::{Choice, Pending, Proof, Wanted};

use super::known::{Known, Life};
use super::rules::Law;
use super::step::Field;
use super::world::{Found, World};

/// What waits still, by the ids of resources.
type Left = BTreeMap<String, Pending>;

impl World {
    pub(super) async fn ends_well(&mut self) -> Found {
        self.say("THE END");
        self.busy = false;
        self.house.lms.faults().clear();
        self.show();
        self.rules.mode = Mode::Sync;
        self.rules.outage = false;
        self.forget_answers();
        self.until_it_rests().await?;
        self.client_comes_back().await?;
        self.until_it_rests().await?;
        let left = self.left_over().await?;
        self.people_are_right(&left).await?;
        self.accounts_are_right().await?;
        self.groups_are_right(&left).await?;
        self.trail_holds().await
    }

    /// Operators say yes to all, and the hours pass, until nothing happens any more.
    async fn until_it_rests(&mut self) -> Found {
        for _ in 0..12 {
            if self.waiting().await.is_empty() {
                return Ok(());
            }
            let before = self.before_step().await;
            for reason in Reason::ALL.into_iter().filter(|it| *it != Reason::Grace) {
                self.release(Law::Of(reason)).await?;
            }
            self.later(7 * 60);
            self.work().await;
            self.after_step(before).await?;
        }
        Ok(())
    }

    /// A client asks until it is told.
    async fn client_comes_back(&mut self) -> Found {
        for who in 0..self.slots.len() {
            if self.slots[who].open {
                self.post(who).await?;
            }
            let id = self.slots[who].id.clone();
            let known = id.and_then(|id| self.people.get(&id));
            if known.is_some_and(|known| known.life == Life::Either) {
                self.delete(who).await?;
            }
        }
        Ok(())
    }

    /// What waits for ever says why.
    async fn left_over(&mut self) -> Result<Left, String> {
        let all = self.queue.page(&Choice::default(), 0, 1000).await.unwrap();
        let told = all.iter().any(|one| one.failure.is_some());
        let behind = |one: &Pending| {
            let mut before = all.iter().filter(|it| it.id == one.id && it.sequence < one.sequence);
            before.any(|it| it.failure.is_some())
        };
        for one in &all {
            let says = format!("{one:?} {} {:?}", one.operation, one.failure);
            self.log.push(format!("    left: {says}"));
            if one.failure.is_none() && !behind(one) && !(told && one.reason == Reason::Order) {
                return Err(format!("it waits for ever, and does not say why: {says}"));
            }
        }
        Ok(all.into_iter().map(|one| (one.id.to_string(), one)).collect())
    }

    async fn people_are_right(&mut self, left: &Left) -> Found {
        let ids: Vec<_> = self.people.keys().cloned().collect();
        let mut accounts = BTreeMap::new();
        for id in ids {
            let answer = self.get(format!("/Users/{id}")).await?;
            self.reads(&id, &answer)?;
            let known = self.people[&id].clone();
            if known.life == Life::There && !known.erased && answer.status != 200 {
                return Err(format!("{id} is there, and is answered {}", answer.status));
            }
            if left.contains_key(&id) {
                continue;
            }
            let account = self.account(Kind::User, &id).await;
            match (known.life, account) {
                (Life::There, _) if known.erased => {}
                (Life::There, None) => return Err(format!("{id} has no account")),
                (Life::There, Some(account)) => {
                    if let Some(other) = accounts.insert(account, id.clone()) {
                        return Err(format!("{id} and {other} have the account {account}"));
                    }
                    self.account_is_right(&id, &known, account)?;
                }
                (Life::Gone, Some(account)) => self.is_disabled(&id, account).await?,
                (Life::Gone, None) | (Life::Either, _) => {}
            }
        }
        Ok(())
    }

    /// Whether the LMS holds what the client said last.
    fn account_is_right(&self, id: &str, known: &Known, account: i64) -> Found {
        let Some(held) = self.accounts().remove(&account).filter(|it| !it.deleted) else {
            return Err(format!("{id} is there, and the account {account} is not"));
        };
        let active = (!held.suspended).to_string();
        let values = [
            (Field::UserName, &held.username),
            (Field::ExternalId, &held.idnumber),
            (Field::Mail, &held.email),
            (Field::Given, &held.firstname),
            (Field::Family, &held.lastname),
            (Field::Nick, &held.alternatename),
            (Field::Active, &active),
        ];
        for (field, value) in values {
            if !known.allows_folded(field, value) {
                let possible = &known.fields[&field];
                return Err(format!(
                    "{id}: the LMS has {field:?} {value:?}, and the client said {possible:?}"
                ));
            }
        }
        Ok(())
    }

    /// Whoever is gone is not let in, unless the account is another's now.
    async fn is_disabled(&self, id: &str, account: i64) -> Found {
        let held = self.accounts().remove(&account);
        let enabled = held.is_some_and(|it| !it.deleted && !it.suspended);
        let number = ResourceId::parse(&account.to_string()).unwrap();
        let owner = self.entries.of_lms(Kind::User, &[number]).await.unwrap().pop().flatten();
        let others = owner.is_some_and(|owner| owner.id.as_str() != id && owner.gone.is_none());
        if enabled && !others {
            return Err(format!("{id} is gone, and the account {account} is enabled"));
        }
        Ok(())
    }

    /// Every account that the gateway made belongs to somebody.
    async fn accounts_are_right(&self) -> Found {
        let mut numbers = BTreeSet::new();
        for (id, person) in self.accounts() {
            if person.deleted || self.foreign.contains(&id) {
                continue;
            }
            if !person.idnumber.is_empty() && !numbers.insert(person.idnumber.clone()) {
                return Err(format!("there are two accounts of {}", person.idnumber));
            }
            let account = ResourceId::parse(&id.to_string()).unwrap();
            let owner =
                self.entries.of_lms(Kind::User, std::slice::from_ref(&account)).await.unwrap();
            let owner = owner.into_iter().flatten().find(|it| it.lms_id() == Some(&account));
            let unheard = self.lost.contains(&person.idnumber);
            if owner.is_none() && !unheard {
                return Err(format!("nobody knows of the account {id}: {person:?}"));
            }
        }
        Ok(())
    }

    async fn groups_are_right(&mut self, left: &Left) -> Found {
        let ids: Vec<_> = self.groups.keys().cloned().collect();
        for id in ids {
            let answer = self.get(format!("/Groups/{id}")).await?;
            self.group_reads(&id, &answer)?;
            let group = self.groups[&id].clone();
            if group.life == Life::There && answer.status != 200 {
                return Err(format!("the group {id} is there, and is answered {}", answer.status));
            }
            let waits = |id: &String| left.contains_key(id);
            if group.life != Life::There || waits(&id) || group.members.keys().any(waits) {
                continue;
            }
            let account = self.account(Kind::Group, &id).await;
            let cohorts = self.house.lms.cohorts();
            let Some(cohort) = cohorts.into_iter().find(|it| Some(it.id) == account) else {
                return Err(format!("the group {id} has no cohort"));
            };
            let members =
                cohort.members.iter().filter_map(|member| self.owners.get(member)?.last());
            let there = |id: &&String| self.people.get(*id).is_some_and(Known::is_there);
            let members: Vec<_> = members.filter(there).cloned().collect();
            self.members_are(&id, &members).map_err(|it| format!("in the LMS, {it}"))?;
        }
        Ok(())
    }

    async fn trail_holds(&self) -> Found {
        let ends = self.trail.ends().await.unwrap();
        let wanted = Wanted { most: usize::MAX, ..Wanted::default() };
        let mut proof = Proof::begin(&self.key, &ends).map_err(|it| it.to_string())?;
        for link in self.trail.links(&wanted).await.unwrap() {
            proof.next(&link).map_err(|it| it.to_string())?;
        }
        proof.end().map(drop).map_err(|it| it.to_string())
    }
}
