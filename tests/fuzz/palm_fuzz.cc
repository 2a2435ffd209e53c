// Drives the PaLM adapter with JSON from outside: callers' requests for chat, text and embeddings, and the
// answers of a server that may be anything. The first byte chooses. Whatever comes in, what goes out is JSON.

#include <google/protobuf/message.h>

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>

#include "palm/v1/palm.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/completion.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "providers/dialects/palm/palm.h"
#include "providers/provider.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace api = portolan::v1;
namespace codec = portolan::codec;
namespace operation = portolan::providers::operation;
namespace wire = palm::v1;
using portolan::fuzz::Check;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {
      api::ChatCompletionRequest::descriptor(),   api::ChatCompletion::descriptor(),
      api::CompletionRequest::descriptor(),       api::Completion::descriptor(),
      api::EmbeddingRequest::descriptor(),        api::EmbeddingResponse::descriptor(),
      wire::GenerateMessageRequest::descriptor(), wire::GenerateMessageResponse::descriptor(),
      wire::GenerateTextRequest::descriptor(),    wire::GenerateTextResponse::descriptor(),
      wire::EmbedTextRequest::descriptor(),       wire::EmbedTextResponse::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  const portolan::providers::Dialect& dialect = portolan::providers::PalmDialect();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

// Numbers that the API takes none but good ones of.
template <typename Request>
void CheckSampling(const Request& request) {
  Check(!request.has_temperature() || std::isfinite(request.temperature()));
  Check(!request.has_top_p() || std::isfinite(request.top_p()));
}

// What PaLM refuses of a conversation: authors take turns, and somebody has said something.
void CheckFit(const wire::GenerateMessageRequest& request) {
  CheckSampling(request);
  Check(request.prompt().messages_size() > 0);
  for (int i = 0; i < request.prompt().messages_size(); ++i) {
    const wire::Message& message = request.prompt().messages(i);
    Check(message.author() == "user" || message.author() == "assistant");
    Check(i == 0 || message.author() != request.prompt().messages(i - 1).author());
  }
}

void CheckFit(const wire::GenerateTextRequest& request) {
  CheckSampling(request);
  Check(request.prompt().has_text() && request.stop_sequences_size() <= 5);
}

void CheckFit(const wire::EmbedTextRequest& request) { Check(request.has_text()); }

template <typename Hub, typename Wire>
void Request(std::string_view name, std::string_view text, const CallFacts& facts) {
  Hub hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  CallFacts with_model = facts;
  with_model.model = hub.model();
  Wire wire;
  portolan::providers::DroppedMembers dropped;
  const auto error = TheWorld().dialect.Find(name)->mapping->RequestToWire(hub, with_model, &wire, &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty());
  } else {
    TheWorld().CheckEncodes(wire, codec::Strictness::kRequest);
    CheckFit(wire);
  }
}

// A good answer says something.
bool IsFit(const api::ChatCompletion& answer) { return answer.choices_size() > 0; }
bool IsFit(const api::Completion& answer) { return answer.choices_size() > 0; }
bool IsFit(const api::EmbeddingResponse& answer) { return answer.data_size() == 1; }

template <typename Hub, typename Wire>
void Answer(std::string_view name, std::string_view text, const CallFacts& facts) {
  Wire wire;
  Hub hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &wire)) return;
  const auto error = TheWorld().dialect.Find(name)->mapping->AnswerToHub(wire, facts, &hub);
  if (error) {
    Check(!error->message.empty() && error->http_status >= 400);
  } else {
    TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
    Check(IsFit(hub));
  }
}

void ReadError(std::string_view text) {
  const portolan::providers::Provider provider{.name = "palm", .dialect = &TheWorld().dialect};
  portolan::providers::Target target;
  target.provider = &provider;
  const auto error = TheWorld().dialect.ReadError(500, {}, text, target);
  Check(!error.code.empty() && !error.message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  CallFacts facts;
  facts.model = "chat-bison-001";
  facts.base64 = (data[0] & 16) != 0;
  switch (data[0] & 7) {
    case 0:
      Request<api::ChatCompletionRequest, wire::GenerateMessageRequest>(operation::kChat, text, facts);
      break;
    case 1:
      Answer<api::ChatCompletion, wire::GenerateMessageResponse>(operation::kChat, text, facts);
      break;
    case 2:
      Request<api::CompletionRequest, wire::GenerateTextRequest>(operation::kCompletion, text, facts);
      break;
    case 3:
      Answer<api::Completion, wire::GenerateTextResponse>(operation::kCompletion, text, facts);
      break;
    case 4:
      Request<api::EmbeddingRequest, wire::EmbedTextRequest>(operation::kEmbedding, text, facts);
      break;
    case 5:
      Answer<api::EmbeddingResponse, wire::EmbedTextResponse>(operation::kEmbedding, text, facts);
      break;
    default:
      ReadError(text);
      break;
  }
  return 0;
}
