//! The LMS: the sandbox with a school full of people. Says how many calls came
//! whenever it is asked.

use std::io::{self, Write};

use matricula::sandbox::{self, Moodle, Person, Sandbox, Site};
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::workload::FIRST;

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ready {
    pub lms_url: String,
    pub lms_token: String,
}

pub(crate) async fn run(people: usize) -> Result<(), Failure> {
    let options = sandbox::Options::default();
    let moodle = school(Moodle::new(Site::for_gateways(), &options.token), people)?;
    let lms = Sandbox::start(sandbox::Options { moodle: Some(moodle), ..options }).await?;
    let ready = Ready { lms_url: lms.url(), lms_token: lms.token().to_owned() };
    say(&serde_json::to_string(&ready)?)?;
    // Whoever asks waits for the answer with nothing else to do, so one thread
    // beside the runtime is enough.
    let asked = tokio::task::spawn_blocking(move || {
        for question in io::stdin().lines() {
            question?;
            say(&lms.calls().total().to_string())?;
        }
        Ok(())
    });
    let done: io::Result<()> = asked.await?;
    Ok(done?)
}

/// A school of people who have what directories give them.
fn school(mut moodle: Moodle, people: usize) -> Result<Moodle, Failure> {
    for number in 0..people {
        let name = format!("person.{number}");
        let mail = format!("{name}@school.example");
        let person = Person {
            idnumber: format!("6f0f6c2e-0000-4000-8000-{number:012}"),
            department: "Physics".to_owned(),
            institution: "School of Sciences".to_owned(),
            phone1: "+41 44 111 11 11".to_owned(),
            phone2: "+41 79 222 22 22".to_owned(),
            city: "Zurich".to_owned(),
            country: "CH".to_owned(),
            ..Person::new(&name, "Nina", "Berg-Hofer", &mail)
        };
        let id = moodle.people.insert(person).map_err(|_| "a name is taken")?;
        if id != FIRST + i64::try_from(number)? {
            return Err("ids do not begin where the load expects them".into());
        }
    }
    Ok(moodle)
}

/// Says a line to whoever started this process.
pub(crate) fn say(line: &str) -> Result<(), io::Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
