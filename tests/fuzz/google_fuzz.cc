// Drives Google's dialect with JSON from outside: callers' requests, and answers and streams of a server that
// may be anything. The first byte chooses; a stream's events stand one a line. Whatever comes in, what goes
// out is JSON.

#include <google/protobuf/message.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gemini/v1/embedding.pb.h"
#include "gemini/v1/model.pb.h"
#include "gemini/v1/request.pb.h"
#include "gemini/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "portolan/v1/model.pb.h"
#include "providers/dialects/google/google.h"
#include "providers/provider.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace codec = portolan::codec;
namespace operation = portolan::providers::operation;
using google::protobuf::Message;
using portolan::fuzz::Check;
using portolan::fuzz::Chunks;
using portolan::fuzz::IsObject;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;
using portolan::providers::EventsToHub;
using portolan::providers::Form;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {
      portolan::v1::ChatCompletionRequest::descriptor(),
      portolan::v1::ChatCompletion::descriptor(),
      portolan::v1::ChatCompletionChunk::descriptor(),
      portolan::v1::ModelList::descriptor(),
      portolan::v1::EmbeddingRequest::descriptor(),
      portolan::v1::EmbeddingResponse::descriptor(),
      gemini::v1::GenerateContentRequest::descriptor(),
      gemini::v1::GenerateContentResponse::descriptor(),
      gemini::v1::BatchEmbedContentsRequest::descriptor(),
      gemini::v1::BatchEmbedContentsResponse::descriptor(),
      gemini::v1::ListModelsResponse::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots(), /*max_depth=*/512) {
    provider.name = "google";
    provider.dialect = &portolan::providers::GoogleDialect();
  }

  portolan::providers::Provider provider;
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

const Form& FormOf(std::string_view name) { return *TheWorld().provider.dialect->Find(name); }

// What Google refuses of a conversation.
void CheckConversation(const gemini::v1::GenerateContentRequest& wire) {
  Check(wire.contents_size() > 0);
  for (const auto& content : wire.contents()) {
    Check(content.parts_size() > 0 && (content.role() == "user" || content.role() == "model"));
    for (const auto& part : content.parts()) {
      if (part.has_function_call()) Check(IsObject(part.function_call().args()));
      if (!part.has_function_response()) continue;
      Check(IsObject(part.function_response().response()) && !part.function_response().name().empty());
    }
  }
}

void Request(std::string_view text, const CallFacts& facts, Message* hub) {
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, hub)) return;
  CallFacts with_model = facts;
  const auto* field = hub->GetDescriptor()->FindFieldByName("model");
  const std::string model = hub->GetReflection()->GetString(*hub, field);
  with_model.model = model;
  const Form& form = FormOf(facts.operation);
  const std::unique_ptr<Message> wire(form.request->New());
  portolan::providers::DroppedMembers dropped;
  const auto error = form.mapping->RequestToWire(*hub, with_model, wire.get(), &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty());
    return;
  }
  TheWorld().CheckEncodes(*wire, codec::Strictness::kRequest);
  if (facts.operation == operation::kChat) {
    CheckConversation(static_cast<const gemini::v1::GenerateContentRequest&>(*wire));
  }
}

void Answer(std::string_view text, const CallFacts& facts, Message* hub) {
  const Form& form = FormOf(facts.operation);
  const std::unique_ptr<Message> wire(form.answer->New());
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, wire.get())) return;
  const auto error = form.mapping->AnswerToHub(*wire, facts, hub);
  if (!error) TheWorld().CheckEncodes(*hub, codec::Strictness::kResponse);
}

void CheckChunks(const Chunks& sink) {
  std::map<int, int> roles;
  std::map<int, int> finishes;
  for (const auto& chunk : sink.chunks) {
    TheWorld().CheckEncodes(*chunk, codec::Strictness::kResponse);
    for (const auto& choice : chunk->choices()) {
      Check(finishes[choice.index()] == 0);  // nothing follows a finish
      roles[choice.index()] += choice.delta().has_role();
      finishes[choice.index()] += choice.has_finish_reason();
      Check(roles[choice.index()] == 1);
    }
  }
}

void Stream(std::string_view text, const CallFacts& facts) {
  const auto events = FormOf(operation::kChat).mapping->ReadEvents(facts);
  Chunks sink;
  EventsToHub::State state = EventsToHub::State::kMore;
  bool failed = false;
  while (!text.empty() && state != EventsToHub::State::kDone && !failed) {
    const size_t end = text.find('\n');
    gemini::v1::GenerateContentResponse event;
    if (TheWorld().Decode(text.substr(0, end), codec::Strictness::kResponse, &event)) {
      failed = events->OnEvent(event, sink, &state).has_value();
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (!failed) (void)events->OnEnd(sink);
  (void)events->Tokens();
  CheckChunks(sink);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  CallFacts facts;
  facts.include_usage = (data[0] & 16) != 0;
  facts.content_blocks = (data[0] & 32) != 0;
  facts.base64 = (data[0] & 64) != 0;
  switch (data[0] & 7) {
    case 0: {
      portolan::v1::ChatCompletionRequest hub;
      Request(text, facts, &hub);
      break;
    }
    case 1: {
      portolan::v1::ChatCompletion hub;
      Answer(text, facts, &hub);
      break;
    }
    case 2:
      facts.stream = true;
      Stream(text, facts);
      break;
    case 3: {
      facts.operation = operation::kEmbedding;
      portolan::v1::EmbeddingRequest hub;
      Request(text, facts, &hub);
      break;
    }
    case 4: {
      facts.operation = operation::kEmbedding;
      portolan::v1::EmbeddingResponse hub;
      Answer(text, facts, &hub);
      break;
    }
    case 5: {
      facts.operation = operation::kListModels;
      portolan::v1::ModelList hub;
      Answer(text, facts, &hub);
      break;
    }
    default: {
      portolan::providers::Target target;
      target.provider = &TheWorld().provider;
      (void)TheWorld().provider.dialect->ReadError(500, {}, text, target);
      break;
    }
  }
  return 0;
}
