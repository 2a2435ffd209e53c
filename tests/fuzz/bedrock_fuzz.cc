// Drives the Bedrock adapter with JSON from outside: callers' requests, and answers and streams of a server
// that may be anything; and what gives temporary credentials with its answers. The first byte chooses; a
// stream's events stand one a line. Whatever comes in, what goes out is JSON.

#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "bedrock/v1/embedding.pb.h"
#include "bedrock/v1/request.pb.h"
#include "bedrock/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "providers/dialects/bedrock/bedrock.h"
#include "providers/provider.h"
#include "providers/sts.h"
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
      portolan::v1::ChatCompletionRequest::descriptor(), portolan::v1::ChatCompletion::descriptor(),
      portolan::v1::ChatCompletionChunk::descriptor(),   bedrock::v1::ConverseRequest::descriptor(),
      bedrock::v1::ConverseResponse::descriptor(),       bedrock::v1::StreamEvent::descriptor(),
      portolan::v1::EmbeddingRequest::descriptor(),      portolan::v1::EmbeddingResponse::descriptor(),
      bedrock::v1::TitanEmbedRequest::descriptor(),      bedrock::v1::TitanEmbedResponse::descriptor(),
      bedrock::v1::NovaEmbedRequest::descriptor(),       bedrock::v1::NovaEmbedResponse::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  const portolan::providers::Mapping& Mapping() const {
    return *dialect.Find(portolan::providers::operation::kChat)->mapping;
  }

  const portolan::providers::Dialect& dialect = portolan::providers::BedrockDialect();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

// What Converse refuses of a conversation.
void CheckConversation(const bedrock::v1::ConverseRequest& wire) {
  Check(wire.messages_size() > 0);
  std::set<std::string> ids;
  std::set<std::string> names;
  std::string last;
  bool tools = false;
  for (const auto& message : wire.messages()) {
    Check(message.role() != last && message.content_size() > 0);
    last = message.role();
    for (const auto& block : message.content()) {
      if (block.has_text()) Check(block.text().find_first_not_of(" \t\r\n") != std::string::npos);
      if (block.has_document()) Check(names.insert(block.document().name()).second);
      tools |= block.has_tool_use() && !block.tool_use().has_type();
      if (!block.has_tool_use()) continue;
      const std::string& id = block.tool_use().tool_use_id();
      Check(!id.empty() && id.size() <= 64 && ids.insert(id).second);
      Check(IsObject(block.tool_use().input()));
    }
  }
  Check(!tools || wire.tool_config().tools_size() > 0);
  for (const auto& tool : wire.tool_config().tools()) {
    Check(!tool.has_tool_spec() || IsObject(tool.tool_spec().input_schema().json()));
  }
}

void Request(std::string_view text, const CallFacts& facts) {
  portolan::v1::ChatCompletionRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  CallFacts with_model = facts;
  with_model.model = hub.model().empty() ? "anthropic.claude-sonnet-4-5-v1:0" : std::string_view(hub.model());
  bedrock::v1::ConverseRequest wire;
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
  bedrock::v1::ConverseResponse wire;
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
    bedrock::v1::StreamEvent event;
    if (TheWorld().Decode(text.substr(0, end), codec::Strictness::kResponse, &event)) {
      failed = events->OnEvent(event, sink, &state).has_value();
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  const bool done = state == EventsToHub::State::kDone;
  // Whole is what says why it ends, and nothing else.
  bool whole = done;
  if (!failed && !done) whole = !events->OnEnd(sink).has_value();
  const bool has_reason = std::any_of(sink.chunks.begin(), sink.chunks.end(), [](const auto& chunk) {
    return chunk->choices_size() > 0 && chunk->choices(0).has_finish_reason();
  });
  Check(has_reason == (whole && !failed));
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

// Embeddings, each model's in turn.
void Embedding(std::string_view text, uint8_t choice, CallFacts facts) {
  constexpr std::string_view kStyles[] = {"titan_v1", "titan", "titan_image", "nova"};
  const auto& form =
      *TheWorld().dialect.Find(portolan::providers::operation::kEmbedding, kStyles[choice >> 4 & 3]);
  facts.base64 = (choice & 2) != 0;
  const bool request = (choice & 1) == 0;
  const std::unique_ptr<Message> wire(request ? form.request->New() : form.answer->New());
  if (request) {
    portolan::v1::EmbeddingRequest hub;
    portolan::providers::DroppedMembers dropped;
    if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
    const auto error = form.mapping->RequestToWire(hub, facts, wire.get(), &dropped);
    if (!error) return TheWorld().CheckEncodes(*wire, codec::Strictness::kRequest);
    Check(error->http_status == 400 && !error->message.empty() && !error->param.empty());
    return;
  }
  portolan::v1::EmbeddingResponse hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, wire.get())) return;
  if (form.mapping->AnswerToHub(*wire, facts, &hub)) return;
  Check(hub.data_size() > 0);
  TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
}

// Whatever the service says, what comes of it is a key that signs, or a sentence.
void Credentials(std::string_view text, uint8_t choice) {
  const auto said = portolan::providers::sts::ReadAnswer((choice & 1) == 0 ? 200 : 403, text);
  if (const auto* const token = std::get_if<portolan::providers::Token>(&said)) {
    const auto credentials = portolan::providers::sigv4::ParseCredentials(token->text.Reveal());
    Check(credentials && !credentials->session_token.empty());
    Check(token->text.Reveal().find_first_of("\r\n<") == std::string_view::npos);
  } else {
    const std::string& why = std::get<portolan::providers::Refusal>(said).message;
    Check(!why.empty() && why.find_first_of("\r\n") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  CallFacts facts;
  facts.include_usage = (data[0] & 16) != 0;
  facts.content_blocks = (data[0] & 32) != 0;
  if ((data[0] & 8) != 0) {
    Credentials(text, data[0]);
    return 0;
  }
  if ((data[0] & 4) != 0) {
    Embedding(text, data[0], facts);
    return 0;
  }
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
      const portolan::providers::Provider provider{.name = "bedrock", .dialect = &TheWorld().dialect};
      portolan::providers::Target target;
      target.provider = &provider;
      // The first line is the header that names the error.
      const size_t end = std::min(text.find('\n'), text.size());
      const portolan::HeaderView headers[] = {{"x-amzn-errortype", text.substr(0, end)}};
      const auto error = TheWorld().dialect.ReadError(500, headers, text.substr(end), target);
      Check(!error.code.empty() && !error.message.empty());
      break;
    }
  }
  return 0;
}
