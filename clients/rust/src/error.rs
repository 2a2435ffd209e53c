//! Errors: whose fault, which code, how many attempts, and when to come back.

use std::collections::HashMap;
use std::time::Duration;
use std::{fmt, iter};

use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status, TimeoutExpired};

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The request is wrong, or its own time ran out.
    Caller,
    /// The request is right, but not allowed here.
    Policy,
    /// The provider refused or failed.
    Provider,
    /// The gateway failed, or there is no way to it.
    Gateway,
}

impl Class {
    /// `caller`, `policy`, `provider` or `gateway`.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Caller => "caller",
            Class::Policy => "policy",
            Class::Provider => "provider",
            Class::Gateway => "gateway",
        }
    }

    fn named(name: &str) -> Class {
        match name {
            "caller" => Class::Caller,
            "policy" => Class::Policy,
            "provider" => Class::Provider,
            _ => Class::Gateway,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A call that failed.
///
/// What the gateway says about errors is in docs/errors.md of the project. What fails on the way to it has a code of the
/// client's: `gateway_unreachable` (no connection, or a broken one), `request_timeout` (the call's own timeout),
/// `invalid_argument` of the class `caller` (a target or a header that cannot be), or the gRPC status in lower case.
/// [`Error::from`] reads a [`Status`] of stubs over [`crate::Client::channel`].
#[derive(Clone, Debug)]
pub struct Error {
    told: Box<Told>,
}

#[derive(Clone, Debug)]
struct Told {
    class: Class,
    code: String,
    status: Code,
    message: String,
    retry_delay: Option<Duration>,
    info: HashMap<String, String>,
    headers: MetadataMap,
}

impl Error {
    /// Whose fault it was.
    pub fn class(&self) -> Class {
        self.told.class
    }

    /// Stable, for programs: the provider's own, or the gateway's.
    pub fn code(&self) -> &str {
        &self.told.code
    }

    /// gRPC's.
    pub fn status(&self) -> Code {
        self.told.status
    }

    /// For people.
    pub fn message(&self) -> &str {
        &self.told.message
    }

    /// How often a provider was called.
    pub fn attempts(&self) -> u32 {
        self.number("attempts").unwrap_or(0)
    }

    /// Whether trying again can help.
    pub fn is_retryable(&self) -> bool {
        self.told.info.get("retryable").is_some_and(|told| told == "true")
    }

    /// How long to wait before that, where it is known.
    pub fn retry_delay(&self) -> Option<Duration> {
        self.told.retry_delay
    }

    /// The same error's over HTTP, if the gateway said it.
    pub fn http_status(&self) -> Option<u32> {
        self.number("http_status")
    }

    /// The member of the request that is at fault, if one is.
    pub fn param(&self) -> Option<&str> {
        self.told.info.get("param").map(String::as_str)
    }

    /// All that the gateway tells of the error, by name: `tried`, `upstream`, `limit` and so on.
    pub fn info(&self) -> &HashMap<String, String> {
        &self.told.info
    }

    /// What came with the error: the gateway's own headers, the provider's rate limits.
    pub fn headers(&self) -> &MetadataMap {
        &self.told.headers
    }

    // What is no number counts as not said.
    fn number(&self, name: &str) -> Option<u32> {
        self.told.info.get(name)?.parse().ok()
    }

    /// An error of the caller's that is found before anything is sent.
    pub(crate) fn invalid(message: String) -> Error {
        let mut error = Error::from(Status::invalid_argument(message));
        error.told.class = Class::Caller;
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { class, code, status, message, .. } = &*self.told;
        write!(out, "{message} ({class} {code}, {})", upper(*status))
    }
}

impl std::error::Error for Error {}

impl From<Status> for Error {
    fn from(status: Status) -> Error {
        let (class, code, number) = local(&status);
        let mut told = Told {
            class,
            code,
            status: number,
            message: message_of(&status),
            retry_delay: None,
            info: HashMap::new(),
            headers: status.metadata().clone(),
        };
        read_details(status.details(), &mut told);
        Error { told: Box::new(told) }
    }
}

/// With what is at the bottom of it: tonic's own is "transport error".
fn message_of(status: &Status) -> String {
    let message = status.message();
    match causes(status).last().map(ToString::to_string) {
        Some(cause) if cause != message => format!("{message}: {cause}"),
        _ => message.to_owned(),
    }
}

/// What is behind a status that comes from the connection; of the gateway's own, nothing.
fn causes(status: &Status) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    iter::successors(std::error::Error::source(status), |error| error.source())
}

/// What a status says that is not the gateway's.
fn local(status: &Status) -> (Class, String, Code) {
    let code = if causes(status).any(|cause| cause.is::<TimeoutExpired>()) {
        Code::DeadlineExceeded
    } else if causes(status).next().is_some() {
        // Whatever it is called, the connection is to blame: nobody cancels who waits for an answer.
        Code::Unavailable
    } else {
        status.code()
    };
    match code {
        Code::Unavailable => (Class::Gateway, "gateway_unreachable".into(), code),
        Code::DeadlineExceeded => (Class::Caller, "request_timeout".into(), code),
        Code::Cancelled => (Class::Caller, "client_closed_request".into(), code),
        _ => (Class::Gateway, upper(code).to_lowercase(), code),
    }
}

/// gRPC's name of a status; <https://grpc.github.io/grpc/core/md_doc_statuscodes.html>.
fn upper(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    name
}

// google/rpc/status.proto and google/rpc/error_details.proto of googleapis, as far as they are read here.

#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(map = "string, string", tag = "3")]
    metadata: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

/// The gateway's ErrorInfo and the delay of RetryInfo; <https://grpc.io/docs/guides/error/>.
fn read_details(bytes: &[u8], told: &mut Told) {
    let Ok(status) = RpcStatus::decode(bytes) else { return };
    for detail in status.details {
        if detail.type_url.ends_with("/google.rpc.ErrorInfo") {
            if let Ok(info) = ErrorInfo::decode(&*detail.value)
                && info.domain == "portolan"
            {
                told.code = info.reason;
                told.class = Class::named(info.metadata.get("class").map_or("", String::as_str));
                told.info = info.metadata;
            }
        } else if detail.type_url.ends_with("/google.rpc.RetryInfo")
            && let Ok(info) = RetryInfo::decode(&*detail.value)
        {
            told.retry_delay = info.retry_delay.and_then(|delay| delay.try_into().ok());
        }
    }
}
