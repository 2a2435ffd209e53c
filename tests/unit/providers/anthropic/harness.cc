#include "tests/unit/providers/anthropic/harness.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "anthropic/v1/models.pb.h"
#include "anthropic/v1/request.pb.h"
#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/model.pb.h"
#include "tests/support/answer_log.h"

namespace portolan::providers::anthropic {
namespace {

// tests/conformance/anthropic_schema checks the requests that the tests produced against the types of
// Anthropic's own package. Those that no caller would send are left out: without a model, or with members
// that a test made up, which are all called `novel`.
void LogRequest(const std::string& text) {
  const char* path = std::getenv("PORTOLAN_REQUEST_LOG");
  const bool real =
      text.find("\"model\":") != std::string::npos && text.find("\"novel\"") == std::string::npos;
  if (path != nullptr && real) std::ofstream(path, std::ios::app) << text << '\n';
}

}  // namespace

Harness::Harness() : registry_(Registry::BuiltIn()) {
  const google::protobuf::Descriptor* roots[] = {
      ::portolan::v1::ChatCompletionRequest::descriptor(), ::portolan::v1::ChatCompletion::descriptor(),
      ::portolan::v1::ChatCompletionChunk::descriptor(),   ::portolan::v1::ModelList::descriptor(),
      ::anthropic::v1::MessagesRequest::descriptor(),      ::anthropic::v1::MessagesResponse::descriptor(),
      ::anthropic::v1::StreamEvent::descriptor(),          ::anthropic::v1::ListModelsResponse::descriptor()};
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
  facts.model = request.model();
  ::anthropic::v1::MessagesRequest wire;
  result.error = form(operation::kChat).mapping->RequestToWire(request, facts, &wire, &result.dropped);
  if (result.error) return result;
  const auto& wire_plan = Plan(wire.GetDescriptor());
  EXPECT_TRUE(codec::CheckVerbatim(wire_plan, wire, {}, &problem)) << problem.ToString();
  codec::Encode(wire_plan, wire, {.composed = true, .for_upstream = true, .replace_surrogates = true},
                &result.text);
  result.wire = nlohmann::json::parse(result.text);
  result.options = form(operation::kChat).mapping->NeededOptions(wire);
  LogRequest(result.text);
  return result;
}

Harness::Answer Harness::Decode(std::string_view wire, CallFacts facts) const {
  Answer answer;
  ::anthropic::v1::MessagesResponse message;
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
  test::LogAnswer("anthropic", operation::kChat, answer.hub);
  return answer;
}

Harness::Answer Harness::DecodeModels(std::string_view wire, std::string_view operation) const {
  Answer answer;
  std::unique_ptr<Message> from(form(operation).answer->New());
  std::unique_ptr<Message> to;
  if (operation == operation::kListModels) {
    to = std::make_unique<::portolan::v1::ModelList>();
  } else {
    to = std::make_unique<::portolan::v1::Model>();
  }
  codec::DecodeError problem;
  if (!codec::Decode(Plan(from->GetDescriptor()), wire, {.strictness = codec::Strictness::kResponse},
                     from.get(), &problem)) {
    ADD_FAILURE() << problem.ToString();
    return answer;
  }
  CallFacts facts;
  facts.operation = operation;
  answer.error = form(operation).mapping->AnswerToHub(*from, facts, to.get());
  std::string text;
  codec::Encode(Plan(to->GetDescriptor()), *to, {.composed = true}, &text);
  answer.hub = nlohmann::json::parse(text);
  test::LogAnswer("anthropic", operation, answer.hub);
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
  ::anthropic::v1::StreamEvent wire;
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
  if (done && !error) test::LogStream("anthropic", chunks);
  return !error && !done;
}

void Harness::Stream::End() {
  Sink sink;
  error = events_->OnEnd(sink);
  Take(sink);
  if (!error) test::LogStream("anthropic", chunks);
}

void Harness::Stream::Take(const Sink& sink) {
  for (const auto& chunk : sink.chunks) {
    const auto& plan = harness_.Plan(chunk->GetDescriptor());
    codec::DecodeError problem;
    EXPECT_TRUE(codec::CheckVerbatim(plan, *chunk, {}, &problem)) << problem.ToString();
    std::string text;
    codec::Encode(plan, *chunk, {.composed = true}, &text);
    chunks.push_back(nlohmann::json::parse(text));
    test::LogAnswer("anthropic", "chunk", chunks.back());
  }
}

}  // namespace portolan::providers::anthropic
