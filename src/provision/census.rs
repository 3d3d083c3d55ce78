//! Who would be met by whom, before the first cycle: the accounts of an LMS, found by
//! what people are known by.

use std::collections::HashMap;
use std::sync::Arc;

use super::names::called;
use super::{Deed, Error, Match, Tenant};
use crate::mapping::{Picture, Query, Want};
use crate::scim::{Kind, Projection, Resource, ResourceId, fold};

/// The accounts of an LMS. Of each only its names are held: some 300 bytes.
#[derive(Debug)]
pub struct Census {
    keys: Vec<Match>,
    accounts: Vec<Account>,
    found: HashMap<(Match, String), Vec<usize>>,
}

/// One account.
#[derive(Debug)]
pub struct Account {
    /// What the LMS calls it.
    pub id: ResourceId,
    /// The name of the account.
    pub name: String,
    /// Whether a client has written it already.
    pub standing: Standing,
    external_id: Option<String>,
    met: bool,
}

/// What is known of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No client has written it yet.
    New,
    /// A client has.
    Provisioned,
    /// A client has, and has deleted it.
    Gone,
}

/// What would become of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The account is found and taken over.
    Adopted(ResourceId, Match),
    /// A client has it already.
    Provisioned(ResourceId, Match),
    /// Whoever was deleted comes back.
    Revived(ResourceId, Match),
    /// Nobody is found, so an account is made.
    Created,
    /// It is not clear who is meant; the words say why.
    Ambiguous(String),
}

impl Census {
    /// Reads the accounts of a tenant's LMS.
    pub async fn take(tenant: &Arc<Tenant>) -> Result<Self, Error> {
        let names = tenant.resource_type(Kind::User).and_then(|resource_type| {
            Projection::parse(resource_type, Some("userName,externalId,emails"), None).ok()
        });
        let want = names.map_or(Want::All, Want::Shown);
        let query = Query { want, loose: true, ..Query::default() };
        let (pictures, _) = tenant.ask(Kind::User, &query).await.map_err(Error::lms(Deed::List))?;
        let keys = match tenant.config().matching.as_slice() {
            [] => Match::usual(Kind::User),
            keys => keys,
        };
        let mut census = Self { keys: keys.to_vec(), accounts: Vec::new(), found: HashMap::new() };
        let ids: Vec<_> = pictures.iter().filter_map(Picture::id).collect();
        let entries = tenant.entries(&ids).await?;
        for (picture, entry) in pictures.into_iter().filter(|it| it.id().is_some()).zip(entries) {
            let Some(id) = picture.id() else { continue };
            let standing = match entry.as_deref() {
                None => Standing::New,
                Some(entry) if called(&id, Some(entry)).is_some() => Standing::Provisioned,
                Some(_) => Standing::Gone,
            };
            census.add(id, picture.resource(), standing);
        }
        Ok(census)
    }

    fn add(&mut self, id: ResourceId, shown: &Resource, standing: Standing) {
        let index = self.accounts.len();
        for &key in &self.keys {
            if let Some(value) = key.value(shown) {
                self.found.entry((key, exact(key, value))).or_default().push(index);
            }
        }
        let text = |key: Match| key.value(shown).map(str::to_owned);
        let name = text(Match::UserName).unwrap_or_default();
        let external_id = text(Match::ExternalId);
        self.accounts.push(Account { id, name, standing, external_id, met: false });
    }

    /// By what people are known, the best first.
    pub fn keys(&self) -> &[Match] {
        &self.keys
    }

    /// All accounts.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// What would become of somebody who comes; whoever is met is not met again.
    pub fn meet(&mut self, person: &Resource) -> Verdict {
        let mut meant: Option<(Match, usize)> = None;
        for &key in &self.keys {
            let Some(value) = key.value(person) else { continue };
            let Some(found) = self.found.get(&(key, exact(key, value))) else { continue };
            let [account] = found.as_slice() else {
                return Verdict::Ambiguous(format!("several accounts have this {}", key.path()));
            };
            match meant {
                None => meant = Some((key, *account)),
                Some((_, first)) if first == *account => {}
                Some((other, _)) => {
                    let (one, other) = (other.path(), key.path());
                    return Verdict::Ambiguous(format!("{one} and {other} mean two accounts"));
                }
            }
        }
        let Some((key, index)) = meant else { return Verdict::Created };
        let Some(account) = self.accounts.get_mut(index) else { return Verdict::Created };
        let own = Match::ExternalId.value(person);
        if own.zip(account.external_id.as_deref()).is_some_and(|(one, other)| one != other) {
            let words = format!("the account {} has another externalId", account.id);
            return Verdict::Ambiguous(words);
        }
        if std::mem::replace(&mut account.met, true) {
            return Verdict::Ambiguous(format!("somebody before means the account {}", account.id));
        }
        let id = account.id.clone();
        match account.standing {
            Standing::New => Verdict::Adopted(id, key),
            Standing::Provisioned => Verdict::Provisioned(id, key),
            Standing::Gone => Verdict::Revived(id, key),
        }
    }

    /// The accounts that nobody met.
    pub fn left(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(|account| !account.met)
    }

    /// The accounts that share a value of a key with another, and which.
    pub fn twins(&self) -> impl Iterator<Item = (Match, &Account)> {
        let shared = self.found.iter().filter(|(_, accounts)| accounts.len() > 1);
        shared.flat_map(|((key, _), accounts)| {
            accounts.iter().filter_map(|index| Some((*key, self.accounts.get(*index)?)))
        })
    }
}

/// A value as it is compared.
fn exact(key: Match, value: &str) -> String {
    if key == Match::ExternalId { value.to_owned() } else { fold(value) }
}
