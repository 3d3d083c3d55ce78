//! A gateway and the LMS it stands before, in this process; and a client for it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use matricula::api::{self, Api, Face, Front, Roll};
use matricula::clock::Clock;
use matricula::mapping::plan::Plan;
use matricula::mapping::{Shipped, Source};
use matricula::policy;
use matricula::provision::{self, Lms, Tenant};
use matricula::sandbox::{self, Moodle, Person, Sandbox};
use matricula::scim::Rules;
use matricula::server::{self, Listener, Shutdown};
use matricula::store::{
    Choice, Digest, Entries, Fixed, Key, Memory, Pending, Queue, Scope, Store, Token, Tokens, Trail,
};
use matricula::{backend, secret};
use prometheus::Registry;
use serde_json::{Map, Value, json};
use tokio_util::task::TaskTracker;

/// What a test wants otherwise than usual.
#[derive(Clone)]
pub(crate) struct Options {
    pub rules: Rules,
    pub caching: provision::Caching,
    pub api: api::Config,
    pub backend: fn(&mut backend::Settings),
    /// What of a tenant's settings is not named here.
    pub config: fn(&mut provision::Config),
    pub settings: Vec<(&'static str, Value)>,
    /// Another mapping than Moodle's own.
    pub mapping: Option<&'static str>,
    pub site: fn(&mut sandbox::Site),
    pub page: usize,
    /// How long one request may wait for the LMS.
    pub patience: Duration,
    /// Tokens beside the house's own.
    pub tokens: Vec<Token>,
    /// The tokens that the store knows.
    pub issued: Arc<dyn Tokens>,
    /// What they are kept under.
    pub key: Key,
    /// From where the tenant may be spoken to.
    pub from: Vec<ipnet::IpNet>,
    pub entries: Arc<dyn Entries>,
    /// A whole store instead, which other houses may share.
    pub store: Option<Arc<dyn Store>>,
    pub pending: Arc<dyn Queue>,
    /// What may happen. Everything, where a test says nothing else.
    pub policy: policy::Rules,
    pub trail: Arc<dyn Trail>,
    /// Whether the trail may name people.
    pub personal: bool,
    pub clock: Clock,
    /// The state that outlives reloads; each house has its own, unless a test says so.
    pub ledger: Option<Arc<provision::Ledger>>,
}

impl Default for Options {
    fn default() -> Self {
        let config = provision::Config::default();
        let (memory, school) = (Memory::new(), "school".into());
        Self {
            pending: memory.pending(&school),
            entries: memory.entries(&school),
            policy: writes_through(),
            rules: config.rules,
            caching: config.caching,
            api: api::Config::default(),
            backend: |_| (),
            config: |_| (),
            settings: Vec::new(),
            mapping: None,
            site: |_| (),
            page: config.page,
            patience: config.patience,
            tokens: Vec::new(),
            issued: Memory::new().tokens(),
            key: Key::fresh().unwrap(),
            from: Vec::new(),
            store: None,
            trail: Memory::new().trail(&Key::fresh().unwrap()),
            personal: false,
            clock: Clock::system(),
            ledger: None,
        }
    }
}

/// The whole house. It ends when it is dropped.
pub(crate) struct House {
    /// The tenant URL.
    pub base: String,
    /// The token of the one tenant.
    pub token: String,
    /// The LMS.
    pub lms: Sandbox,
    pub tenant: Arc<Tenant>,
    pub registry: Registry,
    pub api: Api,
    work: TaskTracker,
    options: Options,
    url: String,
    client: Client<HttpConnector, Full<bytes::Bytes>>,
    shutdown: Shutdown,
    /// Another gateway on the same store.
    pub(super) other: Option<Box<House>>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }
}

pub(crate) const TOKEN: &str = "a-token-of-the-house-0123456789";

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let lms = sandbox(&options).await;
        let url = lms.url();
        Self::before(lms, &url, options).await
    }

    /// A gateway before an LMS at another address than the sandbox's own: one
    /// that something stands in front of.
    pub(crate) async fn before(lms: Sandbox, url: &str, options: Options) -> Self {
        let registry = Registry::new();
        let work = TaskTracker::new();
        let house = (&registry, work.clone());
        let tenant = tenant(url, lms.token(), &options, house);
        let front = front(Arc::clone(&tenant), &options);
        let metrics = api::Metrics::register(&registry).unwrap();
        let face = Face::new(options.api.clone(), vec![front]);
        let roll = Arc::new(Roll::new(Arc::clone(&options.issued), options.key.clone()));
        let api = Api::new(face, metrics, options.clock.clone(), roll);
        let (address, shutdown) = serve(api.service(), &registry).await;
        Self {
            base: format!("http://{address}/demo/scim/v2"),
            token: TOKEN.to_owned(),
            lms,
            tenant,
            registry,
            api,
            work,
            options,
            url: url.to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            shutdown,
            other: None,
        }
    }

    /// As an hour later: nothing that was read is fresh any more. What clients
    /// wrote is still known.
    pub(crate) fn forget_answers(&self) {
        let outside = (&Registry::new(), self.work.clone());
        let tenant = tenant(&self.url, self.lms.token(), &self.options, outside);
        let front = front(tenant, &self.options);
        self.api.replace(Face::new(self.options.api.clone(), vec![front]));
        if let Some(other) = &self.other {
            other.forget_answers();
        }
    }

    /// The same house under other rules, and a tenant that works by them.
    pub(crate) fn under(&mut self, policy: policy::Rules) -> Arc<Tenant> {
        self.options.policy = policy;
        let outside = (&Registry::new(), self.work.clone());
        let tenant = tenant(&self.url, self.lms.token(), &self.options, outside);
        let front = front(Arc::clone(&tenant), &self.options);
        self.api.replace(Face::new(self.options.api.clone(), vec![front]));
        self.tenant = Arc::clone(&tenant);
        tenant
    }

    /// Another tenant, as far as the face can tell, at that path.
    pub(super) fn beside(&self, path: &str) {
        let own = front(Arc::clone(&self.tenant), &self.options);
        let other = front_at(path, Arc::clone(&self.tenant), &self.options);
        self.api.replace(Face::new(self.options.api.clone(), vec![own, other]));
    }

    /// The same, with the state of that ledger: the one it had, or what is left of it once
    /// the process has died.
    pub(super) fn with_ledger(&mut self, ledger: Arc<provision::Ledger>, policy: policy::Rules) {
        self.options.ledger = Some(ledger);
        self.under(policy);
    }

    /// What waits.
    pub(crate) fn pending(&self) -> &Arc<dyn Queue> {
        &self.options.pending
    }

    /// Does all that is ready of what waits; says how much that was.
    pub(crate) async fn work_off(&self) -> usize {
        let mut done = 0;
        loop {
            let round = self.tenant.round().await.unwrap();
            if round.begun == 0 {
                return done;
            }
            done += round.begun - round.failed;
        }
    }

    /// Waits until so many requests are being answered. On one thread, each of
    /// them has then come as far as it can come.
    pub(crate) async fn in_flight(&self, count: u32) {
        let name = "matricula_scim_requests_in_flight";
        let there = || (self.measured(name) - f64::from(count)).abs() < 0.5;
        until(there).await;
    }

    /// Waits until no work is under way that nobody waits for.
    pub(crate) async fn at_rest(&self) {
        until(|| self.work.is_empty()).await;
    }

    /// The sum of a gauge or a counter over its labels.
    pub(crate) fn measured(&self, name: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().filter(|family| family.name() == name);
        let each = family.flat_map(prometheus::proto::MetricFamily::get_metric);
        each.map(|it| it.get_gauge().get_value() + it.get_counter().get_value()).sum()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body), &[]).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations
        });
        self.send(Method::PATCH, path, Some(body), &[]).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// Those whom a filter finds.
    pub(crate) async fn find(&self, kind: &str, filter: &str) -> Answer {
        let filter =
            percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC);
        self.get(&format!("/{kind}?filter={filter}")).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if !bytes.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/scim+json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(bytes.into())).unwrap();
        let response = self.client.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

/// Waits for what will come, or fails: a test that waits for ever says nothing.
pub(super) async fn until(come: impl Fn() -> bool) {
    let coming = async {
        while !come() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), coming).await.expect("it never came");
}

impl Drop for House {
    fn drop(&mut self) {
        self.shutdown.advance(server::Phase::Ended);
    }
}

/// The rules of a tenant that has none: what is asked for is done.
pub(crate) fn writes_through() -> policy::Rules {
    policy::Rules {
        mode: policy::Mode::Sync,
        deprovision: policy::Deprovision::Delete,
        guard: None,
        ..policy::Rules::default()
    }
}

/// The same, but nothing is done.
pub(super) fn dry() -> policy::Rules {
    policy::Rules { mode: policy::Mode::DryRun, ..writes_through() }
}

/// All that waits, in order.
pub(super) async fn waiting(house: &House) -> Vec<Pending> {
    house.pending().page(&Choice::default(), 0, 100).await.unwrap()
}

/// Somebody deletes an account in the LMS; this is what Moodle leaves of it.
pub(super) fn deleted_by_hand(house: &House, id: &str) {
    let gone = |person: &mut Person| {
        person.deleted = true;
        person.username.push_str(".1800000000");
        person.email = "0123456789abcdef".repeat(2);
    };
    house.lms.with(|moodle| moodle.people.edit(id.parse().unwrap(), gone)).unwrap();
}

/// The LMS as the documentation asks for it to be set up.
pub(crate) async fn sandbox(options: &Options) -> Sandbox {
    let mut site = sandbox::Site::for_gateways();
    (options.site)(&mut site);
    let begin = sandbox::Options::default();
    let moodle = Moodle::new(site, &begin.token);
    Sandbox::start(sandbox::Options { moodle: Some(moodle), ..begin }).await.unwrap()
}

/// Moodle's plan. Compiling it takes longer than most tests, and it never changes.
fn plan(variant: Option<&str>) -> Arc<Plan> {
    static PLAN: OnceLock<Arc<Plan>> = OnceLock::new();
    let compile =
        |text: &str| Arc::new(Source::read("moodle", text, &Shipped).unwrap().compile().unwrap());
    if let Some(text) = variant {
        return compile(text);
    }
    let text = include_str!("../../../mappings/moodle.toml");
    Arc::clone(PLAN.get_or_init(|| compile(text)))
}

fn front(tenant: Arc<Tenant>, options: &Options) -> Front {
    front_at("/demo/scim/v2", tenant, options)
}

fn front_at(path: &str, tenant: Arc<Tenant>, options: &Options) -> Front {
    let own = Token {
        title: "test".to_owned(),
        digest: Digest::of(TOKEN),
        scope: Scope::default(),
        expires: None,
        from: Vec::new(),
    };
    let tokens = Fixed::new(options.tokens.iter().cloned().chain([own]).collect());
    let front = Front::new(tenant, path, tokens, &options.api);
    front.only_from(options.from.clone())
}

fn tenant(
    url: &str,
    token: &str,
    options: &Options,
    (registry, work): (&Registry, TaskTracker),
) -> Arc<Tenant> {
    let plan = plan(options.mapping);
    let mut settings = Map::new();
    settings.insert("base_url".to_owned(), json!(url));
    settings.insert("token".to_owned(), json!(secret::Secret::new(token).expose()));
    settings
        .extend(options.settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let site = plan.settle(&settings).unwrap();
    let mut backend = backend::Settings::new("demo", site.base("main").unwrap());
    // Tests that show the LMS ill do not wait for it longer than they must.
    backend.retry.pause = Duration::from_millis(1);
    (options.backend)(&mut backend);
    let clock = options.clock.clone();
    let house = backend::House {
        clock: clock.clone(),
        metrics: backend::Metrics::register(registry).unwrap(),
    };
    let lms = Lms::open(site, &[("main".into(), backend)], &house).unwrap();
    let mut config = provision::Config {
        rules: options.rules,
        caching: options.caching,
        page: options.page,
        patience: options.patience,
        policy: options.policy.clone(),
        personal: options.personal,
        ..provision::Config::default()
    };
    (options.config)(&mut config);
    let metrics = provision::Metrics::register(registry).unwrap();
    let trail = Arc::clone(&options.trail);
    let house = provision::House { clock, metrics, work, trail };
    let ledger = options.ledger.clone().unwrap_or_else(|| match &options.store {
        Some(store) => provision::Ledger::of(&**store, &"demo".into()),
        None => provision::Ledger::new(Arc::clone(&options.entries), Arc::clone(&options.pending)),
    });
    Tenant::new("demo".into(), lms, ledger, config, &house)
}

async fn serve(service: server::Service, registry: &Registry) -> (std::net::SocketAddr, Shutdown) {
    let metrics = server::Metrics::register(registry).unwrap();
    let config = server::Config { listen: "127.0.0.1:0".parse().unwrap(), ..Default::default() };
    let listener = Listener::bind(config, metrics.listener("scim")).await.unwrap();
    let (address, shutdown) = (listener.address(), Shutdown::new());
    tokio::spawn(listener.serve(service, shutdown.clone()));
    (address, shutdown)
}
