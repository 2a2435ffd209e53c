// Drives the Anthropic adapter with JSON from outside: callers' requests, and answers and streams of a server
// that may be anything. The first byte chooses; a stream's events stand one a line. Whatever comes in, what
// goes out is JSON.

#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "anthropic/v1/models.pb.h"
#include "anthropic/v1/request.pb.h"
#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/model.pb.h"
#include "providers/dialects/anthropic/anthropic.h"
#include "providers/provider.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace codec = portolan::codec;
using google::protobuf::Message;
using portolan::fuzz::Check;
using portolan::fuzz::Chunks;
using portolan::fuzz::IsObject;
using portolan::fuzz::JsonMessages;
namespace operation = portolan::providers::operation;
using portolan::providers::CallFacts;
using portolan::providers::EventsToHub;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {
      portolan::v1::ChatCompletionRequest::descriptor(), portolan::v1::ChatCompletion::descriptor(),
      portolan::v1::ChatCompletionChunk::descriptor(),   portolan::v1::ModelList::descriptor(),
      anthropic::v1::MessagesRequest::descriptor(),      anthropic::v1::MessagesResponse::descriptor(),
      anthropic::v1::StreamEvent::descriptor(),          anthropic::v1::ListModelsResponse::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  const portolan::providers::Mapping& Mapping(std::string_view operation) const {
    return *dialect.Find(operation)->mapping;
  }

  const portolan::providers::Dialect& dialect = portolan::providers::AnthropicDialect();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

// What Anthropic refuses of a conversation.
void CheckConversation(const anthropic::v1::MessagesRequest& wire) {
  Check(wire.messages_size() > 0);
  std::set<std::string> ids;
  for (const auto& message : wire.messages()) {
    for (const auto& block : message.content().blocks().items()) {
      if (block.type() == "text") Check(block.text().find_first_not_of(" \t\r\n") != std::string::npos);
      if (block.type() != "tool_use") continue;
      Check(!block.id().empty() && ids.insert(block.id()).second);
      Check(IsObject(block.input()));
    }
  }
  for (const auto& tool : wire.tools()) Check(!tool.has_input_schema() || IsObject(tool.input_schema()));
}

void Request(std::string_view text, const CallFacts& facts) {
  portolan::v1::ChatCompletionRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  CallFacts with_model = facts;
  with_model.model = hub.model();
  anthropic::v1::MessagesRequest wire;
  portolan::providers::DroppedMembers dropped;
  const auto error = TheWorld().Mapping(operation::kChat).RequestToWire(hub, with_model, &wire, &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty());
  } else {
    TheWorld().CheckEncodes(wire, codec::Strictness::kRequest);
    CheckConversation(wire);
  }
}

void Answer(std::string_view text, const CallFacts& facts, std::string_view operation, Message* wire,
            Message* hub) {
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, wire)) return;
  const auto error = TheWorld().Mapping(operation).AnswerToHub(*wire, facts, hub);
  if (!error) TheWorld().CheckEncodes(*hub, codec::Strictness::kResponse);
}

void Stream(std::string_view text, const CallFacts& facts) {
  const auto events = TheWorld().Mapping(operation::kChat).ReadEvents(facts);
  Chunks sink;
  EventsToHub::State state = EventsToHub::State::kMore;
  bool failed = false;
  while (!text.empty() && state != EventsToHub::State::kDone && !failed) {
    const size_t end = text.find('\n');
    anthropic::v1::StreamEvent event;
    if (TheWorld().Decode(text.substr(0, end), codec::Strictness::kResponse, &event)) {
      failed = events->OnEvent(event, sink, &state).has_value();
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  const bool has_reason = std::any_of(sink.chunks.begin(), sink.chunks.end(), [](const auto& chunk) {
    return chunk->choices_size() > 0 && chunk->choices(0).has_finish_reason();
  });
  const bool whole = has_reason || state == EventsToHub::State::kDone;
  if (!failed) Check(events->OnEnd(sink).has_value() != whole);
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
    case 1: {
      anthropic::v1::MessagesResponse wire;
      portolan::v1::ChatCompletion hub;
      Answer(text, facts, operation::kChat, &wire, &hub);
      break;
    }
    case 2:
      facts.stream = true;
      Stream(text, facts);
      break;
    default: {
      anthropic::v1::ListModelsResponse wire;
      portolan::v1::ModelList hub;
      Answer(text, facts, operation::kListModels, &wire, &hub);
      const portolan::providers::Provider provider{.name = "anthropic", .dialect = &TheWorld().dialect};
      portolan::providers::Target target;
      target.provider = &provider;
      (void)TheWorld().dialect.ReadError(500, {}, text, target);
      break;
    }
  }
  return 0;
}
