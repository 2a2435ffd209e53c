//! How to connect, and what goes with each call.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::Error;

/// What the gateway takes and sends.
pub(crate) const LARGEST_MESSAGE: usize = 64 << 20;
const LARGEST_METADATA: u32 = 64 << 10;
/// How long the gateway is taken to be there after it has shown that it is.
const SURE: Duration = Duration::from_secs(1);
/// A timeout that stands for none.
const FAR: Duration = Duration::from_secs(365 * 86_400);

/// How a [`crate::Client`] connects and what it sends with each call.
#[derive(Clone)]
pub struct Config {
    /// Of a caller of the gateway, or of the provider.
    pub key: Option<String>,
    /// Speak TLS; [`ClientTlsConfig::with_native_roots`] trusts the system's authorities.
    pub tls: Option<ClientTlsConfig>,
    /// Sent with each call: `x-portolan-provider`, `x-portolan-config` and so on. The call's own metadata beats them.
    pub headers: HashMap<String, String>,
    /// How long a call may take unless it says otherwise, connecting and streaming included. Default: no limit.
    pub timeout: Option<Duration>,
    /// How long a call waits for a connection. Default: 10 s.
    pub connect_timeout: Duration,
    /// A connection with calls that has been silent for so long is looked after; the gateway takes 10 s or more. Default:
    /// 30 s.
    pub keepalive_time: Duration,
    /// It is given up if there is no answer for so long. Default: 10 s.
    pub keepalive_timeout: Duration,
}

impl Config {
    /// With a key, and what is default besides.
    pub fn with_key(key: impl Into<String>) -> Config {
        Config { key: Some(key.into()), ..Config::default() }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            key: None,
            tls: None,
            headers: HashMap::new(),
            timeout: None,
            connect_timeout: Duration::from_secs(10),
            keepalive_time: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
        }
    }
}

// Without what is secret.
impl fmt::Debug for Config {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Config").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The channel, and what all of a client's calls have in common.
pub(crate) struct Connection {
    pub channel: Channel,
    headers: MetadataMap,
    timeout: Option<Duration>,
    connect_timeout: Duration,
    sure_until: Mutex<Option<Instant>>,
}

impl Connection {
    pub fn new(target: &str, config: Config) -> Result<Connection, Error> {
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let wrong = |error: tonic::transport::Error| Error::invalid(format!("no client of {target:?}: {error:?}"));
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://{target}"))
            .and_then(|it| it.user_agent(concat!("portolan-rust/", env!("CARGO_PKG_VERSION"))))
            .map_err(wrong)?
            .connect_timeout(Duration::from_secs(5))
            .http2_max_header_list_size(LARGEST_METADATA)
            // A stream may be silent for long while a model thinks: its connection is looked after all that time.
            .http2_keep_alive_interval(config.keepalive_time)
            .keep_alive_timeout(config.keepalive_timeout);
        if let Some(tls) = config.tls {
            endpoint = endpoint.tls_config(tls).map_err(wrong)?;
        }
        let mut headers = MetadataMap::new();
        if let Some(key) = config.key {
            let mut value: AsciiMetadataValue = format!("Bearer {key}")
                .parse()
                .map_err(|_| Error::invalid("the key may have printable ASCII alone".into()))?;
            value.set_sensitive(true);
            headers.insert("authorization", value);
        }
        for (name, value) in config.headers {
            let key = AsciiMetadataKey::from_bytes(name.as_bytes())
                .map_err(|_| Error::invalid(format!("the header {name:?} has no name that can be sent")))?;
            let value: AsciiMetadataValue = value
                .parse()
                .map_err(|_| Error::invalid(format!("the header {name}: its value may have printable ASCII alone")))?;
            headers.insert(key, value);
        }
        Ok(Connection {
            channel: endpoint.connect_lazy(),
            headers,
            timeout: config.timeout,
            connect_timeout: config.connect_timeout,
            sure_until: Mutex::new(None),
        })
    }

    /// Adds what goes with each call; says when it must be over.
    pub fn prepare<T>(&self, request: &mut Request<T>) -> Option<Instant> {
        let metadata = request.metadata_mut();
        for entry in self.headers.iter() {
            if let tonic::metadata::KeyAndValueRef::Ascii(name, value) = entry
                && !metadata.contains_key(name)
            {
                metadata.insert(name, value.clone());
            }
        }
        let timeout = timeout_of(metadata).or(self.timeout)?;
        Some(Instant::now() + timeout.min(FAR))
    }

    /// Returns when there is a connection, or no hope of one within the time: the call is made all the same then, as its
    /// error says why. The gateway is asked for its health, unless it has just shown that it is there.
    pub async fn wait(&self) {
        if self.sure_until.lock().is_ok_and(|until| until.is_some_and(|until| Instant::now() < until)) {
            return;
        }
        let until = Instant::now() + self.connect_timeout.min(FAR);
        let mut pause = Duration::from_millis(100);
        while let Ok(health) = timeout_at(until, self.health()).await {
            if health.is_ok_and(|code| code != Code::Unavailable) {
                self.note(true);
                return;
            }
            if Instant::now() + pause >= until {
                return;
            }
            sleep(pause).await;
            pause = (pause * 8 / 5).min(Duration::from_secs(1));
        }
    }

    /// The gateway has shown that it is there, or not.
    pub fn note(&self, is_there: bool) {
        if let Ok(mut until) = self.sure_until.lock() {
            *until = is_there.then(|| Instant::now() + SURE);
        }
    }

    /// The status with which the gateway answers; an error if there is none.
    async fn health(&self) -> Result<Code, Error> {
        let mut grpc = Grpc::new(self.channel.clone());
        let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
        grpc.ready().await.map_err(|error| Error::from(Status::from_error(error.into())))?;
        match grpc.unary(Request::new(()), path, ProstCodec::<(), ()>::default()).await {
            Ok(_) => Ok(Code::Ok),
            Err(status) => match Error::from(status) {
                error if error.code() == "gateway_unreachable" => Err(error),
                error => Ok(error.status()),
            },
        }
    }
}

/// What [`Request::set_timeout`] has set.
/// Source: "Timeout" in <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
fn timeout_of(metadata: &MetadataMap) -> Option<Duration> {
    let text = metadata.get("grpc-timeout")?.to_str().ok()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok()?;
    match unit {
        "H" => number.checked_mul(3600).map(Duration::from_secs),
        "M" => number.checked_mul(60).map(Duration::from_secs),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}
