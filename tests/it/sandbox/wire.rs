//! Over real sockets: what goes wrong, who races, what is counted.

use std::future::Future;
use std::io;

use matricula::sandbox::{Fault, Latch, Moodle, Options, Person, Sandbox, Site};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Runs a test on one thread, so that nothing happens unless somebody waits.
fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap().block_on(test);
}

async fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).await.unwrap()
}

/// What came back: everything up to where the connection ended.
async fn exchange(sandbox: &Sandbox, form: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(sandbox.address()).await?;
    stream.write_all(request(sandbox, form).as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8(answer).unwrap())
}

fn request(sandbox: &Sandbox, form: &str) -> String {
    let form = format!("wstoken={}&moodlewsrestformat=json&{form}", sandbox.token());
    format!(
        "POST /webservice/rest/server.php HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        sandbox.address(),
        form.len()
    )
}

fn create(username: &str, email: &str) -> String {
    format!(
        "wsfunction=core_user_create_users&users[0][username]={username}&users[0][email]={email}\
         &users[0][firstname]=A&users[0][lastname]=B&users[0][auth]=oauth2"
    )
}

fn cohort(idnumber: &str) -> String {
    format!(
        "wsfunction=core_cohort_create_cohorts&cohorts[0][categorytype][type]=system\
         &cohorts[0][categorytype][value]=&cohorts[0][name]=N&cohorts[0][idnumber]={idnumber}"
    )
}

const INFO: &str = "wsfunction=core_webservice_get_site_info";

/// Sends each form on a connection of its own, all at the same time.
async fn together(sandbox: &Sandbox, forms: Vec<String>) -> Vec<String> {
    let mut tasks = JoinSet::new();
    let address = sandbox.address();
    for form in forms {
        let request = request(sandbox, &form);
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        });
    }
    tasks.join_all().await
}

fn count(answers: &[String], word: &str) -> usize {
    answers.iter().filter(|answer| answer.contains(word)).count()
}

fn named(sandbox: &Sandbox, prefix: &str) -> usize {
    sandbox.people().iter().filter(|person| person.username.starts_with(prefix)).count()
}

#[test]
fn a_call_is_answered_and_counted() {
    run(async {
        let sandbox = sandbox().await;
        let answer = exchange(&sandbox, INFO).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: application/json\r\n"), "{answer}");
        assert!(answer.contains(r#""username":"scim-svc""#), "{answer}");
        assert_eq!(sandbox.calls().of("core_webservice_get_site_info"), 1);
        assert_eq!(sandbox.calls().total(), 1);
        sandbox.calls().settled().await;
        assert_eq!(sandbox.calls().most_at_once(), 1);
    });
}

#[test]
fn of_eight_creates_of_one_username_that_pass_the_check_one_writes() {
    run(async {
        let sandbox = sandbox().await;
        sandbox.race().gather(8);
        for round in 0..3 {
            let form = |at| create(&format!("r{round}"), &format!("r{round}.{at}@example.com"));
            let answers = together(&sandbox, (0..8).map(form).collect()).await;
            assert_eq!(count(&answers, "dmlwriteexception"), 7);
            assert_eq!(named(&sandbox, &format!("r{round}")), 1);
        }
    });
}

#[test]
fn of_eight_creates_of_one_email_that_pass_the_check_all_write() {
    run(async {
        let sandbox = sandbox().await;
        sandbox.race().hold();
        let watch = async {
            sandbox.race().arrived(8).await;
            assert_eq!(named(&sandbox, "twin"), 0, "nobody has written yet");
            sandbox.race().release();
        };
        let form = |at| create(&format!("twin{at}"), "one@example.com");
        let (answers, ()) = tokio::join!(together(&sandbox, (0..8).map(form).collect()), watch);
        assert_eq!(count(&answers, r#""id":"#), 8);
        assert_eq!(named(&sandbox, "twin"), 8);
    });
}

#[test]
fn turns_leave_the_moment_open_without_knowing_who_comes() {
    run(async {
        let sandbox = sandbox().await;
        sandbox.race().turns(1000);
        let form = |at| create(&format!("twin{at}"), "one@example.com");
        together(&sandbox, (0..8).map(form).collect()).await;
        assert!(named(&sandbox, "twin") > 1, "{}", named(&sandbox, "twin"));
        let answer = exchange(&sandbox, &create("alone", "alone@example.com")).await.unwrap();
        assert!(answer.contains(r#""username":"alone""#), "{answer}");
    });
}

#[test]
fn a_batch_that_the_database_refuses_leaves_nobody() {
    run(async {
        let sandbox = sandbox().await;
        let second = create(&"x".repeat(101), "second@example.com").replace("users[0]", "users[1]");
        let second = second.replace("wsfunction=core_user_create_users&", "");
        let form = format!("{}&{second}", create("first", "first@example.com"));
        let answer = exchange(&sandbox, &form).await.unwrap();
        assert!(answer.contains("dmlwriteexception"), "{answer}");
        assert_eq!(named(&sandbox, "first"), 0);
        let answer = exchange(&sandbox, &create("first", "first@example.com")).await.unwrap();
        assert!(answer.contains(r#""username":"first""#), "{answer}");
    });
}

#[test]
fn creates_that_do_not_race_leave_one() {
    run(async {
        let sandbox = sandbox().await;
        let form = |at| create(&format!("twin{at}"), "one@example.com");
        let answers = together(&sandbox, (0..8).map(form).collect()).await;
        assert_eq!(count(&answers, "invalidparameter"), 7);
        assert_eq!(named(&sandbox, "twin"), 1);
    });
}

#[test]
fn racing_cohorts_share_an_idnumber_and_racing_members_are_rolled_back() {
    run(async {
        let sandbox = sandbox().await;
        sandbox.race().gather(2);
        together(&sandbox, vec![cohort("g"), cohort("g")]).await;
        assert_eq!(sandbox.cohorts().len(), 2);
        let add = "wsfunction=core_cohort_add_cohort_members&members[0][cohorttype][type]=id\
                   &members[0][cohorttype][value]=1&members[0][usertype][type]=id\
                   &members[0][usertype][value]=2";
        let more = format!(
            "{add}&members[1][cohorttype][type]=id&members[1][cohorttype][value]=1\
             &members[1][usertype][type]=id&members[1][usertype][value]=3"
        );
        let answers = together(&sandbox, vec![add.to_owned(), more]).await;
        assert_eq!(count(&answers, "dmlwriteexception"), 1);
        assert_eq!(count(&answers, r#"{"warnings":[]}"#), 1);
    });
}

#[test]
fn answers_that_nobody_gave_change_nothing() {
    run(async {
        let sandbox = sandbox().await;
        let faults = sandbox.faults();
        for (at, (fault, told)) in [
            (Fault::Status(503), "HTTP/1.1 503"),
            (Fault::Status(500), "HTTP/1.1 500"),
            (Fault::TooMany(7), "retry-after: 7\r\n"),
            (Fault::Page, "<h1>The site is not available</h1>"),
            (Fault::Exception("sitemaintenance".to_owned()), r#""errorcode":"sitemaintenance""#),
            (Fault::LoggedOut, r#""errorcode":"invalidtoken""#),
        ]
        .into_iter()
        .enumerate()
        {
            faults.next(fault);
            let form = create(&format!("f{at}"), &format!("f{at}@example.com"));
            let answer = exchange(&sandbox, &form).await.unwrap();
            assert!(answer.contains(told), "{told}: {answer}");
        }
        assert_eq!(named(&sandbox, "f"), 0);
        assert_eq!(faults.left(), 0);
        assert_eq!(sandbox.calls().of("core_user_create_users"), 6);
    });
}

#[test]
fn a_dropped_connection_tells_nothing_of_what_was_done() {
    run(async {
        let sandbox = sandbox().await;
        for (fault, name, there) in [
            (Fault::DropBefore, "before", 0),
            (Fault::DropAfter, "after", 1),
            (Fault::StatusAfter(504), "gateway", 1),
            (Fault::Half, "half", 1),
        ] {
            sandbox.faults().on("core_user_create_users", fault);
            let answer = exchange(&sandbox, &create(name, &format!("{name}@example.com"))).await;
            assert!(!answer.unwrap_or_default().contains('}'), "{name} was answered");
            assert_eq!(named(&sandbox, name), there, "{name}");
        }
    });
}

#[test]
fn a_held_call_waits_for_its_release_and_not_for_time() {
    run(async {
        let sandbox = sandbox().await;
        for (at, make) in [Fault::Held, Fault::HeldAfter, Fault::Slow].into_iter().enumerate() {
            let latch = Latch::new();
            sandbox.faults().next(make(latch.clone()));
            let name = format!("held{at}");
            let form = create(&name, &format!("{name}@example.com"));
            let watch = async {
                latch.arrived(1).await;
                assert_eq!(named(&sandbox, &name), usize::from(at > 0), "{name}");
                latch.release();
            };
            let (answer, ()) = tokio::join!(exchange(&sandbox, &form), watch);
            assert!(answer.unwrap().ends_with("}]"));
            assert_eq!(named(&sandbox, &name), 1);
        }
    });
}

#[test]
fn faults_meet_the_function_they_are_meant_for_as_often_as_said() {
    run(async {
        let sandbox = sandbox().await;
        let faults = sandbox.faults();
        faults.times(2, Some("core_cohort_create_cohorts"), Fault::Status(500));
        assert!(exchange(&sandbox, INFO).await.unwrap().starts_with("HTTP/1.1 200"));
        for told in ["500", "500", "200"] {
            let answer = exchange(&sandbox, &cohort("g")).await.unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {told}")), "{answer}");
        }
        faults.always(None, Fault::Status(502));
        for _ in 0..3 {
            assert!(exchange(&sandbox, INFO).await.unwrap().starts_with("HTTP/1.1 502"));
        }
        faults.clear();
        assert!(exchange(&sandbox, INFO).await.unwrap().starts_with("HTTP/1.1 200"));
    });
}

#[test]
fn a_write_is_finished_when_its_client_is_gone() {
    run(async {
        let sandbox = sandbox().await;
        sandbox.race().hold();
        let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
        let form = create("gone", "gone@example.com");
        stream.write_all(request(&sandbox, &form).as_bytes()).await.unwrap();
        sandbox.race().arrived(1).await;
        drop(stream);
        sandbox.race().release();
        sandbox.calls().settled().await;
        assert_eq!(named(&sandbox, "gone"), 1);
    });
}

#[test]
fn what_a_stopped_sandbox_held_lives_on_at_the_same_address() {
    run(async {
        let first = sandbox().await;
        exchange(&first, &create("stays", "stays@example.com")).await.unwrap();
        let latch = Latch::new();
        first.faults().next(Fault::Held(latch));
        let listen = first.address();
        let moodle = Some(first.stop().await);
        assert!(TcpStream::connect(listen).await.is_err(), "nobody listens");
        let again = Sandbox::start(Options { listen, moodle, ..Options::default() }).await.unwrap();
        assert_eq!(named(&again, "stays"), 1);
        assert!(exchange(&again, INFO).await.unwrap().starts_with("HTTP/1.1 200"));
    });
}

#[test]
fn a_stop_does_not_wait_for_calls_that_nobody_releases() {
    run(async {
        let sandbox = sandbox().await;
        let latch = Latch::new();
        sandbox.faults().next(Fault::Held(latch.clone()));
        let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
        stream.write_all(request(&sandbox, INFO).as_bytes()).await.unwrap();
        latch.arrived(1).await;
        sandbox.stop().await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap_or_default();
        assert!(answer.is_empty());
    });
}

#[test]
fn another_address_is_not_found() {
    run(async {
        let sandbox = sandbox().await;
        let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
        let request = "GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    });
}

#[test]
fn too_many_variables_are_cut_in_silence() {
    run(async {
        let sandbox = sandbox().await;
        sandbox.with(|moodle| {
            moodle.site.max_input_vars = 100;
            for at in 0..120 {
                let person =
                    Person::new(&format!("p{at}"), "A", "B", &format!("p{at}@example.com"));
                moodle.people.insert(person).unwrap();
            }
        });
        let ids: Vec<_> = (0..120).map(|at| format!("&userids[{at}]={}", at + 4)).collect();
        let form = format!("wsfunction=core_user_delete_users{}", ids.concat());
        let answer = exchange(&sandbox, &form).await.unwrap();
        assert!(answer.ends_with("\r\n\r\nnull"), "{answer}");
        // As recorded: of 5,020 ids with 5,000 allowed, 22 were still there.
        assert_eq!(named(&sandbox, "p"), 22);
    });
}

#[test]
fn two_hundred_thousand_accounts_are_found_by_index() {
    use matricula::sandbox::Array;
    let mut moodle = Moodle::new(Site::default(), "t");
    for at in 0..200_000 {
        let mut person = Person::new(&format!("u{at}"), "A", "B", &format!("u{at}@example.com"));
        person.idnumber = format!("N{at}");
        moodle.people.insert(person).unwrap();
    }
    // A scan instead of an index would look at 800 million rows here.
    for at in (0..200_000).step_by(200) {
        for (field, value) in [
            ("id", (at + 4).to_string()),
            ("username", format!("u{at}")),
            ("email", format!("u{at}%40example.com")),
            ("idnumber", format!("N{at}")),
        ] {
            let form = format!(
                "wstoken=t&moodlewsrestformat=json&wsfunction=core_user_get_users_by_field\
                 &field={field}&values[0]={value}"
            );
            let answer = moodle.handle(Array::decode(b"", form.as_bytes(), 100));
            assert!(answer.body.contains(&format!(r#""username":"u{at}""#)), "{field}");
        }
    }
}
