// Drives the Cohere adapter with JSON from outside: callers' requests, and answers and streams of a server
// that may be anything. The first byte chooses; a stream's events stand one a line. Whatever comes in, what
// goes out is JSON.

#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "cohere/v1/request.pb.h"
#include "cohere/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/cohere/cohere.h"
#include "providers/provider.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace codec = portolan::codec;
using google::protobuf::Message;
using portolan::fuzz::Check;
using portolan::fuzz::Chunks;
using portolan::fuzz::IsObject;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;
using portolan::providers::EventsToHub;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {
      portolan::v1::ChatCompletionRequest::descriptor(),
      portolan::v1::ChatCompletion::descriptor(),
      portolan::v1::ChatCompletionChunk::descriptor(),
      cohere::v1::ChatRequest::descriptor(),
      cohere::v1::ChatResponse::descriptor(),
      cohere::v1::StreamEvent::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  const portolan::providers::Mapping& Mapping() const {
    return *dialect.Find(portolan::providers::operation::kChat)->mapping;
  }

  const portolan::providers::Dialect& dialect = portolan::providers::CohereDialect();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

// What Cohere refuses of a conversation.
void CheckConversation(const cohere::v1::ChatRequest& wire) {
  Check(wire.messages_size() > 0);
  std::set<std::string> ids;
  for (const auto& message : wire.messages()) {
    Check(message.role() == "tool" ? !message.tool_call_id().empty()
                                   : message.has_content() || message.tool_calls_size() > 0);
    for (const auto& call : message.tool_calls()) {
      Check(!call.id().empty() && ids.insert(call.id()).second);
      Check(IsObject(call.function().arguments()));
    }
  }
  Check(!wire.has_tool_choice() || wire.tools_size() > 0);
  for (const auto& tool : wire.tools()) Check(IsObject(tool.function().parameters()));
}

void Request(std::string_view text, const CallFacts& facts) {
  portolan::v1::ChatCompletionRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  CallFacts with_model = facts;
  with_model.model = hub.model().empty() ? "command-a-reasoning-08-2025" : std::string_view(hub.model());
  cohere::v1::ChatRequest wire;
  portolan::providers::DroppedMembers dropped;
  const auto error = TheWorld().Mapping().RequestToWire(hub, with_model, &wire, &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty());
  } else {
    TheWorld().CheckEncodes(wire, codec::Strictness::kRequest);
    CheckConversation(wire);
  }
}

void Answer(std::string_view text, const CallFacts& facts) {
  cohere::v1::ChatResponse wire;
  portolan::v1::ChatCompletion hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &wire)) return;
  const auto error = TheWorld().Mapping().AnswerToHub(wire, facts, &hub);
  if (!error) TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
}

void Stream(std::string_view text, const CallFacts& facts) {
  const auto events = TheWorld().Mapping().ReadEvents(facts);
  Chunks sink;
  EventsToHub::State state = EventsToHub::State::kMore;
  bool failed = false;
  while (!text.empty() && state != EventsToHub::State::kDone && !failed) {
    const size_t end = text.find('\n');
    cohere::v1::StreamEvent event;
    if (TheWorld().Decode(text.substr(0, end), codec::Strictness::kResponse, &event)) {
      failed = events->OnEvent(event, sink, &state).has_value();
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  // Whole is what says why it ends, and nothing else.
  const bool whole = !failed && !events->OnEnd(sink).has_value();
  const bool has_reason = std::any_of(sink.chunks.begin(), sink.chunks.end(), [](const auto& chunk) {
    return chunk->choices_size() > 0 && chunk->choices(0).has_finish_reason();
  });
  Check(has_reason == whole);
  int roles = 0;
  int finishes = 0;
  for (const auto& chunk : sink.chunks) {
    TheWorld().CheckEncodes(*chunk, codec::Strictness::kResponse);
    for (const auto& choice : chunk->choices()) {
      roles += choice.delta().has_role();
      finishes += choice.has_finish_reason();
    }
  }
  Check(roles <= 1 && finishes <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  CallFacts facts;
  facts.include_usage = (data[0] & 16) != 0;
  facts.content_blocks = (data[0] & 32) != 0;
  switch (data[0] & 3) {
    case 0:
      Request(text, facts);
      break;
    case 1:
      Answer(text, facts);
      break;
    case 2:
      facts.stream = true;
      Stream(text, facts);
      break;
    default: {
      const portolan::providers::Provider provider{.name = "cohere", .dialect = &TheWorld().dialect};
      portolan::providers::Target target;
      target.provider = &provider;
      const auto error = TheWorld().dialect.ReadError(500, {}, text, target);
      Check(!error.code.empty() && !error.message.empty());
      break;
    }
  }
  return 0;
}
