//! Sample channel apps: one that does right, made of `yanmi-channel`, and many that each make one mistake seen in the field.
//!
//! They try the suite. Each has an app that takes notices on a socket, a phone that shows them, and a tester who does what the
//! steps say and tells what the phone shows. What a mistake changes is one decision of the correct one.

mod door;
mod handset;
mod line;
mod mistake;
mod phone;
mod report;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use yanmi_acceptance::listen::{self, reply};
use yanmi_channel::App;
use yanmi_protocol::message::{password_free, pending};
use yanmi_protocol::{ChannelId, EcIndexNo, NoticeNo, Region, Sm4Key};

use crate::ambient::Clock;
use crate::brief::{Brief, Scene, Subject};
use crate::event::State;
use crate::notice_url::NoticeUrl;
use crate::transport::{Direct, Transport};

pub use mistake::Mistake;

use handset::{Handset, Registration};
use line::Line;
use phone::Phone;

/// How a sample lets time go by.
pub type Pause = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Longest a situation may take to be posted.
const POSTING: Duration = Duration::from_mins(2);
/// How long the tester takes from one situation to the next.
const BETWEEN: Duration = Duration::from_secs(2);
/// The path of the notice address.
const PATH: &str = "/sample/notice";

/// A sample app with its tester.
pub struct Sample {
    handset: Arc<Handset>,
    addr: SocketAddr,
    pause: Pause,
    stop: watch::Sender<bool>,
}

impl std::fmt::Debug for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sample").field("mistake", &self.handset.mistake).finish_non_exhaustive()
    }
}

impl Sample {
    /// Takes notices on this listener until it is dropped.
    ///
    /// # Errors
    /// When the listener has no local address.
    pub fn start(
        listener: TcpListener,
        mistake: Option<Mistake>,
        clock: Clock,
        pause: Pause,
        patience: Duration,
    ) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let phone = Mutex::new(Phone::new(mistake));
        let handset = Arc::new(Handset { mistake, clock, patience, registration: OnceLock::new(), phone });
        let (stop, stopping) = watch::channel(false);
        let own = Arc::clone(&handset);
        let handler = move |request: http::Request<hyper::body::Incoming>| {
            let own = Arc::clone(&own);
            async move {
                let path = request.uri().path().to_owned();
                Ok(match listen::body(request.into_body()).await {
                    Ok(body) => {
                        let answer = door::receive(&own, &path, &body).await;
                        reply(http::StatusCode::OK, "application/json", answer)
                    }
                    Err(refusal) => refusal,
                })
            }
        };
        tokio::spawn(listen::accept(listener, stopping, handler));
        Ok(Self { handset, addr, pause, stop })
    }

    /// Where it takes notices.
    ///
    /// # Errors
    /// Never: it is an address.
    pub fn notice_url(&self) -> Result<NoticeUrl, String> {
        NoticeUrl::new(&format!("http://{}{PATH}", self.addr))
    }

    /// Plays every situation of the run this brief is of.
    ///
    /// # Errors
    /// When the brief is none that a suite writes, or the sink cannot be told.
    pub async fn play(&self, brief: Brief) -> Result<(), String> {
        let scenes = brief.situations.clone();
        self.register(brief)?;
        for scene in &scenes {
            self.play_one(scene).await?;
            (self.pause)(BETWEEN).await;
        }
        // What it took is taken down before it goes.
        self.stop.send_replace(false);
        Ok(())
    }

    fn register(&self, brief: Brief) -> Result<(), String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let (started, errs) = ((self.handset.clock)(), self.handset.errs(Mistake::OldTimestamp));
        let clock = Arc::clone(&self.handset.clock);
        let app = App {
            id: ChannelId::new(&brief.chnl_id).map_err(|e| said(&e))?,
            key: Sm4Key::from_hex(&brief.key).map_err(|e| said(&e))?,
            mac: brief.mac_required,
            region: Region::new(&brief.region).map_err(|e| said(&e))?,
            center_url: brief.center_url.clone(),
            transport: Line,
            clock: Arc::new(move || if errs { started } else { clock() }),
            deadline: self.handset.patience,
        };
        let person = EcIndexNo::new(&brief.person.ec_index_no).map_err(|e| said(&e))?;
        let registration = Registration { app, person, brief };
        self.handset.registration.set(registration).map_err(|_| "registered before".to_owned())
    }

    async fn play_one(&self, scene: &Scene) -> Result<(), String> {
        let brief = &self.handset.registration()?.brief;
        let mut now = scene.clone();
        self.handset.phone().words.clear();
        for act in &scene.acts {
            match act.split_once(' ').unwrap_or((act, "")) {
                ("begin", _) => now = self.begin(&brief.play_url, &scene.id).await?,
                ("next", _) => now = self.begin(&brief.next_url, &scene.id).await?,
                ("wait", seconds) => {
                    let seconds = seconds.parse().map_err(|_| format!("no number: {seconds}"))?;
                    (self.pause)(Duration::from_secs(seconds)).await;
                }
                ("tell", _) => self.tell(&now).await?,
                (act, _) => self.act(act, &now).await?,
            }
        }
        Ok(())
    }

    /// The person taps.
    async fn act(&self, act: &str, scene: &Scene) -> Result<(), String> {
        let handset = &self.handset;
        let subject = scene.notices.first();
        let number = || {
            let number = subject.ok_or("no notice")?;
            NoticeNo::new(&number.notc_no).map_err(|error| error.to_string())
        };
        match act {
            "openCenter" => self.open_center().await?,
            "restart" if handset.errs(Mistake::Forgets) => handset.phone().forget(),
            "restart" => {}
            "openLink" => self.open_link(number()?).await?,
            "switchOn" => self.switch(true).await?,
            "switchOff" => self.switch(handset.errs(Mistake::NeverSwitchesOff)).await?,
            "freeOn" => handset.phone().free = true,
            "freeOff" => handset.phone().free = false,
            deed => report::act(handset, deed, number()?).await?,
        }
        Ok(())
    }

    async fn begin(&self, url: &str, id: &str) -> Result<Scene, String> {
        let body = self.post(url, json!({ "situation": id }).to_string()).await?;
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    }

    async fn post(&self, url: &str, body: String) -> Result<Bytes, String> {
        let received = Direct::to_any().post(url, body.into(), POSTING).await?;
        if received.status == 200 {
            return Ok(received.body);
        }
        Err(format!("{url}: HTTP {} {}", received.status, String::from_utf8_lossy(&received.body)))
    }

    async fn open_center(&self) -> Result<(), String> {
        if self.handset.errs(Mistake::NoMessageCenter) {
            return Ok(());
        }
        let Registration { app, person, .. } = self.handset.registration()?;
        let question = pending::Request { index: *person }.to_json();
        let answer = report::ask(&self.handset, pending::PATH, &question).await;
        let notices = answer.map(|answer| app.read_pending(&answer)).unwrap_or_default();
        let mut phone = self.handset.phone();
        for notice in &notices {
            phone.take(notice);
        }
        Ok(())
    }

    async fn switch(&self, open: bool) -> Result<(), String> {
        let person = &self.handset.registration()?.person;
        let (single_limit, day_limit, day_count) = (None, None, None);
        let request = password_free::Request { index: *person, open, single_limit, day_limit, day_count };
        // What the center says to it is on the screen, which nobody asks about here.
        let _ = report::ask(&self.handset, password_free::PATH, &request.to_json()).await;
        Ok(())
    }

    async fn open_link(&self, number: NoticeNo) -> Result<(), String> {
        let url = self.handset.phone().inbox.find(number).and_then(|entry| entry.notice.url.clone());
        let times = if self.handset.errs(Mistake::OpensLinkTwice) { 2 } else { 1 };
        for _ in 0..times {
            Direct::to_any().exchange(Method::GET, url.as_deref().unwrap_or_default(), Bytes::new()).await?;
        }
        Ok(())
    }

    async fn tell(&self, scene: &Scene) -> Result<(), String> {
        let url = &self.handset.registration()?.brief.shown_url;
        for subject in &scene.notices {
            let body = self.look(scene, subject)?;
            self.post(url, body).await?;
        }
        Ok(())
    }

    /// What the phone shows of a notice.
    fn look(&self, scene: &Scene, subject: &Subject) -> Result<String, String> {
        let number = NoticeNo::new(&subject.notc_no).map_err(|error| error.to_string())?;
        let now = (self.handset.clock)();
        let phone = self.handset.phone();
        let state: State = phone.state(number, now);
        let (amount, org_name) = phone.words_of(number);
        Ok(json!({
            "situation": scene.id,
            "notcNo": subject.notc_no,
            "state": state.word(),
            "alerts": phone.alerts(number),
            "amount": amount,
            "orgName": org_name,
            "text": phone.words,
        })
        .to_string())
    }
}
