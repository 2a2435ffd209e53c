// Drives the watsonx adapter with JSON from outside: callers' requests, and answers and streams of a server
// that may be anything. The first byte chooses; a stream's events stand one a line. Whatever comes in, what
// goes out is JSON.

#include <google/protobuf/message.h>

#include <cstdint>
#include <map>
#include <span>
#include <string_view>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "portolan/v1/model.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/watsonx/watsonx.h"
#include "providers/provider.h"
#include "tests/fuzz/dialect_fuzz.h"
#include "watsonx/v1/embedding.pb.h"
#include "watsonx/v1/model.pb.h"
#include "watsonx/v1/rerank.pb.h"

namespace {

namespace api = portolan::v1;
namespace codec = portolan::codec;
namespace operation = portolan::providers::operation;
namespace wire = watsonx::v1;
using portolan::fuzz::Check;
using portolan::fuzz::Chunks;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;
using portolan::providers::EventsToHub;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {
      api::ChatCompletionRequest::descriptor(), api::ChatCompletion::descriptor(),
      api::ChatCompletionChunk::descriptor(),   api::EmbeddingRequest::descriptor(),
      api::EmbeddingResponse::descriptor(),     wire::EmbeddingsRequest::descriptor(),
      wire::EmbeddingsResponse::descriptor(),   api::RerankRequest::descriptor(),
      api::RerankResponse::descriptor(),        wire::RerankRequest::descriptor(),
      wire::RerankResponse::descriptor(),       api::ModelList::descriptor(),
      wire::FoundationModels::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  const portolan::providers::Mapping& MappingOf(std::string_view operation) const {
    return *dialect.Find(operation)->mapping;
  }

  const portolan::providers::Dialect& dialect = portolan::providers::WatsonxDialect();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

// `foreign`: the request is of a caller of another dialect.
void ChatRequest(std::string_view text, bool foreign) {
  api::ChatCompletionRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  CallFacts facts;
  if (foreign) facts.request = &hub;
  api::ChatCompletionRequest wire;
  portolan::providers::DroppedMembers dropped;
  const auto error = TheWorld().MappingOf(operation::kChat).RequestToWire(hub, facts, &wire, &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty());
    return;
  }
  TheWorld().CheckEncodes(wire, codec::Strictness::kRequest, {.composed = true, .for_upstream = true});
  Check(!wire.has_model() && !wire.has_stream() && !wire.has_stream_options());
  Check(wire.stop().kind_case() != api::Stop::kSequence);
  Check(wire.tool_choice().kind_case() != api::ToolChoice::kMode);
  Check(hub.has_model() == !portolan::providers::FindExtra(wire.extra(), "model_id").empty() ||
        !portolan::providers::FindExtra(hub.extra(), "model_id").empty());
}

void ChatAnswer(std::string_view text, const CallFacts& facts) {
  api::ChatCompletion wire;
  api::ChatCompletion hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &wire)) return;
  if (TheWorld().MappingOf(operation::kChat).AnswerToHub(wire, facts, &hub)) return;
  TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
  Check(hub.has_object() && hub.has_model());
}

void Stream(std::string_view text, const CallFacts& facts) {
  const auto events = TheWorld().MappingOf(operation::kChat).ReadEvents(facts);
  Chunks sink;
  EventsToHub::State state = EventsToHub::State::kMore;
  bool failed = false;
  while (!text.empty() && !failed) {
    const size_t end = text.find('\n');
    api::ChatCompletionChunk event;
    if (TheWorld().Decode(text.substr(0, end), codec::Strictness::kResponse, &event)) {
      failed = events->OnEvent(event, sink, &state).has_value();
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  // Whole is what says of every choice why it ends, and nothing else.
  std::map<int32_t, bool> finished;
  for (const auto& chunk : sink.chunks) {
    TheWorld().CheckEncodes(*chunk, codec::Strictness::kResponse);
    for (const auto& choice : chunk->choices()) finished[choice.index()] |= !choice.finish_reason().empty();
  }
  bool all = !finished.empty();
  for (const auto& [index, has_reason] : finished) all = all && has_reason;
  if (!failed) Check(all != events->OnEnd(sink).has_value());
}

void EmbeddingRequest(std::string_view text) {
  api::EmbeddingRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  wire::EmbeddingsRequest wire;
  portolan::providers::DroppedMembers dropped;
  const auto error = TheWorld().MappingOf(operation::kEmbedding).RequestToWire(hub, {}, &wire, &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty());
  } else {
    TheWorld().CheckEncodes(wire, codec::Strictness::kRequest);
    Check(wire.inputs_size() > 0);
  }
}

void EmbeddingAnswer(std::string_view text, const CallFacts& facts) {
  wire::EmbeddingsResponse wire;
  api::EmbeddingResponse hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &wire)) return;
  if (TheWorld().MappingOf(operation::kEmbedding).AnswerToHub(wire, facts, &hub)) return;
  TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
  Check(hub.data_size() > 0);
}

void RerankRequest(std::string_view text, const CallFacts& facts) {
  api::RerankRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  wire::RerankRequest wire;
  portolan::providers::DroppedMembers dropped;
  const auto error = TheWorld().MappingOf(operation::kRerank).RequestToWire(hub, facts, &wire, &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty());
    return;
  }
  TheWorld().CheckEncodes(wire, codec::Strictness::kRequest);
  Check(wire.inputs_size() == hub.documents_size() && wire.has_query());
}

void RerankAnswer(std::string_view text, const CallFacts& facts) {
  wire::RerankResponse wire;
  api::RerankResponse hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &wire)) return;
  if (TheWorld().MappingOf(operation::kRerank).AnswerToHub(wire, facts, &hub)) return;
  TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
  Check(hub.results_size() == wire.results_size());
}

void Models(std::string_view text, const CallFacts& facts) {
  wire::FoundationModels wire;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &wire)) return;
  api::ModelList list;
  Check(!TheWorld().MappingOf(operation::kListModels).AnswerToHub(wire, facts, &list));
  TheWorld().CheckEncodes(list, codec::Strictness::kResponse);
  Check(list.data_size() == wire.resources_size());
  api::Model one;
  if (const auto error = TheWorld().MappingOf(operation::kGetModel).AnswerToHub(wire, facts, &one)) {
    Check(error->http_status == 404);
    return;
  }
  TheWorld().CheckEncodes(one, codec::Strictness::kResponse);
  Check(one.id() == facts.model);
}

void ReadError(std::string_view text) {
  const portolan::providers::Provider provider{.name = "watsonx", .dialect = &TheWorld().dialect};
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
  facts.model = "ibm/granite-3-3-8b-instruct";
  facts.include_usage = (data[0] & 16) != 0;
  facts.base64 = (data[0] & 16) != 0;
  switch (data[0] & 15) {
    case 0:
      ChatRequest(text, (data[0] & 32) != 0);
      break;
    case 1:
      ChatAnswer(text, facts);
      break;
    case 2:
      Stream(text, facts);
      break;
    case 3:
      EmbeddingRequest(text);
      break;
    case 4:
      EmbeddingAnswer(text, facts);
      break;
    case 6:
      RerankRequest(text, facts);
      break;
    case 7:
      RerankAnswer(text, facts);
      break;
    case 8:
      Models(text, facts);
      break;
    default:
      ReadError(text);
      break;
  }
  return 0;
}
