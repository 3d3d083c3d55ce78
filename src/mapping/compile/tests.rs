//! What the compiler makes of small mappings, and the faults that no snapshot
//! shows.

use crate::mapping::{Fault, Plan, Shelf, Source};
use crate::scim::Mutability;

struct Base(&'static str);

impl Shelf for Base {
    fn text(&self, name: &str) -> Option<String> {
        (name == "base").then(|| self.0.to_owned())
    }

    fn names(&self) -> Vec<String> {
        vec!["base".to_owned()]
    }
}

const SMALL: &str = r#"
format = 1
[settings]
base_url = { required = true, about = "address" }
[backend]
base = "{settings.base_url}"
[user]
id         = "lms.id"
attributes = { userName = "login", title = { read = "job" }, nickName = { write = "nick" }, locale = { lms = "locale", update = false }, displayName = { read = "full", kept = true } }
find       = { "id eq" = { get = "/u/{value}" } }
create     = { post = "/u", body = "{record}", keep = { id = "body.id" } }
update     = { fail = "unsupported", says = "a {{brace}} and {settings.base_url}" }
delete     = { delete = "/u/{id}" }
"#;

fn compile(text: &str) -> Result<Plan, Vec<Fault>> {
    Source::read("m.toml", text, &Base(SMALL))?.compile()
}

fn messages(text: &str) -> Vec<String> {
    compile(text).err().unwrap_or_default().into_iter().map(|fault| fault.message).collect()
}

#[test]
fn what_a_client_may_do_follows_from_where_a_value_goes() {
    let plan = compile(SMALL).unwrap();
    let mutability = |name: &str| plan.kinds[0].attribute(name).unwrap().mutability;
    assert_eq!(mutability("userName"), Mutability::ReadWrite);
    assert_eq!(mutability("title"), Mutability::ReadOnly);
    assert_eq!(mutability("nickName"), Mutability::WriteOnly);
    assert_eq!(mutability("locale"), Mutability::Immutable);
    assert_eq!(mutability("displayName"), Mutability::ReadWrite);
}

#[test]
fn the_schema_offers_what_the_mapping_maps_and_nothing_else() {
    let plan = compile(SMALL).unwrap();
    let core = plan.kinds[0].resource_type.core();
    assert!(core.attribute("title").unwrap().offered);
    assert!(!core.attribute("roles").unwrap().offered);
}

#[test]
fn a_mapping_that_extends_changes_keys_and_takes_tables_away() {
    let text = "format = 1\nextends = \"base\"\n[user]\ndelete = false\nrefuse = { delete = \"never\" }\n\
                attributes = { userName = \"account\" }\n";
    let plan = compile(text).unwrap();
    let kind = &plan.kinds[0];
    assert!(kind.delete.is_none());
    assert_eq!(kind.attribute("userName").unwrap().read.as_ref().unwrap().written, "account");
    assert!(kind.attribute("title").is_some());
}

#[test]
fn a_mapping_cannot_extend_itself() {
    struct Loop;
    impl Shelf for Loop {
        fn text(&self, _: &str) -> Option<String> {
            Some("extends = \"loop\"\n".to_owned())
        }
        fn names(&self) -> Vec<String> {
            Vec::new()
        }
    }
    let faults = Source::read("m.toml", "extends = \"loop\"\n", &Loop).unwrap_err();
    assert_eq!(faults[0].message, "this mapping extends itself");
}

#[test]
fn two_kinds_of_groups_need_ids_that_can_be_told_apart() {
    let group = |name: &str| {
        format!(
            "[groups.{name}]\nid = \"lms.id\"\nattributes = {{ displayName = \"name\" }}\n\
             find = {{ \"id eq\" = {{ get = \"/g/{{value}}\" }} }}\n\
             refuse = {{ create = \"no\", update = \"no\", delete = \"no\" }}\n"
        )
    };
    let told = messages(&format!("{SMALL}{}{}", group("a"), group("b")));
    assert_eq!(told, ["ids of `b` cannot be told from those above"]);
}

#[test]
fn a_field_with_odd_brackets_is_no_field() {
    for field in ["a[b", "a[b]", "[b=c]", "a..b", "a.", ""] {
        let text = SMALL.replace("\"login\"", &format!("\"{field}\""));
        let told = messages(&text);
        assert_eq!(told, [format!("`{field}` is no field of an object")], "{field}");
    }
}

#[test]
fn an_lms_value_cannot_mean_two_things() {
    let table = "{ lms = \"locale\", values = { a = 1, b = [2, 1] } }";
    let text = SMALL.replace("{ lms = \"locale\", update = false }", table);
    assert_eq!(messages(&text), ["the LMS value 1 stands for two SCIM values"]);
}
