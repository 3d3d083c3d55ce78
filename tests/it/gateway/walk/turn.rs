//! One step after the other.

use super::step::{Field, Step};
use super::world::{Found, World};

impl World {
    /// All steps, and the end.
    pub(super) async fn walk(&mut self, steps: &[Step]) -> Found {
        for step in steps {
            self.say(format!("{step:?}"));
            let before = self.before_step().await;
            self.turn(step).await?;
            self.after_step(before).await?;
        }
        self.ends_well().await
    }

    async fn turn(&mut self, step: &Step) -> Found {
        match step {
            Step::Post(who) => self.post(*who).await,
            Step::Again => self.again().await,
            Step::Patch(who, field, number) => self.patch(*who, &[(*field, *number)]).await,
            Step::PatchBoth(who, both) => self.patch(*who, both).await,
            Step::Swap(one, other) => self.swap(*one, *other).await,
            Step::Put(who, number) => self.put(*who, *number).await,
            Step::Delete(who) => self.delete(*who).await,
            Step::Succeed(who) => {
                self.succeed(*who);
                Ok(())
            }
            Step::Get(who) => self.read(*who).await,
            Step::Find(who, field) => self.find(*who, *field).await,
            Step::List => self.list().await,
            Step::GroupPost(number, who) => self.group_post(*number, who).await,
            Step::GroupAdd(number, who) => self.group_add(*number, who).await,
            Step::GroupRemove(number, who) => self.group_remove(*number, who).await,
            Step::GroupReplace(number, who) => self.group_replace(*number, who).await,
            Step::GroupRename(number, to) => self.group_rename(*number, *to).await,
            Step::GroupDelete(number) => self.group_delete(*number).await,
            Step::GroupGet(number) => self.group_read(*number).await,
            others => self.beside(others).await,
        }
    }

    /// What happens beside the client.
    async fn beside(&mut self, step: &Step) -> Found {
        match step {
            Step::Ill(illness, function, times) => self.ill(*illness, *function, *times),
            Step::Well => self.house.lms.faults().clear(),
            Step::Hide(which) => self.hide(*which),
            Step::Show => self.show(),
            Step::Suspend(who, suspended) => self.suspend(*who, *suspended).await,
            Step::Erase(who) => self.erase(*who).await,
            Step::Rename(who, number) => self.rename(*who, *number).await,
            Step::Enrol(who) => self.enrol(*who),
            Step::Release(law) => return self.release(*law).await,
            Step::Drop(law) => return self.drop_waiting(*law).await,
            Step::Reload(rule) => self.reload(*rule),
            Step::Restart(begun) => self.restart(*begun).await,
            Step::Meanwhile => self.busy = true,
            Step::Later(minutes) => self.later(*minutes),
            _ => self.work().await,
        }
        Ok(())
    }

    async fn swap(&mut self, one: usize, other: usize) -> Found {
        if one == other {
            return Ok(());
        }
        let names = [one, other].map(|who| self.slots[who].words[&Field::UserName].clone());
        let [first, second] = names;
        let free = "Name.99@Hoch.example".to_owned();
        for (who, name) in [(one, free), (other, first), (one, second)] {
            self.change(who, vec![(Field::UserName, name)], false).await?;
        }
        Ok(())
    }

    fn succeed(&mut self, who: usize) {
        let slot = &mut self.slots[who];
        if slot.id.is_none() {
            slot.heirs += 1;
            let number = format!("x-{who}-{}-0", slot.heirs);
            slot.words.insert(Field::ExternalId, number);
            slot.open = false;
        }
    }
}
