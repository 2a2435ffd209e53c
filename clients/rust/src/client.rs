//! The client.

use std::fmt;
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use tonic::transport::Channel;
use tonic::{IntoRequest, Request, Response, Status, Streaming};

use crate::connection::{Config, Connection, LARGEST_MESSAGE};
use crate::v1::chat_service_client::ChatServiceClient;
use crate::v1::completion_service_client::CompletionServiceClient;
use crate::v1::embedding_service_client::EmbeddingServiceClient;
use crate::v1::model_service_client::ModelServiceClient;
use crate::v1::rerank_service_client::RerankServiceClient;
use crate::v1::routing_service_client::RoutingServiceClient;
use crate::v1::token_service_client::TokenServiceClient;
use crate::v1::{
    ChatCompletion, ChatCompletionChunk, ChatCompletionRequest, Completion, CompletionRequest, EmbeddingRequest,
    EmbeddingResponse, ExplainRequest, Explanation, GetModelRequest, ListModelsRequest, Model, ModelList,
    RerankRequest, RerankResponse, TokenCount,
};
use crate::{AnswerStream, Error};

/// A connection to the gateway, for as many calls and tasks at once as you like; clones share it.
///
/// It connects with the first call, and anew whenever the connection is lost. Of a name that stands for several gateways, all
/// are called in turn; it is looked up again when one of them is lost, and from time to time. A call that finds no connection
/// waits for one, as long as [`Config::connect_timeout`] and its own timeout allow; one that is under way when the connection is
/// lost fails, as it may have reached a provider.
///
/// Each call takes a message of [`crate::v1`], or a [`tonic::Request`] of one, whose metadata and timeout
/// ([`Request::set_timeout`]) beat the client's. A call that is dropped is cancelled: the provider is left at once.
#[derive(Clone)]
pub struct Client {
    connection: Arc<Connection>,
}

/// A stub of a service, for messages as large as the gateway takes.
macro_rules! stub {
    ($service:ident, $channel:expr) => {
        $service::new($channel).max_decoding_message_size(LARGEST_MESSAGE).max_encoding_message_size(LARGEST_MESSAGE)
    };
}

impl Client {
    /// A client of the gateway at `target`, `host:port`. Does not connect yet; fails if the target, the key or a header
    /// cannot be one. To be called inside a Tokio runtime.
    pub fn new(target: &str, config: Config) -> Result<Client, Error> {
        Ok(Client { connection: Arc::new(Connection::new(target, config)?) })
    }

    /// For a call by generated stubs of your own, whose statuses [`Error::from`] reads. Waits for a connection as calls do, and
    /// is to the gateway whose turn it is. Such calls carry no key by themselves.
    pub async fn channel(&self) -> Result<Channel, Error> {
        Ok(self.connection.gateways.channel().await?)
    }

    /// Continues a conversation; the whole answer.
    pub async fn chat(
        &self,
        request: impl IntoRequest<ChatCompletionRequest>,
    ) -> Result<Response<ChatCompletion>, Error> {
        let rpc = async |channel, request| stub!(ChatServiceClient, channel).create_chat_completion(request).await;
        self.call(request.into_request(), rpc).await
    }

    /// Continues a conversation; the answer comes piece by piece, as it is made.
    pub fn stream(&self, request: impl IntoRequest<ChatCompletionRequest>) -> AnswerStream<ChatCompletionChunk> {
        let rpc =
            |channel, request| async move { stub!(ChatServiceClient, channel).stream_chat_completion(request).await };
        self.open(request.into_request(), rpc)
    }

    /// Continues a text, with a model of the older kind; the whole answer.
    pub async fn complete(&self, request: impl IntoRequest<CompletionRequest>) -> Result<Response<Completion>, Error> {
        let rpc = async |channel, request| stub!(CompletionServiceClient, channel).create_completion(request).await;
        self.call(request.into_request(), rpc).await
    }

    /// Continues a text, with a model of the older kind, piece by piece.
    pub fn stream_completion(&self, request: impl IntoRequest<CompletionRequest>) -> AnswerStream<Completion> {
        let rpc =
            |channel, request| async move { stub!(CompletionServiceClient, channel).stream_completion(request).await };
        self.open(request.into_request(), rpc)
    }

    /// Turns texts into vectors.
    pub async fn embed(
        &self,
        request: impl IntoRequest<EmbeddingRequest>,
    ) -> Result<Response<EmbeddingResponse>, Error> {
        let rpc = async |channel, request| stub!(EmbeddingServiceClient, channel).create_embeddings(request).await;
        self.call(request.into_request(), rpc).await
    }

    /// Puts documents in the order of how well they answer a query.
    pub async fn rerank(&self, request: impl IntoRequest<RerankRequest>) -> Result<Response<RerankResponse>, Error> {
        let rpc = async |channel, request| stub!(RerankServiceClient, channel).rerank(request).await;
        self.call(request.into_request(), rpc).await
    }

    /// Counts the tokens of a conversation, without a call to the model.
    pub async fn count_tokens(
        &self,
        request: impl IntoRequest<ChatCompletionRequest>,
    ) -> Result<Response<TokenCount>, Error> {
        let rpc = async |channel, request| stub!(TokenServiceClient, channel).count_tokens(request).await;
        self.call(request.into_request(), rpc).await
    }

    /// Lists the models that can be asked.
    pub async fn models(&self, request: impl IntoRequest<ListModelsRequest>) -> Result<Response<ModelList>, Error> {
        let rpc = async |channel, request| stub!(ModelServiceClient, channel).list_models(request).await;
        self.call(request.into_request(), rpc).await
    }

    /// Tells of one model.
    pub async fn model(&self, request: impl IntoRequest<GetModelRequest>) -> Result<Response<Model>, Error> {
        let rpc = async |channel, request| stub!(ModelServiceClient, channel).get_model(request).await;
        self.call(request.into_request(), rpc).await
    }

    /// Tells where a call would go, without calling anybody.
    pub async fn explain(&self, request: impl IntoRequest<ExplainRequest>) -> Result<Response<Explanation>, Error> {
        let rpc = async |channel, request| stub!(RoutingServiceClient, channel).explain(request).await;
        self.call(request.into_request(), rpc).await
    }

    /// Makes a call by a stub.
    async fn call<Q, A>(
        &self,
        mut request: Request<Q>,
        rpc: impl AsyncFnOnce(Channel, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<Response<A>, Error> {
        let deadline = self.connection.prepare(&mut request);
        let answer = async {
            let gateway = self.connection.gateways.choose().await?;
            give_rest(&mut request, deadline);
            let answered = rpc(gateway.channel.clone(), request).await;
            gateway.note(answered.is_ok());
            answered
        };
        let answered = match deadline {
            None => answer.await,
            Some(at) => timeout_at(at, answer)
                .await
                .unwrap_or_else(|_| Err(Status::deadline_exceeded("the call's time has run out"))),
        };
        answered.map_err(Error::from)
    }

    /// Makes a stream of a call by a stub.
    fn open<Q, A, F>(
        &self,
        mut request: Request<Q>,
        rpc: impl FnOnce(Channel, Request<Q>) -> F + Send + 'static,
    ) -> AnswerStream<A>
    where
        Q: Send + 'static,
        A: Send + 'static,
        F: Future<Output = Result<Response<Streaming<A>>, Status>> + Send + 'static,
    {
        let deadline = self.connection.prepare(&mut request);
        let gateways = self.connection.gateways.clone();
        let start = async move {
            let gateway = gateways.choose().await?;
            give_rest(&mut request, deadline);
            let answered = rpc(gateway.channel.clone(), request).await;
            gateway.note(answered.is_ok());
            Ok((answered?, gateway))
        };
        AnswerStream::new(deadline, Box::pin(start))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").finish_non_exhaustive()
    }
}

/// Tells the gateway how much of the call's time is left.
fn give_rest<T>(request: &mut Request<T>, deadline: Option<Instant>) {
    if let Some(at) = deadline {
        request.set_timeout(at.saturating_duration_since(Instant::now()));
    }
}
