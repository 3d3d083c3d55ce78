//! `core_webservice_get_site_info`: it answers even while the account behind
//! the token is blocked, so it is no health check.

use serde::Serialize;

use super::answer::{Answer, Outcome};
use super::moodle::{FUNCTIONS, Moodle};
use super::site::Release;
use super::token::Caller;

#[derive(Serialize)]
struct Info<'a> {
    sitename: &'a str,
    username: &'a str,
    firstname: &'a str,
    lastname: &'a str,
    fullname: String,
    lang: &'a str,
    userid: i64,
    siteurl: &'a str,
    userpictureurl: String,
    functions: Vec<Function>,
    downloadfiles: i64,
    uploadfiles: i64,
    release: &'static str,
    version: &'static str,
    mobilecssurl: &'static str,
    advancedfeatures: Vec<Feature>,
    usercanmanageownfiles: bool,
    userquota: i64,
    usermaxuploadfilesize: i64,
    userhomepage: i64,
    userprivateaccesskey: &'static str,
    siteid: i64,
    sitecalendartype: &'static str,
    usercalendartype: &'static str,
    userissiteadmin: bool,
    theme: &'static str,
    limitconcurrentlogins: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    policyagreed: Option<i64>,
}

#[derive(Serialize)]
struct Function {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Feature {
    name: &'static str,
    value: i64,
}

const FEATURES: &[(&str, i64)] = &[
    ("usecomments", 1),
    ("usetags", 1),
    ("enablenotes", 1),
    ("messaging", 1),
    ("enableblogs", 1),
    ("enablecompletion", 1),
    ("enablebadges", 1),
    ("messagingallusers", 0),
    ("enablecustomreports", 1),
    ("enableglobalsearch", 0),
    ("mnet_dispatcher_mode", 0),
];

/// Tells about the site and the caller.
pub(super) fn run(moodle: &Moodle, caller: &Caller, offers: impl Fn(&str) -> bool) -> Outcome {
    let site = &moodle.site;
    let newer = site.release == Release::V45;
    let (release, version) = match site.release {
        Release::V43 => ("4.3 (Build: 20231009)", "2023100900"),
        Release::V45 => ("4.5.6 (Build: 20250811)", "2024100706"),
    };
    let functions: Vec<_> = FUNCTIONS
        .iter()
        .filter(|name| offers(name))
        .map(|&name| Function { name, version })
        .collect();
    let newest = newer.then_some(("enablecompetencies", 1));
    let features = FEATURES.iter().copied().chain(newest);
    let Some(person) = moodle.people.get(caller.id) else {
        return Err(super::answer::Trouble::token());
    };
    Ok(Answer::json(&Info {
        sitename: &site.name,
        username: &person.username,
        firstname: &person.firstname,
        lastname: &person.lastname,
        fullname: format!("{} {}", person.firstname, person.lastname),
        lang: &person.lang,
        userid: person.id,
        siteurl: &site.url,
        userpictureurl: site.picture("f1"),
        functions,
        downloadfiles: 0,
        uploadfiles: 0,
        release,
        version,
        mobilecssurl: "",
        advancedfeatures: features.map(|(name, value)| Feature { name, value }).collect(),
        usercanmanageownfiles: true,
        userquota: 104_857_600,
        usermaxuploadfilesize: 2_097_152,
        userhomepage: 1,
        userprivateaccesskey: "PRIVATEACCESSKEY",
        siteid: 1,
        sitecalendartype: "gregorian",
        usercalendartype: "gregorian",
        userissiteadmin: caller.admin,
        theme: "boost",
        limitconcurrentlogins: 0,
        policyagreed: newer.then_some(0),
    }))
}
