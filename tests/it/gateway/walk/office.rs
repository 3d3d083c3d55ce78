//! What operators of the gateway and administrators of the LMS do.

use std::sync::Arc;
use std::time::Duration;

use matricula::policy::{Deprovision, Reason};
use matricula::provision::Ledger;
use matricula::sandbox::{Array, Fault, Person, Right};
use matricula::scim::Kind;
use matricula::store::{Choice, Pending, Ready};

use super::known::Life;
use super::rules::{Law, PROTECTED, Rule};
use super::step::{Field, Illness};
use super::world::{Found, World};

impl World {
    pub(super) fn ill(&self, illness: Illness, function: Option<&str>, times: u64) {
        let fault = match illness {
            Illness::Refused => Fault::Status(503),
            Illness::Page => Fault::Page,
            Illness::Maintenance => Fault::Exception("sitemaintenance".to_owned()),
            Illness::LoggedOut => Fault::LoggedOut,
            Illness::TooMany => Fault::TooMany(0),
            Illness::Lost => Fault::DropAfter,
            Illness::Cut => Fault::Half,
            Illness::GatewayTimeout => Fault::StatusAfter(504),
        };
        let faults = self.house.lms.faults();
        match times {
            u64::MAX => faults.always(function, fault),
            times => faults.times(times, function, fault),
        }
    }

    pub(super) fn hide(&mut self, which: u64) {
        let rights = [Right::ViewDetails, Right::ViewAllDetails, Right::ViewIdentity];
        let lost = rights[usize::try_from(which).unwrap() % rights.len()];
        self.rights(&|right| right != lost);
        self.hidden = true;
    }

    pub(super) fn show(&mut self) {
        self.rights(&|_| true);
        self.hidden = false;
    }

    fn rights(&mut self, keep: &dyn Fn(Right) -> bool) {
        self.house.lms.with(|moodle| {
            for token in moodle.tokens.values_mut() {
                token.rights = Right::FULL.iter().copied().filter(|right| keep(*right)).collect();
            }
        });
        self.forget_answers();
    }

    /// As a while later: what was read is not believed any more.
    pub(super) fn forget_answers(&mut self) {
        self.house.with_ledger(Arc::clone(&self.ledger), self.rules.clone());
    }

    /// Whom a client knows, and their account.
    async fn by_hand(&mut self, who: usize) -> Option<(String, i64)> {
        let id = self.slots[who].id.clone()?;
        let account = self.account(Kind::User, &id).await?;
        let lives = self.accounts().get(&account).is_some_and(|it| !it.deleted);
        lives.then(|| self.by_hand.insert(account));
        lives.then_some((id, account))
    }

    pub(super) async fn suspend(&mut self, who: usize, suspended: bool) {
        let Some((id, account)) = self.by_hand(who).await else { return };
        let edit = |it: &mut Person| it.suspended = suspended;
        self.house.lms.with(|moodle| moodle.people.edit(account, edit)).unwrap();
        let word = if suspended { "false" } else { "true" };
        if let Some(known) = self.people.get_mut(&id) {
            known.may_be(Field::Active, word);
        }
        self.say(format!("    {account} is suspended: {suspended}"));
        self.forget_answers();
    }

    pub(super) async fn rename(&mut self, who: usize, number: u64) {
        let Some((id, account)) = self.by_hand(who).await else { return };
        let name = format!("Hand {number}");
        let edit = |it: &mut Person| it.lastname.clone_from(&name);
        self.house.lms.with(|moodle| moodle.people.edit(account, edit)).unwrap();
        if let Some(known) = self.people.get_mut(&id) {
            known.may_be(Field::Family, &name);
        }
        self.say(format!("    {account} is called {name}"));
        self.forget_answers();
    }

    pub(super) async fn erase(&mut self, who: usize) {
        let Some((id, account)) = self.by_hand(who).await else { return };
        let form = format!(
            "wstoken={}&moodlewsrestformat=json&wsfunction=core_user_delete_users&userids[0]={account}",
            self.house.lms.token()
        );
        let form = Array::decode(form.as_bytes(), b"", 100);
        self.house.lms.with(|moodle| moodle.handle(form));
        if let Some(known) = self.people.get_mut(&id) {
            known.erased = true;
        }
        self.say(format!("    {account} is erased"));
        self.forget_answers();
    }

    /// Somebody makes an account in the LMS for a person whom the client knows.
    pub(super) fn enrol(&mut self, who: usize) {
        let words = &self.slots[who].words;
        let (name, mail) = (words[&Field::UserName].to_lowercase(), &words[&Field::Mail]);
        let person = Person::new(&name, "Hand", "Made", mail);
        let taken = self.accounts().into_values().any(|it| !it.deleted && it.email == *mail);
        if taken {
            return;
        }
        if let Ok(account) = self.house.lms.with(|moodle| moodle.people.insert(person)) {
            self.foreign.insert(account);
            self.by_hand.insert(account);
            self.say(format!("    {account} is made for {name}"));
        }
        self.forget_answers();
    }

    pub(super) async fn is_protected(&self, id: &str) -> bool {
        let known = self.people.get(id);
        let is = known.is_some_and(|it| it.allows_folded(Field::UserName, PROTECTED));
        let account = self.account(Kind::User, id).await;
        let held = account.and_then(|account| self.accounts().remove(&account));
        !self.rules.protect.is_empty() && (is || held.is_some_and(|it| it.username == PROTECTED))
    }

    pub(super) async fn waiting(&self) -> Vec<Pending> {
        self.queue.page(&Choice::default(), 0, 1000).await.unwrap()
    }

    async fn chosen(&self, law: Law) -> (Choice, Vec<Pending>) {
        let all = self.waiting().await;
        let choice = match law {
            Law::All => Choice::default(),
            Law::Of(reason) => Choice { reason: Some(reason), ..Choice::default() },
            Law::One(place) => {
                let place = usize::try_from(place).unwrap();
                let sequence = all.get(place).map_or(u64::MAX >> 1, |one| one.sequence);
                Choice { sequence: Some(sequence), ..Choice::default() }
            }
        };
        let chosen = all.into_iter().filter(|one| choice.means(one)).collect();
        (choice, chosen)
    }

    pub(super) async fn release(&mut self, law: Law) -> Found {
        self.hand.advance(Duration::from_millis(7));
        let (choice, chosen) = self.chosen(law).await;
        self.approved.extend(chosen.iter().map(|one| one.id.to_string()));
        self.say(format!("    released: {chosen:?}"));
        self.house.tenant.release(&choice).await.map_err(|it| format!("no release: {it:?}"))?;
        Ok(())
    }

    pub(super) async fn drop_waiting(&mut self, law: Law) -> Found {
        let (choice, chosen) = self.chosen(law).await;
        self.say(format!("    dropped: {chosen:?}"));
        let dropped = self.house.tenant.drop_waiting(&choice).await;
        dropped.map_err(|it| format!("no drop: {it:?}"))?;
        for one in chosen {
            let id = one.id.as_str();
            if let (Kind::User, Some(known)) = (one.kind, self.people.get_mut(id)) {
                known.life = Life::Either;
                // What may have been made is left to the LMS's administrators.
                self.lost.extend(known.fields[&Field::ExternalId].iter().flatten().cloned());
                known.anything();
            }
            if let (Kind::Group, Some(group)) = (one.kind, self.groups.get_mut(id)) {
                (group.life, group.name) = (Life::Either, None);
                group.members.values_mut().for_each(|life| *life = Life::Either);
            }
        }
        Ok(())
    }

    pub(super) fn reload(&mut self, rule: Rule) {
        rule.change(&mut self.rules);
        if self.rules.deprovision == Deprovision::Delete {
            self.deletes = Some(self.now());
        }
        self.forget_answers();
    }

    /// The process dies. Work that it had begun is another's once its lease is over.
    pub(super) async fn restart(&mut self, begun: bool) {
        if begun {
            let (now, rules) = (self.now(), &self.rules);
            let until = now + Duration::from_mins(5);
            let reasons = Reason::ALL.into_iter().filter(|it| rules.releases(*it)).collect();
            let ready = Ready { reasons, now, until, most: 64 };
            let begun = self.queue.begin(ready).await.unwrap();
            self.say(format!("    begun: {begun:?}"));
        }
        self.ledger = Ledger::new(Arc::clone(&self.entries), Arc::clone(&self.queue));
        self.forget_answers();
    }

    pub(super) fn later(&mut self, minutes: u64) {
        self.hand.advance(Duration::from_mins(minutes));
        self.forget_answers();
    }

    pub(super) async fn work(&mut self) {
        self.hand.advance(Duration::from_millis(7));
        let done = self.house.work_off().await;
        self.say(format!("    done: {done}"));
    }
}
