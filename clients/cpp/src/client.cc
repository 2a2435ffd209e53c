#include "portolan/client.h"

#include <type_traits>
#include <utility>

#include "connection.h"
#include "portolan/v1/chat_service.grpc.pb.h"
#include "portolan/v1/completion_service.grpc.pb.h"
#include "portolan/v1/embedding_service.grpc.pb.h"
#include "portolan/v1/model_service.grpc.pb.h"
#include "portolan/v1/rerank_service.grpc.pb.h"
#include "portolan/v1/routing_service.grpc.pb.h"
#include "portolan/v1/token_service.grpc.pb.h"
#include "rpc.h"

namespace portolan {
namespace {

// The methods of generated stubs.
template <typename Stub, typename Request, typename Answer>
using Rpc = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Answer*);
template <typename Stub, typename Request, typename Piece>
using StreamRpc = std::unique_ptr<grpc::ClientReader<Piece>> (Stub::*)(grpc::ClientContext*, const Request&);
template <typename Stub>
using Async = std::remove_pointer_t<decltype(std::declval<Stub&>().async())>;
template <typename Stub, typename Request, typename Answer>
using AsyncRpc = void (Async<Stub>::*)(grpc::ClientContext*, const Request*, Answer*,
                                       std::function<void(grpc::Status)>);
template <typename Stub, typename Request, typename Piece>
using AsyncStreamRpc = void (Async<Stub>::*)(grpc::ClientContext*, const Request*,
                                             grpc::ClientReadReactor<Piece>*);

}  // namespace

struct Client::Stubs {
  explicit Stubs(std::shared_ptr<internal::Connection> ours)
      : connection(std::move(ours)),
        chat(connection->channel()),
        completion(connection->channel()),
        embedding(connection->channel()),
        model(connection->channel()),
        rerank(connection->channel()),
        routing(connection->channel()),
        token(connection->channel()) {}

  // The client's calls, by a stub's method: one answer or a stream, to wait for or to be called back with.
  template <typename Stub, typename Request, typename Answer>
  Result<Answer> Wait(Stub& stub, Rpc<Stub, Request, Answer> rpc, const Request& request,
                      const CallOptions& options) {
    return internal::WaitForAnswer<Answer>(
        connection, request, options,
        [&stub, rpc](grpc::ClientContext* context, const Request& asked, Answer* answer) {
          return (stub.*rpc)(context, asked, answer);
        });
  }

  // With a stub of its own: a stream may outlive the client.
  template <typename Stub, typename Request, typename Piece>
  AnswerStream<Piece> Loop(StreamRpc<Stub, Request, Piece> rpc, Request request, CallOptions options) {
    return internal::LoopOver<Piece>(connection, std::move(request), std::move(options),
                                     [stub = std::make_shared<Stub>(connection->channel()), rpc](
                                         grpc::ClientContext* context, const Request& asked) {
                                       return (stub.get()->*rpc)(context, asked);
                                     });
  }

  template <typename Stub, typename Request, typename Answer>
  void Give(Stub& stub, AsyncRpc<Stub, Request, Answer> rpc, Request request, OnAnswer<Answer> on_answer,
            CallOptions options) {
    auto* call = new internal::AnswerCall<Answer, Request>(connection, std::move(request),
                                                           std::move(on_answer), std::move(options));
    call->Begin([&stub, rpc](grpc::ClientContext* context, const Request* asked, Answer* answer,
                             std::function<void(grpc::Status)> then) {
      (stub.async()->*rpc)(context, asked, answer, std::move(then));
    });
  }

  template <typename Stub, typename Request, typename Piece>
  void GivePieces(Stub& stub, AsyncStreamRpc<Stub, Request, Piece> rpc, Request request,
                  OnPiece<Piece> on_piece, OnEnd on_end, CallOptions options) {
    auto* call = new internal::StreamCall<Piece, Request>(connection, std::move(request), std::move(on_piece),
                                                          std::move(on_end), std::move(options));
    call->Begin([&stub, rpc](grpc::ClientContext* context, const Request* asked,
                             grpc::ClientReadReactor<Piece>* reactor) {
      (stub.async()->*rpc)(context, asked, reactor);
    });
  }

  std::shared_ptr<internal::Connection> connection;
  v1::ChatService::Stub chat;
  v1::CompletionService::Stub completion;
  v1::EmbeddingService::Stub embedding;
  v1::ModelService::Stub model;
  v1::RerankService::Stub rerank;
  v1::RoutingService::Stub routing;
  v1::TokenService::Stub token;
};

Client::Client(const std::string& target, ClientOptions options)
    : stubs_(std::make_unique<Stubs>(std::make_shared<internal::Connection>(target, std::move(options)))) {}

Client::~Client() { stubs_->connection->Close(); }

std::shared_ptr<grpc::Channel> Client::channel() const { return stubs_->connection->channel(); }

Result<v1::ChatCompletion> Client::Chat(const v1::ChatCompletionRequest& request,
                                        const CallOptions& options) {
  return stubs_->Wait(stubs_->chat, &v1::ChatService::Stub::CreateChatCompletion, request, options);
}

void Client::ChatAsync(v1::ChatCompletionRequest request, OnAnswer<v1::ChatCompletion> on_answer,
                       CallOptions options) {
  stubs_->Give(stubs_->chat, &Async<v1::ChatService::Stub>::CreateChatCompletion, std::move(request),
               std::move(on_answer), std::move(options));
}

AnswerStream<v1::ChatCompletionChunk> Client::Stream(v1::ChatCompletionRequest request, CallOptions options) {
  return stubs_->Loop(&v1::ChatService::Stub::StreamChatCompletion, std::move(request), std::move(options));
}

void Client::StreamAsync(v1::ChatCompletionRequest request, OnPiece<v1::ChatCompletionChunk> on_piece,
                         OnEnd on_end, CallOptions options) {
  stubs_->GivePieces(stubs_->chat, &Async<v1::ChatService::Stub>::StreamChatCompletion, std::move(request),
                     std::move(on_piece), std::move(on_end), std::move(options));
}

Result<v1::Completion> Client::Complete(const v1::CompletionRequest& request, const CallOptions& options) {
  return stubs_->Wait(stubs_->completion, &v1::CompletionService::Stub::CreateCompletion, request, options);
}

void Client::CompleteAsync(v1::CompletionRequest request, OnAnswer<v1::Completion> on_answer,
                           CallOptions options) {
  stubs_->Give(stubs_->completion, &Async<v1::CompletionService::Stub>::CreateCompletion, std::move(request),
               std::move(on_answer), std::move(options));
}

AnswerStream<v1::Completion> Client::StreamCompletion(v1::CompletionRequest request, CallOptions options) {
  return stubs_->Loop(&v1::CompletionService::Stub::StreamCompletion, std::move(request), std::move(options));
}

void Client::StreamCompletionAsync(v1::CompletionRequest request, OnPiece<v1::Completion> on_piece,
                                   OnEnd on_end, CallOptions options) {
  stubs_->GivePieces(stubs_->completion, &Async<v1::CompletionService::Stub>::StreamCompletion,
                     std::move(request), std::move(on_piece), std::move(on_end), std::move(options));
}

Result<v1::EmbeddingResponse> Client::Embed(const v1::EmbeddingRequest& request, const CallOptions& options) {
  return stubs_->Wait(stubs_->embedding, &v1::EmbeddingService::Stub::CreateEmbeddings, request, options);
}

void Client::EmbedAsync(v1::EmbeddingRequest request, OnAnswer<v1::EmbeddingResponse> on_answer,
                        CallOptions options) {
  stubs_->Give(stubs_->embedding, &Async<v1::EmbeddingService::Stub>::CreateEmbeddings, std::move(request),
               std::move(on_answer), std::move(options));
}

Result<v1::RerankResponse> Client::Rerank(const v1::RerankRequest& request, const CallOptions& options) {
  return stubs_->Wait(stubs_->rerank, &v1::RerankService::Stub::Rerank, request, options);
}

void Client::RerankAsync(v1::RerankRequest request, OnAnswer<v1::RerankResponse> on_answer,
                         CallOptions options) {
  stubs_->Give(stubs_->rerank, &Async<v1::RerankService::Stub>::Rerank, std::move(request),
               std::move(on_answer), std::move(options));
}

Result<v1::TokenCount> Client::CountTokens(const v1::ChatCompletionRequest& request,
                                           const CallOptions& options) {
  return stubs_->Wait(stubs_->token, &v1::TokenService::Stub::CountTokens, request, options);
}

void Client::CountTokensAsync(v1::ChatCompletionRequest request, OnAnswer<v1::TokenCount> on_answer,
                              CallOptions options) {
  stubs_->Give(stubs_->token, &Async<v1::TokenService::Stub>::CountTokens, std::move(request),
               std::move(on_answer), std::move(options));
}

Result<v1::ModelList> Client::Models(const v1::ListModelsRequest& request, const CallOptions& options) {
  return stubs_->Wait(stubs_->model, &v1::ModelService::Stub::ListModels, request, options);
}

void Client::ModelsAsync(v1::ListModelsRequest request, OnAnswer<v1::ModelList> on_answer,
                         CallOptions options) {
  stubs_->Give(stubs_->model, &Async<v1::ModelService::Stub>::ListModels, std::move(request),
               std::move(on_answer), std::move(options));
}

Result<v1::Model> Client::Model(const v1::GetModelRequest& request, const CallOptions& options) {
  return stubs_->Wait(stubs_->model, &v1::ModelService::Stub::GetModel, request, options);
}

void Client::ModelAsync(v1::GetModelRequest request, OnAnswer<v1::Model> on_answer, CallOptions options) {
  stubs_->Give(stubs_->model, &Async<v1::ModelService::Stub>::GetModel, std::move(request),
               std::move(on_answer), std::move(options));
}

Result<v1::Explanation> Client::Explain(const v1::ExplainRequest& request, const CallOptions& options) {
  return stubs_->Wait(stubs_->routing, &v1::RoutingService::Stub::Explain, request, options);
}

void Client::ExplainAsync(v1::ExplainRequest request, OnAnswer<v1::Explanation> on_answer,
                          CallOptions options) {
  stubs_->Give(stubs_->routing, &Async<v1::RoutingService::Stub>::Explain, std::move(request),
               std::move(on_answer), std::move(options));
}

}  // namespace portolan
