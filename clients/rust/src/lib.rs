//! Client of the Portolan AI gateway, over gRPC.
//!
//! A [`Client`] makes calls; their messages are those of [`v1`], which is generated from the gateway's API. Streams are
//! [`futures_core::Stream`]s, dropping a call or a stream cancels it, and errors are [`Error`].
//!
//! ```no_run
//! use portolan_client::{Client, Config, user, v1::ChatCompletionRequest};
//!
//! # async fn call() -> Result<(), portolan_client::Error> {
//! let client = Client::new("127.0.0.1:50051", Config::with_key("your provider key"))?;
//! let request = ChatCompletionRequest {
//!     model: Some("echo/echo".into()),
//!     messages: vec![user("Hello")],
//!     ..Default::default()
//! };
//! let answer = client.chat(request).await?.into_inner();
//! # Ok(())
//! # }
//! ```

mod client;
mod connection;
mod error;
mod gateway;
mod gateways;
mod messages;
mod stream;

/// The messages and stubs of the gateway's API, generated from its protos.
#[allow(clippy::all, clippy::pedantic, missing_docs, rustdoc::all)]
pub mod v1 {
    tonic::include_proto!("portolan.v1");
}

pub use client::Client;
pub use connection::Config;
pub use error::{Class, Error};
pub use messages::{assistant, developer, function_tool, system, text_of, tool_result, user};
pub use stream::AnswerStream;
pub use tonic;
