// Drives the callers' half of Anthropic's dialect: requests from outside, and answers and streams of
// providers that may be anything. The first byte chooses; a stream's chunks stand one a line. Whatever comes
// in, what goes out is JSON, requests keep OpenAI's rules, and events come in their order.

#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "anthropic/v1/request.pb.h"
#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/openai/openai.h"
#include "providers/provider.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace codec = portolan::codec;
namespace operation = portolan::providers::operation;
namespace v1 = portolan::v1;
using anthropic::v1::StreamEvent;
using google::protobuf::Message;
using portolan::fuzz::Check;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {
      v1::ChatCompletionRequest::descriptor(),       v1::ChatCompletion::descriptor(),
      v1::ChatCompletionChunk::descriptor(),         anthropic::v1::MessagesRequest::descriptor(),
      anthropic::v1::MessagesResponse::descriptor(), StreamEvent::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  // Arguments that a model wrote may name a member twice.
  void CheckEncodes(const Message& message) const {
    JsonMessages::CheckEncodes(message, codec::Strictness::kResponse, {.for_upstream = true});
  }

  const portolan::providers::Mapping& mapping =
      *portolan::providers::AnthropicDialect().Find(operation::kChat)->mapping;
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

void CheckRefusal(const portolan::Error& error) { Check(error.http_status == 400 && !error.message.empty()); }

// What OpenAI's API refuses of a request.
void CheckNative(const v1::ChatCompletionRequest& request) {
  Check(!request.tools().empty() || (!request.has_tool_choice() && !request.has_parallel_tool_calls()));
  for (const v1::Tool& tool : request.tools()) Check(tool.function().name().size() <= 64);
  for (const v1::Message& message : request.messages()) {
    Check(message.content_blocks().empty() && !message.has_cache_control());
    Check(message.role() != "tool" || message.content().kind_case() == v1::Content::kText);
  }
}

void Request(std::string_view text, CallFacts facts) {
  anthropic::v1::MessagesRequest wire;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &wire)) return;
  v1::ChatCompletionRequest hub;
  portolan::providers::DroppedMembers dropped;
  if (const auto error = TheWorld().mapping.RequestToHub(wire, facts, &hub, &dropped)) {
    CheckRefusal(*error);
    return;
  }
  Check(!hub.messages().empty());
  TheWorld().CheckEncodes(hub);
  facts.model = hub.model();
  anthropic::v1::MessagesRequest back;
  if (const auto error = TheWorld().mapping.RequestToWire(hub, facts, &back, &dropped)) {
    CheckRefusal(*error);
  } else {
    TheWorld().CheckEncodes(back);
  }
  if (const auto error = portolan::providers::OpenAiDialect().ToNative(
          operation::kChat, portolan::providers::Provider(), &hub, &dropped)) {
    CheckRefusal(*error);
    return;
  }
  TheWorld().CheckEncodes(hub);
  CheckNative(hub);
}

void Answer(std::string_view text, const CallFacts& facts) {
  v1::ChatCompletion hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &hub)) return;
  anthropic::v1::MessagesResponse wire;
  TheWorld().mapping.AnswerToWire(hub, facts, &wire);
  TheWorld().CheckEncodes(wire);
  Check(wire.has_id() && wire.has_stop_reason() && wire.usage().input_tokens() >= 0);
}

class Sink final : public portolan::providers::EventSink {
 public:
  Message* Add(std::string_view name) override {
    events.emplace_back(name, std::make_unique<StreamEvent>());
    return events.back().second.get();
  }
  std::vector<std::pair<std::string_view, std::unique_ptr<StreamEvent>>> events;
};

// message_start, blocks one after the other, message_delta, message_stop.
void CheckOrder(const Sink& sink) {
  Check(sink.events.size() >= 3);
  const size_t count = sink.events.size();
  int next = 0;
  bool open = false;
  for (size_t i = 0; i < count; ++i) {
    const auto& [name, event] = sink.events[i];
    Check(event->type() == name);
    TheWorld().CheckEncodes(*event);
    Check((name == "message_start") == (i == 0));
    Check((name == "message_delta") == (i == count - 2));
    Check((name == "message_stop") == (i == count - 1));
    if (!name.starts_with("content_block_")) continue;
    Check(event->index() == next);
    Check(open == (name != "content_block_start"));
    open = name != "content_block_stop";
    next += open ? 0 : 1;
  }
  Check(!open);
}

void Stream(std::string_view text, const CallFacts& facts) {
  const auto writer = TheWorld().mapping.WriteEvents(facts);
  Sink sink;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    v1::ChatCompletionChunk chunk;
    if (TheWorld().Decode(text.substr(0, end), codec::Strictness::kResponse, &chunk)) {
      writer->OnChunk(chunk, sink);
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  writer->OnEnd(sink);
  CheckOrder(sink);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  CallFacts facts;
  facts.content_blocks = true;
  facts.include_usage = true;
  switch (data[0] & 3) {
    case 0:
      Request(text, facts);
      break;
    case 1:
      Answer(text, facts);
      break;
    default:
      facts.stream = true;
      Stream(text, facts);
      break;
  }
  return 0;
}
