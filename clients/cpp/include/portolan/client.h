#ifndef PORTOLAN_CLIENT_H_
#define PORTOLAN_CLIENT_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "portolan/error.h"
#include "portolan/messages.h"
#include "portolan/stream.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/completion.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "portolan/v1/explanation.pb.h"
#include "portolan/v1/model.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "portolan/v1/token_count.pb.h"

namespace portolan {

// How a client connects and what it sends with each call. (Members are initialized so that -Wextra lets some
// be left out.)
struct ClientOptions {
  // Of a caller of the gateway, or of the provider.
  std::string key = {};
  // Speak TLS, trusting the system's authorities.
  bool tls = false;
  // Speak TLS, trusting this PEM instead.
  std::string ca = {};
  // PEM of a certificate's key and chain, for a gateway that asks for one.
  std::string certificate_key = {}, certificate_chain = {};
  // Sent with each call: x-portolan-provider, x-portolan-config and so on.
  Headers headers = {};
  // How long a call may take unless it says otherwise, connecting and streaming included. Default: no limit.
  std::optional<std::chrono::milliseconds> timeout = {};
  // How long a call waits for a connection.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  // A connection with calls that has been silent for so long is looked after; the gateway takes 10 s or more.
  // It is given up if there is no answer for `keepalive_timeout`.
  std::chrono::milliseconds keepalive_time = std::chrono::seconds(30);
  std::chrono::milliseconds keepalive_timeout = std::chrono::seconds(10);
};

// What one call has besides its request.
struct CallOptions {
  // Beats the client's.
  std::optional<std::chrono::milliseconds> timeout = {};
  // Beat the client's.
  Headers headers = {};
  // Cancels the call when a stop is asked for, in any thread: the provider is left at once.
  std::stop_token stop = {};
  // Is told what came with the answer: the gateway's headers, the provider's rate limits. Of a stream, before
  // its first piece. Those of an error are in Error::headers.
  std::function<void(const Headers&)> on_headers = {};
};

// Is given what a call gave, once, in a thread of gRPC's, which it must not hold up; of a call that cannot be
// made at all, before it returns.
template <typename Answer>
using OnAnswer = std::function<void(Result<Answer>)>;
// Is given each piece of a stream; the next one is not read before it returns.
template <typename Piece>
using OnPiece = std::function<void(const Piece&)>;
// Is told once, after the last piece, that a stream is over, and why if it is not complete.
using OnEnd = std::function<void(std::optional<Error>)>;

// A connection to the gateway, for as many calls and threads at once as you like.
//
// It connects with the first call, and anew whenever the connection is lost. A call that finds no connection
// waits for one, as long as `connect_timeout` and its own timeout allow; one that is under way when the
// connection is lost fails, as it may have reached a provider.
//
// Each call has two forms: one that waits for the answer, and one that returns at once and gives the answer
// to a callback.
class Client {
 public:
  // `target`: "host:port"; of a name that stands for several gateways, all are called in turn. Does not
  // connect yet.
  explicit Client(const std::string& target, ClientOptions options = {});
  // Cancels the calls that are under way, and waits until their callbacks have returned; not to be done in
  // one of them.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Continues a conversation; the whole answer.
  Result<v1::ChatCompletion> Chat(const v1::ChatCompletionRequest& request, const CallOptions& options = {});
  void ChatAsync(v1::ChatCompletionRequest request, OnAnswer<v1::ChatCompletion> on_answer,
                 CallOptions options = {});

  // Continues a conversation; the answer comes piece by piece, as it is made.
  AnswerStream<v1::ChatCompletionChunk> Stream(v1::ChatCompletionRequest request, CallOptions options = {});
  void StreamAsync(v1::ChatCompletionRequest request, OnPiece<v1::ChatCompletionChunk> on_piece, OnEnd on_end,
                   CallOptions options = {});

  // Continues a text, with a model of the older kind; the whole answer.
  Result<v1::Completion> Complete(const v1::CompletionRequest& request, const CallOptions& options = {});
  void CompleteAsync(v1::CompletionRequest request, OnAnswer<v1::Completion> on_answer,
                     CallOptions options = {});

  // Continues a text, with a model of the older kind, piece by piece.
  AnswerStream<v1::Completion> StreamCompletion(v1::CompletionRequest request, CallOptions options = {});
  void StreamCompletionAsync(v1::CompletionRequest request, OnPiece<v1::Completion> on_piece, OnEnd on_end,
                             CallOptions options = {});

  // Turns texts into vectors.
  Result<v1::EmbeddingResponse> Embed(const v1::EmbeddingRequest& request, const CallOptions& options = {});
  void EmbedAsync(v1::EmbeddingRequest request, OnAnswer<v1::EmbeddingResponse> on_answer,
                  CallOptions options = {});

  // Puts documents in the order of how well they answer a query.
  Result<v1::RerankResponse> Rerank(const v1::RerankRequest& request, const CallOptions& options = {});
  void RerankAsync(v1::RerankRequest request, OnAnswer<v1::RerankResponse> on_answer,
                   CallOptions options = {});

  // Counts the tokens of a conversation, without a call to the model.
  Result<v1::TokenCount> CountTokens(const v1::ChatCompletionRequest& request,
                                     const CallOptions& options = {});
  void CountTokensAsync(v1::ChatCompletionRequest request, OnAnswer<v1::TokenCount> on_answer,
                        CallOptions options = {});

  // Lists the models that can be asked.
  Result<v1::ModelList> Models(const v1::ListModelsRequest& request, const CallOptions& options = {});
  void ModelsAsync(v1::ListModelsRequest request, OnAnswer<v1::ModelList> on_answer,
                   CallOptions options = {});

  // Tells of one model.
  Result<v1::Model> Model(const v1::GetModelRequest& request, const CallOptions& options = {});
  void ModelAsync(v1::GetModelRequest request, OnAnswer<v1::Model> on_answer, CallOptions options = {});

  // Tells where a call would go, without calling anybody.
  Result<v1::Explanation> Explain(const v1::ExplainRequest& request, const CallOptions& options = {});
  void ExplainAsync(v1::ExplainRequest request, OnAnswer<v1::Explanation> on_answer,
                    CallOptions options = {});

  // For generated stubs of your own, whose errors Error::Of reads. Their calls carry no key by themselves.
  std::shared_ptr<grpc::Channel> channel() const;

 private:
  struct Stubs;
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace portolan

#endif  // PORTOLAN_CLIENT_H_
