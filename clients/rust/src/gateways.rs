//! The gateways that a name stands for: each call goes to the next in turn.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::gateway::Gateway;

/// Look-ups are so far apart at least. A rollout exchanges pods faster than half a minute.
const BETWEEN_LOOK_UPS: Duration = Duration::from_secs(1);
/// What was looked up so long ago may be missing new gateways.
const STALE: Duration = Duration::from_secs(30);
/// A call waits so long for the gateway whose turn it is before another one will do.
const PATIENCE: Duration = Duration::from_secs(2);
/// A gateway has so long to show that it is there.
const PROBE: Duration = Duration::from_secs(5);
/// A call that waits looks around so often.
const TICK: Duration = Duration::from_millis(50);

/// Thread-safe. Its tasks end by themselves within [`PROBE`].
pub(crate) struct Gateways {
    endpoint: Endpoint,
    host: String,
    port: u16,
    connect_timeout: Duration,
    turn: AtomicUsize,
    known: Mutex<Known>,
    /// Held during a look-up.
    looking: tokio::sync::Mutex<()>,
    /// A gateway was found to be there or not.
    news: Notify,
}

#[derive(Default)]
struct Known {
    gateways: Vec<Arc<Gateway>>,
    looked_up: Option<Instant>,
    /// Why the last look-up found nothing.
    problem: String,
}

impl Gateways {
    /// Those at an endpoint whose URI has a host.
    pub fn new(endpoint: Endpoint, connect_timeout: Duration) -> Gateways {
        let uri = endpoint.uri();
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let problem = format!("{host} could not be looked up within the time");
        Gateways {
            endpoint,
            host,
            port,
            connect_timeout,
            turn: AtomicUsize::new(0),
            known: Mutex::new(Known { problem, ..Known::default() }),
            looking: tokio::sync::Mutex::default(),
            news: Notify::new(),
        }
    }

    /// The gateway for a call: that whose turn it is, once it has shown that it is there; if it has not, or takes its time,
    /// another one. If there is none within the time, the call is made all the same, as its error says why.
    pub async fn choose(self: &Arc<Self>) -> Result<Arc<Gateway>, Status> {
        let began = Instant::now();
        let (until, patient_until) = (began + self.connect_timeout, began + PATIENCE.min(self.connect_timeout));
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            news.as_mut().enable();
            let gateways = self.in_turn(turn, until).await;
            let now = Instant::now();
            let first = gateways.iter().find(|it| !it.is_lost());
            let sure = match first {
                Some(first) if first.is_sure(now) => Some(first),
                _ if now >= patient_until => gateways.iter().find(|it| it.is_sure(now)),
                _ => None,
            };
            if let Some(sure) = sure {
                return Ok(sure.clone());
            }
            if now >= until {
                let gateway = first.or(gateways.first()).cloned();
                return gateway.ok_or_else(|| Status::unavailable(self.known().problem.clone()));
            }
            for gateway in &gateways {
                let is_due =
                    gateway.is_lost() || now >= patient_until || first.is_some_and(|it| Arc::ptr_eq(it, gateway));
                if is_due && gateway.begin_probe(now) {
                    tokio::spawn(self.clone().probe(gateway.clone()));
                }
            }
            let _ = timeout_at(until.min(now + TICK), news).await; // either way it is time to look
        }
    }

    /// Those that are known, beginning with that whose turn it is. If none are, the name is looked up.
    async fn in_turn(self: &Arc<Self>, turn: usize, until: Instant) -> Vec<Arc<Gateway>> {
        let (is_empty, is_stale) = {
            let known = self.known();
            (known.gateways.is_empty(), known.looked_up.is_none_or(|at| at.elapsed() > STALE))
        };
        if is_empty {
            let _ = timeout_at(until, self.look_up()).await; // the call's time is over then, which it sees by itself
        } else if is_stale && self.looking.try_lock().is_ok() {
            let this = self.clone();
            tokio::spawn(async move { this.look_up().await });
        }
        let mut gateways = self.known().gateways.clone();
        if !gateways.is_empty() {
            let first = turn % gateways.len();
            gateways.rotate_left(first);
        }
        gateways
    }

    /// Finds out whether a gateway is there; if not, whether the name stands for others by now.
    async fn probe(self: Arc<Self>, gateway: Arc<Gateway>) {
        let is_there = timeout(PROBE, gateway.answers()).await.unwrap_or(false);
        gateway.end_probe(is_there);
        self.news.notify_waiters();
        if !is_there {
            self.look_up().await;
            self.news.notify_waiters();
        }
    }

    /// Looks the name up, unless that has just been done. What was known stays if that fails.
    async fn look_up(&self) {
        let _one_at_a_time = self.looking.lock().await;
        if self.known().looked_up.is_some_and(|at| at.elapsed() < BETWEEN_LOOK_UPS) {
            return;
        }
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let mut known = self.known();
        known.looked_up = Some(Instant::now());
        match found {
            Err(error) => known.problem = format!("no address of {}: {error}", self.host),
            Ok(addresses) => {
                let mut gateways: Vec<Arc<Gateway>> = Vec::new();
                for address in addresses {
                    let old = known.gateways.iter().find(|it| it.address == address);
                    if !gateways.iter().any(|it| it.address == address) {
                        gateways.push(old.cloned().unwrap_or_else(|| Gateway::new(&self.endpoint, address)));
                    }
                }
                known.problem = format!("{} stands for no address", self.host);
                known.gateways = gateways;
            }
        }
    }

    // What is guarded is whole whenever the lock is free, whatever became of a thread that held it.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The channel of the gateway for a call.
    pub async fn channel(self: &Arc<Self>) -> Result<Channel, Status> {
        Ok(self.choose().await?.channel.clone())
    }
}
