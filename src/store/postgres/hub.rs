//! Where what processes say to each other comes together.
//!
//! Every process says a few times a second that it is here. Whoever hears himself
//! has heard everything that was said before, and believes what he knows for the
//! two seconds that follow. Whoever told news waits until all have answered who
//! were heard of lately. One who falls silent is waited for until he cannot believe
//! anything any more. So a write is answered when nobody shows what was before it.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, interval, sleep, timeout};

use super::line::Line;
use super::message::{Message, Said, parts};
use super::settings::Settings;
use crate::store::{Ears, Error};

/// How often each says that it is here.
const BEAT: Duration = Duration::from_millis(250);

/// For how long that is a proof that everything was heard.
const TRUST: Duration = Duration::from_secs(2);

/// For how long one who was heard of may still believe what he knows.
const MEMORY: Duration = Duration::from_millis(2500);

/// Nobody is waited for longer, whatever he says.
const LONGEST: Duration = Duration::from_secs(10);

/// Others have said that they are here by then.
const SETTLING: Duration = Duration::from_millis(300);

/// The other processes, and the line to them.
pub(super) struct Hub {
    settings: Settings,
    began: Instant,
    /// When what we last heard of ourselves was sent, in milliseconds; 0 is never.
    proof: AtomicU64,
    line: watch::Sender<Option<Arc<Line>>>,
    state: Mutex<State>,
    /// Whether what the tables say of tenants is known.
    learned: AtomicBool,
    learn: Learn,
}

/// Asks the tables for what is known of tenants; says whether they answered.
pub(super) type Learn = Box<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// Nothing waits for a tenant any more: whoever thinks otherwise may ask.
pub(super) const QUIET: &str = "!quiet";

#[derive(Default)]
struct State {
    name: String,
    /// Where answers are given, from the moment that we are heard of.
    mouth: Option<Arc<Line>>,
    ears: HashMap<String, Vec<Weak<dyn Ears>>>,
    others: HashMap<String, Instant>,
    telling: HashMap<u64, Telling>,
    next: u64,
    /// Whether there was something that could not be told.
    owing: bool,
}

/// News that not everybody has heard.
struct Telling {
    missing: HashSet<String>,
    _done: oneshot::Sender<()>,
}

impl Hub {
    /// Begins to listen.
    pub(super) fn start(settings: &Settings, learn: Learn) -> Arc<Self> {
        let hub = Arc::new(Self {
            settings: settings.clone(),
            began: Instant::now(),
            proof: AtomicU64::new(0),
            line: watch::Sender::new(None),
            state: Mutex::default(),
            learned: AtomicBool::new(false),
            learn,
        });
        tokio::spawn(keep(Arc::downgrade(&hub)));
        hub
    }

    /// Whoever has these ears hears of the tenant.
    pub(super) fn listen(&self, tenant: &str, ears: Weak<dyn Ears>) {
        let mut state = self.lock();
        let known = state.ears.entry(tenant.to_owned()).or_default();
        known.retain(|ears| ears.strong_count() > 0);
        known.push(ears);
    }

    /// Whether all that was said so far was heard.
    pub(super) fn hears(&self) -> bool {
        let proof = self.proof.load(Ordering::Acquire);
        self.learned.load(Ordering::Acquire)
            && proof > 0
            && self.now().saturating_sub(proof) < millis(TRUST)
    }

    /// The line, once there is one.
    pub(super) async fn line(&self, patience: Duration) -> Result<Arc<Line>, Error> {
        let mut lines = self.line.subscribe();
        let up = lines.wait_for(Option::is_some);
        let line = timeout(patience, up).await.ok().and_then(Result::ok).and_then(|it| it.clone());
        line.ok_or_else(|| Error::new("the other processes cannot be asked for a turn"))
    }

    /// Tells the others, and waits until each has heard it.
    pub(super) async fn tell(&self, tenant: &str, words: Vec<String>) {
        let Some(parts) = parts(words) else { return self.owe().await };
        let Ok(line) = self.line(self.settings.connect).await else {
            self.lock().owing = true;
            return;
        };
        let (mut news, mut heard) = (Vec::new(), Vec::new());
        for words in parts {
            let (number, done) = self.number();
            news.push(Said::News { number, tenant: tenant.to_owned(), words });
            heard.push(done);
        }
        if line.say(&self.settings.schema, news).await.is_err() {
            self.lock().owing = true;
            return;
        }
        let all = async {
            for done in heard {
                // It ends when nobody is missing any more; that is all there is to know.
                let _ = done.await;
            }
        };
        if timeout(LONGEST, all).await.is_err() {
            tracing::warn!("another gateway on the same store is there, and does not answer");
        }
    }

    /// A number for news, and what ends when all have heard it.
    fn number(&self) -> (u64, oneshot::Receiver<()>) {
        let mut state = self.lock();
        state.next += 1;
        let number = state.next;
        let (tell, done) = oneshot::channel();
        let missing: HashSet<_> = state.others.keys().cloned().collect();
        if !missing.is_empty() {
            state.telling.insert(number, Telling { missing, _done: tell });
        }
        (number, done)
    }

    /// Others cannot be told what happened, but that something did.
    async fn owe(&self) {
        match self.line(self.settings.connect).await {
            Ok(line) if line.say(&self.settings.schema, vec![Said::Missed]).await.is_ok() => {}
            _ => self.lock().owing = true,
        }
    }

    /// Somebody said something, perhaps ourselves.
    pub(super) fn hear(self: &Arc<Self>, text: &str) {
        let Some(Message { from, said }) = Message::read(text) else { return };
        let mut state = self.lock();
        if from == state.name {
            if let Said::Beat(sent) = said {
                self.proof.fetch_max(sent, Ordering::AcqRel);
                let past = self.began + Duration::from_millis(sent);
                if state.forget_silent(past) {
                    // What they wrote last, they may not have told.
                    self.has_missed(state);
                }
            }
            return;
        }
        if said == Said::Bye {
            return state.is_gone(&from);
        }
        let known = state.others.insert(from.clone(), Instant::now()).is_some();
        match said {
            Said::Beat(_) if !known => {
                let beat = Said::Beat(self.now());
                drop(state);
                self.answer(beat);
            }
            Said::Heard { of, number } if of == state.name => state.has_heard(number, &from),
            Said::Beat(_) | Said::Bye | Said::Heard { .. } => {}
            Said::News { number, tenant, words } => {
                let ears = state.ears(&tenant);
                drop(state);
                for word in &words {
                    for ears in &ears {
                        ears.heard(word);
                    }
                }
                if words.iter().any(|word| word == QUIET) {
                    tokio::spawn((self.learn)());
                }
                self.answer(Said::Heard { of: from, number });
            }
            Said::Missed => self.has_missed(state),
        }
    }

    /// Something may have been said that was not heard.
    fn has_missed(self: &Arc<Self>, state: MutexGuard<'_, State>) {
        let ears = state.all_ears();
        drop(state);
        for ears in ears {
            ears.missed();
        }
        self.learned.store(false, Ordering::Release);
        let hub = Arc::clone(self);
        tokio::spawn(async move { hub.ask_tables().await });
    }

    /// Learns what the tables say; before that, nothing of it is believed.
    async fn ask_tables(&self) -> bool {
        let answered = (self.learn)().await;
        self.learned.store(answered, Ordering::Release);
        answered
    }

    /// Says that we are gone.
    pub(super) async fn leave(&self) {
        let line = self.line.borrow().clone();
        if let Some(line) = line {
            // Who does not hear it waits a little, and then knows all the same.
            let _ = line.say(&self.settings.schema, vec![Said::Bye]).await;
        }
    }

    /// Says something that nobody waits for.
    fn answer(self: &Arc<Self>, said: Said) {
        let Some(line) = self.lock().mouth.clone() else { return };
        let hub = Arc::clone(self);
        tokio::spawn(async move {
            // Who does not hear it does not hear us at all, and knows.
            let _ = line.say(&hub.settings.schema, vec![said]).await;
        });
    }

    /// There is no line: nothing is believed, nobody is waited for.
    fn cut(&self) {
        self.proof.store(0, Ordering::Release);
        self.learned.store(false, Ordering::Release);
        self.line.send_replace(None);
        let mut state = self.lock();
        state.mouth = None;
        state.others.clear();
        if !state.telling.is_empty() {
            state.owing = true;
            state.telling.clear();
        }
        let ears = state.all_ears();
        drop(state);
        for ears in ears {
            ears.missed();
        }
    }

    /// Others hear of us by this line from now on, and wait for our answers.
    fn is_heard_on(&self, line: &Arc<Line>) {
        let mut state = self.lock();
        state.name.clone_from(&line.name);
        state.mouth = Some(Arc::clone(line));
    }

    fn now(&self) -> u64 {
        millis(self.began.elapsed()) + 1
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ears(&self, tenant: &str) -> Vec<Arc<dyn Ears>> {
        self.ears.get(tenant).into_iter().flatten().filter_map(Weak::upgrade).collect()
    }

    fn all_ears(&self) -> Vec<Arc<dyn Ears>> {
        self.ears.values().flatten().filter_map(Weak::upgrade).collect()
    }

    fn has_heard(&mut self, number: u64, who: &str) {
        let Some(telling) = self.telling.get_mut(&number) else { return };
        telling.missing.remove(who);
        if telling.missing.is_empty() {
            self.telling.remove(&number);
        }
    }

    fn is_gone(&mut self, who: &str) {
        self.others.remove(who);
        self.telling.retain(|_, telling| {
            telling.missing.remove(who);
            !telling.missing.is_empty()
        });
    }

    /// All that was said before that moment was heard: who was silent for so long
    /// believes nothing any more. Says whether there was one.
    fn forget_silent(&mut self, past: Instant) -> bool {
        let silent = self.others.iter().filter(|(_, last)| **last + MEMORY < past);
        let silent: Vec<_> = silent.map(|(who, _)| who.clone()).collect();
        for who in &silent {
            tracing::warn!(process = who, "another gateway on the same store has fallen silent");
            self.is_gone(who);
        }
        !silent.is_empty()
    }
}

/// Keeps a line for as long as there is a hub.
async fn keep(hub: Weak<Hub>) {
    let mut pause = Duration::from_millis(50);
    while let Some(own) = hub.upgrade() {
        match Line::open(&own, &own.settings).await {
            Ok((line, ended)) => {
                pause = Duration::from_millis(50);
                own.is_heard_on(&line);
                let own_again = Arc::downgrade(&own);
                drop(own);
                speak(&own_again, line, ended).await;
                let Some(own) = hub.upgrade() else { return };
                own.cut();
                tracing::warn!(
                    "the line to other gateways on the same store is cut: nothing is cached"
                );
            }
            Err(error) => {
                tracing::warn!(%error, "there is no line to other gateways on the same store");
                drop(own);
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

/// Says that we are here, until nobody can hear it any more.
async fn speak(hub: &Weak<Hub>, line: Arc<Line>, mut ended: oneshot::Receiver<()>) {
    let Some(schema) = hub.upgrade().map(|hub| hub.settings.schema.clone()) else { return };
    // Whoever was there before may have ended before all was told.
    if line.say(&schema, vec![Said::Missed]).await.is_err() {
        return;
    }
    let mut beat = interval(BEAT);
    let settled = sleep(SETTLING);
    tokio::pin!(settled);
    let mut up = false;
    loop {
        tokio::select! {
            _ = &mut ended => return,
            () = &mut settled, if !up => {
                let Some(hub) = hub.upgrade() else { return };
                up = true;
                if !hub.ask_tables().await {
                    return;
                }
                hub.line.send_replace(Some(Arc::clone(&line)));
                if std::mem::take(&mut hub.lock().owing) {
                    hub.answer(Said::Missed);
                }
            }
            _ = beat.tick() => {
                let Some(hub) = hub.upgrade() else { return };
                let said = vec![Said::Beat(hub.now())];
                if line.say(&hub.settings.schema, said).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
