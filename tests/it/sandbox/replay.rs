//! Every recorded exchange that the sandbox can have, replayed in the order of
//! the record, ids and all. What is left out is named at the end, with why.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::other_sites::{mariadb, newer, races, states};
use super::story::{Story, Told};

/// Recorded, and out of scope.
const LEFT_OUT: &[(&str, &str)] = &[
    ("format-default-xml", "successes are JSON only; exceptions come in XML too"),
    ("multipart-form", "no client of ours sends multipart forms"),
    ("wrong-host-redirect", "a sandbox has one address"),
    ("state-rest-protocol-disabled", "the same as state-webservices-disabled"),
    ("state-upgrade-pending-site-info", "the same as working"),
    ("state-upgrade-pending-get", "the same as working"),
    ("state-upgrade-pending-create", "the same as working"),
    ("debug-create-long-username", "the text of a database"),
    ("debug-create-long-idnumber", "the text of a database"),
    ("debug-delete-unknown-id", "the text of a database"),
    ("debug-cohort-delete-unknown", "the text of a database"),
    ("debug-cohort-remove-unknown-user", "the text of a database"),
    ("debug-function-not-in-service", "a text of nearly a thousand characters"),
    ("debugdisplay-create-duplicate-username", "a second setting for developers"),
    ("v45/get-by-id-everything", "its site shows other fields by its own settings"),
];

#[test]
fn a_recorded_site_is_told_again_ids_and_all() {
    let mut story = Story::new();
    let mut told = Told::default();
    transport(&mut told);
    create(&mut story);
    create_by_setting(&mut story);
    poisoned(&mut story);
    lookup(&mut story);
    search(&mut story);
    update(&mut story);
    update_batches(&mut story);
    delete(&mut story);
    cohorts(&mut story);
    cohort_reads(&mut story);
    cohort_updates(&mut story);
    members(&mut story);
    members_and_states(&mut story);
    late(&mut story);
    let (sized, count) = (story.sized, story.played.len());
    story.end(&mut told);
    states(&mut told);
    races(&mut told);
    mariadb(&mut told);
    newer(&mut told);
    assert!(told.faults.is_empty(), "{}", told.faults.join("\n\n"));
    assert!(sized * 10 >= count * 9, "of {count} answers {sized} have the recorded size");
    let left: BTreeSet<_> = recorded().difference(&told.played).cloned().collect();
    let named: BTreeSet<_> = LEFT_OUT.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(left, named, "what is not replayed is named, with why");
}

fn transport(told: &mut Told) {
    let mut story = Story::new();
    story.play("site-info-ok site-info-get token-invalid token-invalid-xml token-missing");
    story.play("function-missing function-not-in-service function-unknown");
    story.play("function-not-in-this-tokens-service site-info-small-service service-disabled");
    story.play("token-expired token-expired-second-call token-ip-restricted");
    story.play("user-not-authorised-for-service service-user-suspended");
    story.play("service-user-without-rest-capability capability-missing-create");
    story.play("capability-missing-update capability-missing-delete");
    story.play("capability-missing-get-by-field capability-missing-get-users");
    story.play("capability-missing-cohort-create capability-missing-cohort-get");
    story.play("json-body-all-in-body json-body-params-only bearer-header");
    story.play("token-in-query-form-in-body http-method-put http-method-head");
    story.play("http-put-form-body no-content-type params-missing-users params-users-scalar");
    story.play("params-user-item-scalar params-users-empty-item params-unknown-key-in-user");
    story.play("params-unknown-top-level");
    story.end(told);
}

pub(super) fn create(story: &mut Story) {
    story.play("create-ok-minimal create-ok-everything create-ok-createpassword");
    story.play("create-createpassword-zero create-password-and-createpassword");
    story.play("create-ok-auth-oauth2 create-ok-auth-oauth2-with-password");
    story.play("create-auth-nologin-no-password create-ok-auth-shibboleth-disabled-plugin");
    story.play("create-auth-email create-auth-unknown create-auth-webservice");
    story.play("create-no-password create-empty-password create-weak-password");
    story.play("create-weak-password-long create-weak-password-html-message");
    story.play("create-weak-password-oauth2 create-duplicate-username create-duplicate-email");
    story.play("create-duplicate-email-other-case create-duplicate-idnumber");
    story.play("create-uppercase-username create-username-at create-username-plus");
    story.play("create-username-space create-username-leading-space create-username-unicode");
    story.play("create-username-slash create-username-backslash create-username-apostrophe");
    story.play("create-username-hash create-username-dot-dash-underscore create-username-100");
    story.play("create-username-101 create-username-one-char create-username-zero");
    story.play("create-username-numeric create-blank-username create-blank-firstname");
    story.play("create-blank-lastname create-missing-lastname create-missing-email");
    story.play("create-missing-username create-empty-email create-invalid-email");
    story.play("create-email-localhost create-email-unicode create-email-idn");
    story.play("create-email-spaces create-email-mixed-case get-mixed-case-email-as-stored");
    story.play("create-email-localpart-88 create-email-101 create-email-123");
    story.play("create-unicode-names get-unicode-names create-html-names get-html-names");
    story.play("create-lt-name get-lt-name create-long-firstname-100");
    story.play("create-long-firstname-101 create-long-idnumber create-idnumber-255");
    story.play("create-long-city create-long-phone create-long-department");
    story.play("create-country-lower create-country-name create-timezone-bad");
    story.play("create-lang-missing-pack create-lang-bad create-suspended-flag");
    story.play("create-custom-unknown create-custom-menu-bad get-custom-menu-bad");
    story.play("create-custom-unique-dup get-custom-unique-dup create-custom-date-bad");
    story.play("get-custom-date-bad");
    story.moodle.people.skip_ids(1);
    story.play("create-idnumber-empty create-control-characters get-control-characters");
    story.play("create-whitespace-names get-whitespace-names create-two-ok");
    story.play("create-two-second-bad get-after-two-second-bad create-same-twice-in-one-call");
    story.play("get-after-same-twice create-sparse-index create-alpha-index");
}

fn create_by_setting(story: &mut Story) {
    story.moodle.site.same_email = true;
    story.play("create-duplicate-email-allowed");
    story.moodle.site.same_email = false;
    story.moodle.site.extended_usernames = true;
    story.play("create-extended-username-plus create-extended-username-space-unicode");
    story.play("create-extended-username-hash create-extended-username-uppercase");
    story.moodle.site.extended_usernames = false;
    story.moodle.site.password_policy = false;
    story.play("create-weak-password-policy-off");
    story.moodle.site.password_policy = true;
    // What a site allows as e-mail domains is no concern of this function.
    story.play("create-email-domain-not-allowed");
    story.moodle.site.debug = true;
    story.play("debug-create-duplicate-username debug-create-duplicate-email");
    story.play("debug-create-missing-lastname debug-create-unknown-key");
    story.play("debug-create-invalid-email debug-create-uppercase-username");
    story.play("debug-create-username-plus debug-create-weak-password");
    story.play("debug-create-auth-unknown debug-create-country-name debug-create-ok");
    story.play("debug-create-capability debug-params-missing-users debug-token-invalid");
    story.play("debugdisplay-create-country-name");
    story.moodle.site.debug = false;
    story.play("create-ok-auth-nologin-with-password create-ok-auth-nologin-createpassword");
    story.play("create-email-exactly-100 create-name-ampersand-quotes");
    story.play("get-name-ampersand-quotes create-ok-idnumber-zero create-ok-idnumber-spaces");
}

fn poisoned(story: &mut Story) {
    story.play("get-by-username-plus-after search-list-all-poisoned search-one-poisoned-user");
    story.play("get-by-id-poisoned get-by-id-poisoned-with-good update-poisoned-user");
    story.play("delete-poisoned-users");
    let id = story.person("plugin.gone", |person| person.auth = "gone".into());
    story.play("get-auth-plugin-uninstalled search-list-all-auth-plugin-uninstalled");
    story.edit(id, |person| {
        person.auth = "manual".into();
        person.username = "Plugin.Gone".into();
    });
    story.play("get-uppercase-username-in-database");
    story.edit(id, |person| {
        person.username = "plugin.gone".into();
        person.email.clear();
        person.lastname.clear();
    });
    story.play("get-empty-email-in-database");
    story.edit(id, |person| {
        person.email = "broken".into();
        person.confirmed = false;
        person.lang.clear();
        person.timezone = "Mars/Base".into();
        person.country = "XX".into();
    });
    story.play("get-odd-values-in-database create-ok-maildisplay-hidden");
}

fn lookup(story: &mut Story) {
    story.play("get-by-id-not-a-number get-by-unknown-field get-by-lastname");
    story.play("get-by-field-no-values get-by-id-minimal get-by-id-minimal-as-admin");
    story.play("get-by-id-minimal-as-documented-caps get-by-id-minimal-as-view-only");
    story.play("get-by-id-everything get-by-id-everything-as-admin");
    story.play("get-by-id-everything-as-documented-caps");
    let plain = story.moodle.site.identity.clone();
    let more = ["phone1", "phone2", "address", "institution", "department", "idnumber"];
    story.moodle.site.identity.extend(more.map(ToOwned::to_owned));
    story.play("get-by-id-everything-identity-setting");
    story.moodle.site.identity = vec!["idnumber".to_owned()];
    story.play("get-by-email-identity-setting-without-email");
    story.play("get-by-username-identity-setting-without-email");
    story.moodle.site.identity = plain;
    story.play("get-by-email-two-users get-by-username-ok get-by-username-other-case");
    story.play("get-by-username-not-found get-by-username-invalid-characters");
    story.play("get-by-email-ok get-by-email-other-case get-by-email-not-found");
    story.play("get-by-email-invalid get-by-idnumber-two-users get-by-idnumber-other-case");
    story.play("get-by-idnumber-not-found get-by-idnumber-empty get-by-idnumber-zero");
    story.play("get-by-idnumber-untrimmed get-by-idnumber-trimmed get-by-id-not-found");
    story.play("get-by-id-zero get-by-id-negative get-by-id-huge get-by-id-huge-32");
    story.play("get-by-id-guest get-by-id-admin get-by-username-several");
    story.play("get-by-username-several-one-malformed get-by-field-customfield");
    story.play("get-by-email-as-documented-caps get-by-username-as-documented-caps");
    story.play("get-by-idnumber-as-documented-caps get-by-email-maildisplay-hidden");
}

fn search(story: &mut Story) {
    story.play("search-username-ok search-username-other-case search-username-wildcard");
    story.play("search-username-not-found search-email-ok search-email-other-case");
    story.play("search-email-wildcard search-email-underscore search-email-percent-escaped");
    story.play("search-lastname-wildcard search-firstname-other-case-exact");
    story.play("search-idnumber-two search-idnumber-empty search-id search-auth");
    story.play("search-two-criteria search-same-key-twice search-unknown-key");
    story.play("search-unknown-key-plus-known search-suspended-key search-empty-value");
    story.play("search-criteria-absent search-criteria-empty-scalar search-list-all-percent");
    story.play("search-paging-refused search-as-documented-caps search-id-as-documented-caps");
}

fn update(story: &mut Story) {
    story.person("upd.one", |person| {
        person.idnumber = "U-1".into();
        person.custom.insert("costcentre".to_owned(), "CC-1".to_owned());
        person.custom.insert("mustfill".to_owned(), "x".to_owned());
    });
    story.person("upd.two", |_| {});
    story.play("update-id-not-a-number update-partial get-after-update-partial update-nothing");
    story.play("update-suspend get-suspended search-finds-suspended update-unsuspend");
    story.play("get-unsuspended update-suspended-word get-suspended-word");
    story.play("update-suspended-bad update-suspended-empty get-suspended-empty");
    story.play("update-username get-after-rename update-username-taken");
    story.moodle.site.debug = true;
    story.play("debug-update-username-taken debug-update-email-taken debug-delete-admin");
    story.moodle.site.debug = false;
    story.play("get-after-update-username-taken update-username-uppercase");
    story.play("update-username-plus update-username-empty update-email update-email-taken");
    story.play("update-email-taken-other-case update-email-own-other-case");
    story.play("update-email-invalid update-email-empty update-idnumber-taken");
    story.play("update-clear-idnumber update-clear-city get-after-clears");
    story.play("update-firstname-empty update-lastname-empty get-after-empty-names");
    story.play("update-names-back update-custom-change get-after-custom-change");
    story.play("update-custom-clear get-after-custom-clear update-custom-unknown");
    story.play("update-password-weak update-password-ok update-auth update-auth-nologin");
    story.play("get-after-auth-nologin update-auth-unknown update-auth-back");
    story.play("update-country-bad get-after-country-bad update-country-lower");
    story.play("update-long-firstname update-html-firstname update-unknown-id");
    story.play("update-id-zero update-id-negative update-missing-id update-guest");
    story.play("update-admin update-self update-suspend-self site-info-after-suspend-self");
    story.play("update-unsuspend-service-user");
}

fn update_batches(story: &mut Story) {
    story.play("update-two-one-bad get-after-update-two-one-bad");
    story.play("update-two-one-taken-email get-after-update-two-one-taken");
    story.play("update-two-one-malformed get-after-update-two-one-malformed");
    story.play("update-same-user-twice get-after-same-user-twice update-swap-emails");
    story.play("update-confirmed-refused update-deleted-refused");
    // Being enrolled shows nowhere in what is read.
    story.play("get-enrolled-user");
}

fn delete(story: &mut Story) {
    story.person("del.one", |person| person.idnumber = "D-1".into());
    story.person("del.two", |_| {});
    story.person("del.three", |_| {});
    story.play("delete-id-not-a-number delete-ok get-by-id-deleted get-by-username-deleted");
    story.play("get-by-email-deleted get-by-idnumber-deleted search-id-deleted");
    story.play("get-by-id-deleted-as-admin delete-twice delete-unknown-id");
    story.play("delete-two-one-unknown get-after-delete-two-one-unknown delete-two-ok");
    story.play("delete-empty-list delete-admin delete-guest delete-self");
    story.play("update-deleted update-undelete create-after-delete-same-username");
}

fn cohorts(story: &mut Story) {
    for number in 1..=8 {
        story.person(&format!("coh.{number}"), |person| person.firstname = format!("C{number}"));
    }
    story.play("cohort-get-all-empty-site cohort-create-ok cohort-create-ok-full");
    story.play("cohort-create-ok-category cohort-create-ok-category-idnumber");
    story.play("cohort-create-category-unknown cohort-create-category-type-bad");
    story.play("cohort-create-duplicate-idnumber cohort-create-idnumber-other-case");
    story.play("cohort-create-duplicate-name cohort-create-empty-idnumber");
    story.play("cohort-create-empty-idnumber-second cohort-create-missing-idnumber");
    story.play("cohort-create-missing-categorytype cohort-create-empty-name");
    story.play("cohort-create-blank-name cohort-create-long-name-254");
    story.play("cohort-create-long-name-255 cohort-create-long-idnumber-100");
    story.play("cohort-create-long-idnumber-101 cohort-create-unicode cohort-create-markup");
    story.play("cohort-create-two-second-bad cohort-search-after-two-second-bad");
    story.play("cohort-create-customfield-unknown cohort-create-unknown-key");
}

fn cohort_reads(story: &mut Story) {
    story.play("cohort-get-one cohort-get-category-one cohort-get-unknown");
    story.play("cohort-get-one-unknown-one-known cohort-get-all cohort-search-name");
    story.play("cohort-get-all-as-no-capability cohort-search-contextid");
    story.play("cohort-search-idnumber cohort-search-description cohort-search-all");
    story.play("cohort-search-all-paged cohort-search-self cohort-search-category-parents");
    story.play("cohort-search-category-self cohort-search-no-match cohort-search-percent");
    story.play("cohort-search-no-context");
    story.moodle.site.debug = true;
    story.play("debug-cohort-create-duplicate-idnumber debug-cohort-add-not-a-number");
    story.moodle.site.debug = false;
}

fn cohort_updates(story: &mut Story) {
    story.play("cohort-update-ok cohort-get-after-update cohort-update-partial");
    story.play("cohort-update-without-description");
    story.play("cohort-get-after-update-without-description cohort-update-idnumber-taken");
    story.play("cohort-get-after-idnumber-taken cohort-update-idnumber-back");
    story.play("cohort-update-move cohort-update-empty-name cohort-update-unknown-id");
    story.play("cohort-update-long-name cohort-update-two-one-bad");
    story.play("cohort-get-after-update-two-one-bad");
}

fn members(story: &mut Story) {
    story.play("cohort-members-empty cohort-add-by-ids cohort-add-by-idnumber-username");
    story.play("cohort-add-by-email cohort-add-by-user-idnumber cohort-add-by-name");
    story.play("cohort-add-twice cohort-add-same-twice-in-call cohort-add-unknown-user");
    story.play("cohort-add-unknown-username cohort-add-username-other-case");
    story.play("cohort-add-unknown-cohort cohort-add-unknown-cohort-idnumber");
    story.play("cohort-add-mixed cohort-add-user-id-not-a-number cohort-add-user-id-huge");
    story.play("cohort-add-good-then-not-a-number");
    story.play("cohort-members-after-good-then-not-a-number cohort-add-empty-list");
    story.play("cohort-add-no-capability cohort-members cohort-members-two");
    story.play("cohort-members-unknown cohort-members-one-unknown cohort-members-no-ids");
    story.play("cohort-remove-ok cohort-remove-twice cohort-remove-never-member");
    story.play("cohort-remove-unknown-user cohort-remove-unknown-cohort");
    story.play("cohort-remove-two-one-unknown cohort-members-after-remove-two-one-unknown");
    story.play("cohort-remove-by-username-shape");
}

fn members_and_states(story: &mut Story) {
    story.edit(71, |person| {
        person.suspended = true;
        person.lastname = "Tail".into();
    });
    story.play("cohort-members-with-suspended");
    let read = matricula::sandbox::Array::decode(
        b"wstoken=full&wsfunction=core_user_delete_users&moodlewsrestformat=json&userids[0]=72",
        b"",
        10,
    );
    assert_eq!(story.moodle.handle(read).body, "null");
    story.play("cohort-members-after-user-deleted cohort-add-deleted-user");
    story.play("cohort-remove-deleted-user cohort-add-suspended-user cohort-add-guest");
    story.play("cohort-add-admin cohort-members-b cohort-delete-two-one-unknown");
    story.play("cohort-get-after-delete-two-one-unknown cohort-delete-ok cohort-delete-twice");
    story.play("cohort-delete-no-ids cohort-get-deleted cohort-members-deleted");
    story.play("cohort-delete-no-capability");
    let owned = matricula::sandbox::Cohort { name: "Owned".to_owned(), ..Default::default() };
    assert_eq!(story.moodle.cohorts.insert(owned), 16);
    story.play("cohort-add-plugin-owned cohort-update-plugin-owned cohort-delete-plugin-owned");
    for number in 1..=12 {
        story.moodle.cohorts.insert(matricula::sandbox::Cohort {
            name: format!("Pageh68331 {number:03}"),
            idnumber: format!("PAGEh68331-{number:03}"),
            descriptionformat: 1,
            visible: true,
            ..Default::default()
        });
    }
    story.play("cohort-search-paging-all-from0-num5 cohort-search-paging-all-from1-num5");
    story.play("cohort-search-paging-all-from2-num5 cohort-create-description-markup");
    story.play("cohort-get-description-filtered cohort-get-description-raw");
}

fn late(story: &mut Story) {
    story.person("state.user", |_| {});
    story.play("create-invalid-utf8 get-invalid-utf8 create-nul-byte create-nfd get-nfd");
    story.person("wk1h68331", |_| {});
    story.person("wk2h68331", |_| {});
    story.play("update-batch-weak-password get-after-update-batch-weak-password");
    story.play("update-two-attributes-one-bad get-after-update-two-attributes-one-bad");
    story.play("create-createpassword-batch-second-bad create-createpassword-mail-server-down");
}

fn recorded() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moodle");
    let mut names = BTreeSet::new();
    for (prefix, place) in
        [("", folder.clone()), ("v45/", folder.join("v45")), ("mariadb/", folder.join("mariadb"))]
    {
        for entry in fs::read_dir(place).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            names.extend(name.strip_suffix(".json").map(|name| format!("{prefix}{name}")));
        }
    }
    names
}
