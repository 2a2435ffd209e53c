#include "tests/unit/providers/bedrock/harness.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "bedrock/v1/embedding.pb.h"
#include "bedrock/v1/request.pb.h"
#include "bedrock/v1/response.pb.h"
#include "cohere/v1/embedding.pb.h"
#include "cohere/v1/rerank.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "server/codec/splice.h"
#include "tests/support/answer_log.h"
#include "tests/support/upstream_log.h"

namespace portolan::providers::bedrock {
namespace {

// tests/conformance/bedrock_schema checks the requests that the tests produced against the types of AWS's own
// package. Those that no caller would send are left out: with members that a test made up, which are all
// called `novel`.
void LogRequest(const std::string& text) {
  const char* path = std::getenv("PORTOLAN_REQUEST_LOG");
  const bool real = text.find("\"novel\"") == std::string::npos;
  if (path != nullptr && real) std::ofstream(path, std::ios::app) << text << '\n';
}

}  // namespace

Harness::Harness() : registry_(Registry::BuiltIn()) {
  const google::protobuf::Descriptor* roots[] = {::portolan::v1::ChatCompletionRequest::descriptor(),
                                                 ::portolan::v1::ChatCompletion::descriptor(),
                                                 ::portolan::v1::ChatCompletionChunk::descriptor(),
                                                 ::bedrock::v1::ConverseRequest::descriptor(),
                                                 ::bedrock::v1::ConverseResponse::descriptor(),
                                                 ::bedrock::v1::StreamEvent::descriptor(),
                                                 ::portolan::v1::EmbeddingRequest::descriptor(),
                                                 ::portolan::v1::EmbeddingResponse::descriptor(),
                                                 ::portolan::v1::RerankRequest::descriptor(),
                                                 ::portolan::v1::RerankResponse::descriptor(),
                                                 ::bedrock::v1::TitanEmbedRequest::descriptor(),
                                                 ::bedrock::v1::TitanEmbedResponse::descriptor(),
                                                 ::bedrock::v1::NovaEmbedRequest::descriptor(),
                                                 ::bedrock::v1::NovaEmbedResponse::descriptor(),
                                                 ::cohere::v1::EmbedRequest::descriptor(),
                                                 ::cohere::v1::EmbedResponse::descriptor(),
                                                 ::cohere::v1::RerankRequest::descriptor()};
  auto compiled = codec::Codec::Compile(roots);
  if (!compiled.ok()) {
    ADD_FAILURE() << compiled.status();
    std::abort();
  }
  codec_ = *std::move(compiled);
}

const codec::MessagePlan& Harness::Plan(const google::protobuf::Descriptor* type) const {
  const codec::MessagePlan* plan = codec_->Find(type);
  if (plan == nullptr) std::abort();
  return *plan;
}

Harness::Request Harness::EncodeText(std::string_view hub, CallFacts facts) const {
  Request result;
  ::portolan::v1::ChatCompletionRequest request;
  codec::DecodeError problem;
  const auto& plan = Plan(request.GetDescriptor());
  if (!codec::Decode(plan, hub, {}, &request, &problem)) {
    ADD_FAILURE() << problem.ToString();
    return result;
  }
  facts.model = request.has_model() ? std::string_view(request.model()) : kModel;
  ::bedrock::v1::ConverseRequest wire;
  result.error = form(operation::kChat).mapping->RequestToWire(request, facts, &wire, &result.dropped);
  if (result.error) return result;
  const auto& wire_plan = Plan(wire.GetDescriptor());
  EXPECT_TRUE(codec::CheckVerbatim(wire_plan, wire, {}, &problem)) << problem.ToString();
  codec::Encode(wire_plan, wire, {.composed = true, .for_upstream = true, .replace_surrogates = true},
                &result.text);
  result.wire = nlohmann::json::parse(result.text);
  LogRequest(result.text);
  return result;
}

Harness::Answer Harness::Decode(std::string_view wire, CallFacts facts) const {
  Answer answer;
  ::bedrock::v1::ConverseResponse message;
  codec::DecodeError problem;
  if (!codec::Decode(Plan(message.GetDescriptor()), wire, {.strictness = codec::Strictness::kResponse},
                     &message, &problem)) {
    ADD_FAILURE() << problem.ToString();
    return answer;
  }
  ::portolan::v1::ChatCompletion hub;
  answer.error = form(operation::kChat).mapping->AnswerToHub(message, facts, &hub);
  if (answer.error) return answer;
  EXPECT_TRUE(codec::CheckVerbatim(Plan(hub.GetDescriptor()), hub, {}, &problem)) << problem.ToString();
  std::string text;
  codec::Encode(Plan(hub.GetDescriptor()), hub, {.composed = true}, &text);
  answer.hub = nlohmann::json::parse(text);
  test::LogAnswer("bedrock", operation::kChat, answer.hub);
  return answer;
}

namespace {

std::unique_ptr<Message> NewHub(std::string_view operation, bool request) {
  const Message* type = nullptr;
  if (operation == operation::kRerank) {
    type = request ? static_cast<const Message*>(&::portolan::v1::RerankRequest::default_instance())
                   : &::portolan::v1::RerankResponse::default_instance();
  } else {
    type = request ? static_cast<const Message*>(&::portolan::v1::EmbeddingRequest::default_instance())
                   : &::portolan::v1::EmbeddingResponse::default_instance();
  }
  return std::unique_ptr<Message>(type->New());
}

}  // namespace

const Form* Harness::FormOf(std::string_view operation, std::string_view model) const {
  std::string name(model);
  Target target;
  target.provider = &provider();
  const ModelFamily* const family = provider().FamilyOf(&name, target);
  return family == nullptr ? provider().Find(operation) : family->Find(operation);
}

Harness::Request Harness::EncodeFor(std::string_view operation, const nlohmann::json& hub) const {
  Request result;
  const std::string model = hub.at("model").get<std::string>();
  const Form* const form = FormOf(operation, model);
  const std::unique_ptr<Message> request = NewHub(operation, /*request=*/true);
  codec::DecodeError problem;
  if (form == nullptr ||
      !codec::Decode(Plan(request->GetDescriptor()), hub.dump(), {}, request.get(), &problem)) {
    ADD_FAILURE() << model << " " << problem.ToString();
    return result;
  }
  CallFacts facts;
  facts.operation = operation;
  facts.model = model;
  const std::unique_ptr<Message> wire(form->request->New());
  const auto& plan = Plan(wire->GetDescriptor());
  result.error = form->mapping->RequestToWire(*request, facts, wire.get(), &result.dropped);
  if (result.error) return result;
  EXPECT_TRUE(codec::ApplyEdits(plan, form->body_edits, wire.get(), &problem)) << problem.ToString();
  EXPECT_TRUE(codec::CheckVerbatim(plan, *wire, {}, &problem)) << problem.ToString();
  codec::Encode(plan, *wire, {.composed = true, .for_upstream = true, .replace_surrogates = true},
                &result.text);
  result.wire = nlohmann::json::parse(result.text);
  test::LogSeen("/model/" + model + "/invoke", result.text);
  return result;
}

Harness::Answer Harness::DecodeFor(const CallFacts& facts, std::string_view wire) const {
  Answer answer;
  const Form* const form = FormOf(facts.operation, facts.model);
  codec::DecodeError problem;
  const std::unique_ptr<Message> message(form == nullptr ? nullptr : form->answer->New());
  if (message == nullptr ||
      !codec::Decode(Plan(message->GetDescriptor()), wire, {.strictness = codec::Strictness::kResponse},
                     message.get(), &problem)) {
    ADD_FAILURE() << facts.model << " " << problem.ToString();
    return answer;
  }
  const std::unique_ptr<Message> hub = NewHub(facts.operation, /*request=*/false);
  answer.error = form->mapping->AnswerToHub(*message, facts, hub.get());
  if (answer.error) return answer;
  std::string text;
  codec::Encode(Plan(hub->GetDescriptor()), *hub, {.composed = true}, &text);
  answer.hub = nlohmann::json::parse(text);
  test::LogAnswer("bedrock", facts.operation, answer.hub);
  return answer;
}

class Harness::Stream::Sink final : public MessageSink {
 public:
  Message* Add() override {
    chunks.push_back(std::make_unique<::portolan::v1::ChatCompletionChunk>());
    return chunks.back().get();
  }
  std::vector<std::unique_ptr<::portolan::v1::ChatCompletionChunk>> chunks;
};

Harness::Stream::Stream(const Harness& harness, CallFacts facts)
    : harness_(harness), events_(harness.form(operation::kChat).mapping->ReadEvents(facts)) {}

bool Harness::Stream::Feed(std::string_view event) {
  ::bedrock::v1::StreamEvent wire;
  codec::DecodeError problem;
  if (!codec::Decode(harness_.Plan(wire.GetDescriptor()), event, {.strictness = codec::Strictness::kResponse},
                     &wire, &problem)) {
    ADD_FAILURE() << problem.ToString();
    return false;
  }
  Sink sink;
  EventsToHub::State state = EventsToHub::State::kMore;
  error = events_->OnEvent(wire, sink, &state);
  Take(sink);
  done = state == EventsToHub::State::kDone;
  if (done && !error) test::LogStream("bedrock", chunks);
  return !error && !done;
}

void Harness::Stream::End() {
  Sink sink;
  error = events_->OnEnd(sink);
  Take(sink);
  if (!error) test::LogStream("bedrock", chunks);
}

void Harness::Stream::Take(const Sink& sink) {
  for (const auto& chunk : sink.chunks) {
    const auto& plan = harness_.Plan(chunk->GetDescriptor());
    codec::DecodeError problem;
    EXPECT_TRUE(codec::CheckVerbatim(plan, *chunk, {}, &problem)) << problem.ToString();
    std::string text;
    codec::Encode(plan, *chunk, {.composed = true}, &text);
    chunks.push_back(nlohmann::json::parse(text));
    test::LogAnswer("bedrock", "chunk", chunks.back());
  }
}

}  // namespace portolan::providers::bedrock
