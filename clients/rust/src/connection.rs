//! How to connect, and what goes with each call.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tonic::Request;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::transport::{ClientTlsConfig, Endpoint};

use crate::Error;
use crate::gateways::Gateways;

/// What the gateway takes and sends.
pub(crate) const LARGEST_MESSAGE: usize = 64 << 20;
const LARGEST_METADATA: u32 = 64 << 10;
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

/// The ways to the gateways, and what all of a client's calls have in common.
pub(crate) struct Connection {
    pub gateways: Arc<Gateways>,
    headers: MetadataMap,
    timeout: Option<Duration>,
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
            gateways: Arc::new(Gateways::new(endpoint, config.connect_timeout.min(FAR))),
            headers,
            timeout: config.timeout,
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
