#include "tests/unit/providers/cohere/harness.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/openai/openai.h"
#include "tests/support/answer_log.h"

namespace portolan::providers::cohere {
namespace {

// tests/conformance/cohere_schema checks the requests that the tests produced against the types of Cohere's
// own package. Those that no caller would send are left out: with members that a test made up, which are all
// called `novel`.
void LogRequest(std::string_view operation, const std::string& text) {
  const char* path = std::getenv("PORTOLAN_REQUEST_LOG");
  const bool real = text.find("\"novel\"") == std::string::npos;
  if (path == nullptr || !real) return;
  std::ofstream(path, std::ios::app) << "{\"" << operation << "\":" << text << "}\n";
}

}  // namespace

Harness::Harness() : registry_(Registry::BuiltIn()) {
  std::vector<const google::protobuf::Descriptor*> roots = {
      ::portolan::v1::ChatCompletionChunk::descriptor()};
  for (const Form& one : provider().dialect->forms()) {
    const Form& hub = *OpenAiDialect().Find(one.operation);
    for (const Message* message : {one.request, one.answer, one.event, hub.request, hub.answer}) {
      if (message != nullptr) roots.push_back(message->GetDescriptor());
    }
  }
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

std::unique_ptr<Message> Harness::HubMessage(std::string_view operation, bool answer) const {
  const Form& hub = *OpenAiDialect().Find(operation);
  return std::unique_ptr<Message>((answer ? hub.answer : hub.request)->New());
}

Harness::Request Harness::Encode(const nlohmann::json& hub, CallFacts facts) const {
  Request result;
  const std::unique_ptr<Message> request = HubMessage(facts.operation, false);
  codec::DecodeError problem;
  if (!codec::Decode(Plan(request->GetDescriptor()), hub.dump(), {}, request.get(), &problem)) {
    ADD_FAILURE() << problem.ToString();
    return result;
  }
  const std::string model = hub.value("model", std::string(kModel));
  facts.model = model;
  const Form& own = form(facts.operation);
  const std::unique_ptr<Message> wire(own.request->New());
  result.error = own.mapping->RequestToWire(*request, facts, wire.get(), &result.dropped);
  if (result.error) return result;
  const auto& plan = Plan(wire->GetDescriptor());
  EXPECT_TRUE(codec::CheckVerbatim(plan, *wire, {}, &problem)) << problem.ToString();
  codec::Encode(plan, *wire, {.composed = true, .for_upstream = true, .replace_surrogates = true},
                &result.text);
  result.wire = nlohmann::json::parse(result.text);
  LogRequest(facts.operation, result.text);
  return result;
}

Harness::Answer Harness::Decode(std::string_view wire, CallFacts facts) const {
  Answer answer;
  const Form& own = form(facts.operation);
  const std::unique_ptr<Message> message(own.answer->New());
  codec::DecodeError problem;
  if (!codec::Decode(Plan(message->GetDescriptor()), wire, {.strictness = codec::Strictness::kResponse},
                     message.get(), &problem)) {
    ADD_FAILURE() << problem.ToString();
    return answer;
  }
  const std::unique_ptr<Message> hub = HubMessage(facts.operation, true);
  answer.error = own.mapping->AnswerToHub(*message, facts, hub.get());
  if (answer.error) return answer;
  const auto& plan = Plan(hub->GetDescriptor());
  EXPECT_TRUE(codec::CheckVerbatim(plan, *hub, {}, &problem)) << problem.ToString();
  std::string text;
  codec::Encode(plan, *hub, {.composed = true}, &text);
  answer.hub = nlohmann::json::parse(text);
  test::LogAnswer("cohere", facts.operation, answer.hub);
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
  const std::unique_ptr<Message> wire(harness_.form(operation::kChat).event->New());
  codec::DecodeError problem;
  if (!codec::Decode(harness_.Plan(wire->GetDescriptor()), event,
                     {.strictness = codec::Strictness::kResponse}, wire.get(), &problem)) {
    ADD_FAILURE() << problem.ToString();
    return false;
  }
  Sink sink;
  EventsToHub::State state = EventsToHub::State::kMore;
  error = events_->OnEvent(*wire, sink, &state);
  Take(sink);
  if (state == EventsToHub::State::kDone && !error) test::LogStream("cohere", chunks);
  return !error && state != EventsToHub::State::kDone;
}

void Harness::Stream::End() {
  Sink sink;
  error = events_->OnEnd(sink);
  Take(sink);
  if (!error) test::LogStream("cohere", chunks);
}

void Harness::Stream::Take(const Sink& sink) {
  for (const auto& chunk : sink.chunks) {
    const auto& plan = harness_.Plan(chunk->GetDescriptor());
    codec::DecodeError problem;
    EXPECT_TRUE(codec::CheckVerbatim(plan, *chunk, {}, &problem)) << problem.ToString();
    std::string text;
    codec::Encode(plan, *chunk, {.composed = true}, &text);
    chunks.push_back(nlohmann::json::parse(text));
    test::LogAnswer("cohere", "chunk", chunks.back());
  }
}

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

}  // namespace portolan::providers::cohere
