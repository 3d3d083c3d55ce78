//! All that a client may ask for, and how it must stand with the LMS afterwards.

use super::journey::person;
use super::{Answer, House};
use serde_json::{Value, json};

/// Something that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Get,
    FindByName,
    FindByMail,
    /// By what no question of the LMS's own can answer.
    FindByReading,
    List,
    Post,
    PostInactive,
    Put,
    Patch,
    Delete,
    GroupGet,
    GroupFind,
    GroupPost,
    GroupPostFilled,
    GroupRename,
    AddMember,
    RemoveMember,
    GroupDelete,
    Bulk,
}

/// Who and what is there before.
pub(super) struct Scene {
    otto: String,
    anna: String,
    choir: String,
}

impl Scene {
    pub(super) async fn set(house: &House) -> Self {
        let otto = house.post("/Users", person("otto")).await.id().to_owned();
        let anna = house.post("/Users", person("anna")).await.id().to_owned();
        let choir = json!({ "displayName": "Choir", "externalId": "g-choir" });
        let choir = house.post("/Groups", choir).await.id().to_owned();
        let join = json!([{ "op": "add", "path": "members", "value": [{ "value": anna }] }]);
        assert_eq!(house.patch(&format!("/Groups/{choir}"), join).await.status, 204);
        Self { otto, anna, choir }
    }
}

impl Deed {
    pub(super) const ALL: [Self; 19] = [
        Self::Get,
        Self::FindByName,
        Self::FindByMail,
        Self::FindByReading,
        Self::List,
        Self::Post,
        Self::PostInactive,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::GroupGet,
        Self::GroupFind,
        Self::GroupPost,
        Self::GroupPostFilled,
        Self::GroupRename,
        Self::AddMember,
        Self::RemoveMember,
        Self::GroupDelete,
        Self::Bulk,
    ];

    /// The call that it is about.
    pub(super) fn function(self) -> &'static str {
        match self {
            Self::Get | Self::FindByName => "core_user_get_users_by_field",
            Self::FindByMail | Self::FindByReading | Self::List => "core_user_get_users",
            Self::Post | Self::Bulk => "core_user_create_users",
            Self::PostInactive | Self::Put | Self::Patch => "core_user_update_users",
            Self::Delete => "core_user_delete_users",
            Self::GroupGet => "core_cohort_get_cohorts",
            Self::GroupFind => "core_cohort_search_cohorts",
            Self::GroupPost => "core_cohort_create_cohorts",
            Self::GroupRename => "core_cohort_update_cohorts",
            Self::GroupPostFilled | Self::AddMember => "core_cohort_add_cohort_members",
            Self::RemoveMember => "core_cohort_delete_cohort_members",
            Self::GroupDelete => "core_cohort_delete_cohorts",
        }
    }

    pub(super) async fn act(self, house: &House, scene: &Scene) -> Answer {
        let user = format!("/Users/{}", scene.otto);
        let group = format!("/Groups/{}", scene.choir);
        let edit = |op: &str, path: &str, value: Value| json!([{ "op": op, "path": path, "value": value }]);
        let member = |op: &str| edit(op, "members", json!([{ "value": scene.otto }]));
        match self {
            Self::Get => house.get(&user).await,
            Self::FindByName => house.find("Users", r#"userName eq "otto@hoch.example""#).await,
            Self::FindByMail => {
                house.find("Users", r#"emails[type eq "work"].value eq "otto@hoch.example""#).await
            }
            Self::FindByReading => {
                house.find("Users", r#"active eq true and displayName eq "Nina Berg""#).await
            }
            Self::List => house.get("/Users").await,
            Self::Post => house.post("/Users", person("nina")).await,
            Self::PostInactive => house.post("/Users", inactive()).await,
            Self::Put => house.put(&user, renamed()).await,
            Self::Patch => {
                house.patch(&user, edit("replace", "name.familyName", json!("Tal"))).await
            }
            Self::Delete => house.delete(&user).await,
            Self::GroupGet => house.get(&group).await,
            Self::GroupFind => house.find("Groups", r#"displayName eq "Choir""#).await,
            Self::GroupPost => {
                house
                    .post("/Groups", json!({ "displayName": "Band", "externalId": "g-band" }))
                    .await
            }
            Self::GroupPostFilled => {
                let members = json!([{ "value": scene.anna }, { "value": scene.otto }]);
                let body =
                    json!({ "displayName": "Band", "externalId": "g-band", "members": members });
                house.post("/Groups", body).await
            }
            Self::GroupRename => {
                house.patch(&group, edit("replace", "displayName", json!("Chor"))).await
            }
            Self::AddMember => house.patch(&group, member("add")).await,
            Self::RemoveMember => {
                let anna = format!(r#"members[value eq "{}"]"#, scene.anna);
                house.patch(&group, json!([{ "op": "remove", "path": anna }])).await
            }
            Self::GroupDelete => house.delete(&group).await,
            Self::Bulk => {
                let one = json!({ "method": "POST", "path": "/Users", "bulkId": "a", "data": person("nina") });
                let body = json!({
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
                    "Operations": [one]
                });
                house.post("/Bulk", body).await
            }
        }
    }

    /// The status that counts.
    pub(super) fn status(self, answer: &Answer) -> u16 {
        if self != Self::Bulk || answer.status != 200 {
            return answer.status;
        }
        answer.body["Operations"][0]["status"].as_str().unwrap().parse().unwrap()
    }

    /// The error that counts.
    pub(super) fn error(self, answer: &Answer) -> &Value {
        let inner = &answer.body["Operations"][0]["response"];
        if self == Self::Bulk && answer.status == 200 { inner } else { &answer.body }
    }

    pub(super) fn succeeded(self, answer: &Answer) -> bool {
        (200..300).contains(&self.status(answer)) || (self.deletes() && answer.status == 404)
    }

    fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::GroupDelete)
    }

    /// Whether everything stands as the client wants it.
    pub(super) async fn check(self, cell: &str, house: &House, scene: &Scene, answer: &Answer) {
        assert!(self.succeeded(answer), "{cell}: {answer:?}");
        let found = |answer: &Answer, id: &str| {
            let ids = answer.body["Resources"].as_array().unwrap().iter();
            ids.filter(|it| it["id"] == json!(id)).count()
        };
        match self {
            Self::Get => assert_eq!(answer.id(), scene.otto, "{cell}"),
            Self::FindByName | Self::FindByMail | Self::FindByReading | Self::List => {
                assert_eq!(found(answer, &scene.otto), 1, "{cell}: {answer:?}");
            }
            Self::GroupFind => assert_eq!(found(answer, &scene.choir), 1, "{cell}: {answer:?}"),
            Self::GroupGet => assert_eq!(answer.id(), scene.choir, "{cell}"),
            _ => {}
        }
        self.check_people(cell, house).await;
        self.check_groups(cell, house, scene).await;
    }

    async fn check_people(self, cell: &str, house: &House) {
        let people = house.lms.people();
        let named = |name: &str| {
            let name = format!("{name}@hoch.example");
            people.iter().filter(|it| it.username == name).collect::<Vec<_>>()
        };
        assert_eq!(named("anna").len(), 1, "{cell}");
        let (otto, nina) = (named("otto"), named("nina"));
        assert_eq!(otto.len(), usize::from(self != Self::Delete), "{cell}");
        let made = matches!(self, Self::Post | Self::PostInactive | Self::Bulk);
        assert_eq!(nina.len(), usize::from(made), "{cell}: {people:?}");
        let family = if matches!(self, Self::Put | Self::Patch) { "Tal" } else { "Berg" };
        assert!(otto.iter().all(|it| it.lastname == family), "{cell}: {otto:?}");
        if let [nina] = nina.as_slice() {
            assert_eq!(nina.suspended, self == Self::PostInactive, "{cell}");
            self.check_nina(cell, house, nina.id).await;
        }
        let gone = patiently(|| house.find("Users", r#"userName eq "otto@hoch.example""#)).await;
        assert_eq!(gone.body["totalResults"], json!(otto.len()), "{cell}: {gone:?}");
    }

    async fn check_nina(self, cell: &str, house: &House, id: i64) {
        let path = format!("/Users/{id}");
        let read = patiently(|| house.get(&path)).await;
        let sent = if self == Self::PostInactive { inactive() } else { person("nina") };
        for name in [
            "userName",
            "externalId",
            "active",
            "displayName",
            "title",
            "name",
            "emails",
            "phoneNumbers",
        ] {
            assert_eq!(read.body[name], sent[name], "{cell}: {name}");
        }
        let again = patiently(|| house.post("/Users", sent.clone())).await;
        assert_eq!(again.status, 409, "{cell}: {again:?}");
    }

    async fn check_groups(self, cell: &str, house: &House, scene: &Scene) {
        let groups = house.lms.cohorts();
        let made = matches!(self, Self::GroupPost | Self::GroupPostFilled);
        let count = 1 + usize::from(made) - usize::from(self == Self::GroupDelete);
        assert_eq!(groups.len(), count, "{cell}: {groups:?}");
        if let Some(band) = groups.iter().find(|it| it.name == "Band") {
            let filled = if self == Self::GroupPostFilled { 2 } else { 0 };
            assert_eq!(band.members.len(), filled, "{cell}: {band:?}");
        }
        let path = format!("/Groups/{}", scene.choir);
        let read = patiently(|| house.get(&path)).await;
        if self == Self::GroupDelete {
            assert_eq!(read.status, 404, "{cell}: {read:?}");
            return;
        }
        let name = if self == Self::GroupRename { "Chor" } else { "Choir" };
        assert_eq!(read.body["displayName"], json!(name), "{cell}: {read:?}");
        let members = read.body["members"].as_array().unwrap().len();
        let expected = match self {
            Self::AddMember => 2,
            Self::RemoveMember => 0,
            _ => 1,
        };
        assert_eq!(members, expected, "{cell}: {read:?}");
        let choir = groups.iter().find(|it| it.name == name).unwrap();
        assert_eq!(choir.members.len(), expected, "{cell}: {choir:?}");
    }
}

/// A gateway that waits for its LMS for moments only may be told off by a busy
/// machine.
async fn patiently<F: Future<Output = Answer>>(ask: impl Fn() -> F) -> Answer {
    for _ in 0..50 {
        let answer = ask().await;
        if answer.status != 503 {
            return answer;
        }
    }
    ask().await
}

fn inactive() -> Value {
    let mut body = person("nina");
    body["active"] = json!(false);
    body
}

fn renamed() -> Value {
    let mut body = person("otto");
    body["name"]["familyName"] = json!("Tal");
    body
}
