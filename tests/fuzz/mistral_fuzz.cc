// Drives Mistral's chat with JSON from outside: callers' requests, and answers and streams of a server that
// may be anything. The first byte chooses; a stream's events stand one a line. Whatever comes in, what goes
// out is JSON.

#include <google/protobuf/message.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/mistral/mistral.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace api = portolan::v1;
namespace codec = portolan::codec;
using portolan::fuzz::Check;
using portolan::fuzz::Chunks;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;
using portolan::providers::EventsToHub;
using portolan::providers::FindExtra;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {api::ChatCompletionRequest::descriptor(),
                                                              api::ChatCompletion::descriptor(),
                                                              api::ChatCompletionChunk::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  const portolan::providers::Mapping& chat =
      *portolan::providers::MistralDialect().Find(portolan::providers::operation::kChat)->mapping;
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

// `foreign`: the request is of a caller of another dialect.
void Request(std::string_view text, bool foreign) {
  api::ChatCompletionRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  CallFacts facts;
  facts.model = "magistral-small-latest";
  if (foreign) facts.request = &hub;
  api::ChatCompletionRequest wire;
  portolan::providers::DroppedMembers dropped;
  const auto error = TheWorld().chat.RequestToWire(hub, facts, &wire, &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty());
    return;
  }
  TheWorld().CheckEncodes(wire, codec::Strictness::kRequest, {.composed = true, .for_upstream = true});
  for (const api::Message& message : wire.messages()) {
    for (const api::ContentPart& part : message.content().parts().items()) {
      Check(!part.file().has_file_data() && !part.file().has_file_id() && !part.has_refusal());
      Check(!part.input_audio().has_audio());
    }
  }
}

void Answer(std::string_view text) {
  api::ChatCompletion wire;
  api::ChatCompletion hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &wire)) return;
  if (TheWorld().chat.AnswerToHub(wire, {}, &hub)) return;
  TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
  Check(!hub.choices().empty());
}

void Stream(std::string_view text) {
  const auto events = TheWorld().chat.ReadEvents({});
  Chunks sink;
  EventsToHub::State state = EventsToHub::State::kMore;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    api::ChatCompletionChunk event;
    if (TheWorld().Decode(text.substr(0, end), codec::Strictness::kResponse, &event)) {
      Check(!events->OnEvent(event, sink, &state));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  for (const auto& chunk : sink.chunks) {
    TheWorld().CheckEncodes(*chunk, codec::Strictness::kResponse);
    for (const auto& choice : chunk->choices()) {
      Check(!FindExtra(choice.delta().extra(), "content").starts_with('['));
      for (const auto& call : choice.delta().tool_calls()) Check(call.has_index());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] & 3) {
    case 0:
      Request(text, (data[0] & 32) != 0);
      break;
    case 1:
      Answer(text);
      break;
    default:
      Stream(text);
      break;
  }
  return 0;
}
