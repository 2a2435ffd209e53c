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
/// It connects with the first call, and anew whenever the connection is lost. A call that finds no connection waits for one,
/// as long as [`Config::connect_timeout`] and its own timeout allow; one that is under way when the connection is lost fails,
/// as it may have reached a provider.
///
/// Each call takes a message of [`crate::v1`], or a [`tonic::Request`] of one, whose metadata and timeout
/// ([`Request::set_timeout`]) beat the client's. A call that is dropped is cancelled: the provider is left at once.
#[derive(Clone)]
pub struct Client {
    connection: Arc<Connection>,
    chat: ChatServiceClient<Channel>,
    completion: CompletionServiceClient<Channel>,
    embedding: EmbeddingServiceClient<Channel>,
    model: ModelServiceClient<Channel>,
    rerank: RerankServiceClient<Channel>,
    routing: RoutingServiceClient<Channel>,
    token: TokenServiceClient<Channel>,
}

/// A stub of a service, for messages as large as the gateway takes.
macro_rules! stub {
    ($service:ident, $channel:expr) => {
        $service::new($channel.clone())
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE)
    };
}

impl Client {
    /// A client of the gateway at `target`, `host:port`. Does not connect yet; fails if the target, the key or a header
    /// cannot be one. To be called inside a Tokio runtime.
    pub fn new(target: &str, config: Config) -> Result<Client, Error> {
        let connection = Arc::new(Connection::new(target, config)?);
        let channel = &connection.channel;
        Ok(Client {
            chat: stub!(ChatServiceClient, channel),
            completion: stub!(CompletionServiceClient, channel),
            embedding: stub!(EmbeddingServiceClient, channel),
            model: stub!(ModelServiceClient, channel),
            rerank: stub!(RerankServiceClient, channel),
            routing: stub!(RoutingServiceClient, channel),
            token: stub!(TokenServiceClient, channel),
            connection,
        })
    }

    /// For generated stubs of your own, whose statuses [`Error::from`] reads. Their calls carry no key by themselves.
    pub fn channel(&self) -> Channel {
        self.connection.channel.clone()
    }

    /// Continues a conversation; the whole answer.
    pub async fn chat(
        &self,
        request: impl IntoRequest<ChatCompletionRequest>,
    ) -> Result<Response<ChatCompletion>, Error> {
        let mut stub = self.chat.clone();
        self.call(request.into_request(), async move |request| stub.create_chat_completion(request).await).await
    }

    /// Continues a conversation; the answer comes piece by piece, as it is made.
    pub fn stream(&self, request: impl IntoRequest<ChatCompletionRequest>) -> AnswerStream<ChatCompletionChunk> {
        let mut stub = self.chat.clone();
        self.open(request.into_request(), move |request| async move { stub.stream_chat_completion(request).await })
    }

    /// Continues a text, with a model of the older kind; the whole answer.
    pub async fn complete(&self, request: impl IntoRequest<CompletionRequest>) -> Result<Response<Completion>, Error> {
        let mut stub = self.completion.clone();
        self.call(request.into_request(), async move |request| stub.create_completion(request).await).await
    }

    /// Continues a text, with a model of the older kind, piece by piece.
    pub fn stream_completion(&self, request: impl IntoRequest<CompletionRequest>) -> AnswerStream<Completion> {
        let mut stub = self.completion.clone();
        self.open(request.into_request(), move |request| async move { stub.stream_completion(request).await })
    }

    /// Turns texts into vectors.
    pub async fn embed(
        &self,
        request: impl IntoRequest<EmbeddingRequest>,
    ) -> Result<Response<EmbeddingResponse>, Error> {
        let mut stub = self.embedding.clone();
        self.call(request.into_request(), async move |request| stub.create_embeddings(request).await).await
    }

    /// Puts documents in the order of how well they answer a query.
    pub async fn rerank(&self, request: impl IntoRequest<RerankRequest>) -> Result<Response<RerankResponse>, Error> {
        let mut stub = self.rerank.clone();
        self.call(request.into_request(), async move |request| stub.rerank(request).await).await
    }

    /// Counts the tokens of a conversation, without a call to the model.
    pub async fn count_tokens(
        &self,
        request: impl IntoRequest<ChatCompletionRequest>,
    ) -> Result<Response<TokenCount>, Error> {
        let mut stub = self.token.clone();
        self.call(request.into_request(), async move |request| stub.count_tokens(request).await).await
    }

    /// Lists the models that can be asked.
    pub async fn models(&self, request: impl IntoRequest<ListModelsRequest>) -> Result<Response<ModelList>, Error> {
        let mut stub = self.model.clone();
        self.call(request.into_request(), async move |request| stub.list_models(request).await).await
    }

    /// Tells of one model.
    pub async fn model(&self, request: impl IntoRequest<GetModelRequest>) -> Result<Response<Model>, Error> {
        let mut stub = self.model.clone();
        self.call(request.into_request(), async move |request| stub.get_model(request).await).await
    }

    /// Tells where a call would go, without calling anybody.
    pub async fn explain(&self, request: impl IntoRequest<ExplainRequest>) -> Result<Response<Explanation>, Error> {
        let mut stub = self.routing.clone();
        self.call(request.into_request(), async move |request| stub.explain(request).await).await
    }

    /// Makes a call by a stub.
    async fn call<Q, A>(
        &self,
        mut request: Request<Q>,
        rpc: impl AsyncFnOnce(Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<Response<A>, Error> {
        let deadline = self.connection.prepare(&mut request);
        let answer = async {
            self.connection.wait().await;
            give_rest(&mut request, deadline);
            rpc(request).await
        };
        let answered = match deadline {
            None => answer.await,
            Some(at) => timeout_at(at, answer)
                .await
                .unwrap_or_else(|_| Err(Status::deadline_exceeded("the call's time has run out"))),
        };
        self.connection.note(answered.is_ok());
        answered.map_err(Error::from)
    }

    /// Makes a stream of a call by a stub.
    fn open<Q, A, F>(
        &self,
        mut request: Request<Q>,
        rpc: impl FnOnce(Request<Q>) -> F + Send + 'static,
    ) -> AnswerStream<A>
    where
        Q: Send + 'static,
        A: Send + 'static,
        F: Future<Output = Result<Response<Streaming<A>>, Status>> + Send + 'static,
    {
        let deadline = self.connection.prepare(&mut request);
        let connection = self.connection.clone();
        let start = async move {
            connection.wait().await;
            give_rest(&mut request, deadline);
            rpc(request).await
        };
        AnswerStream::new(self.connection.clone(), deadline, Box::pin(start))
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
