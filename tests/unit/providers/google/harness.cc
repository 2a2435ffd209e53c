#include "tests/unit/providers/google/harness.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "gemini/v1/embedding.pb.h"
#include "gemini/v1/model.pb.h"
#include "gemini/v1/request.pb.h"
#include "gemini/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "portolan/v1/model.pb.h"
#include "providers/dialects/google/google.h"
#include "tests/support/answer_log.h"

namespace portolan::providers::gemini {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::gemini::v1;

// tests/conformance/google_schema checks the requests that the tests produced against the types of Google's
// own package. Those that no caller would send are left out: with members that a test made up, which are all
// called `novel`.
void LogRequest(std::string_view operation, const std::string& text) {
  const char* path = std::getenv("PORTOLAN_REQUEST_LOG");
  if (path == nullptr || operation != operation::kChat || text.find("\"novel\"") != std::string::npos) return;
  std::ofstream(path, std::ios::app) << text << '\n';
}

}  // namespace

Harness::Harness()
    : provider_{.name = "google",
                .base_url = "https://generativelanguage.googleapis.com/v1beta",
                .dialect = &GoogleDialect(),
                .auth = &GoogleAuth()} {
  const google::protobuf::Descriptor* roots[] = {
      api::ChatCompletionRequest::descriptor(),      api::ChatCompletion::descriptor(),
      api::ChatCompletionChunk::descriptor(),        api::ModelList::descriptor(),
      api::EmbeddingRequest::descriptor(),           api::EmbeddingResponse::descriptor(),
      wire::GenerateContentRequest::descriptor(),    wire::GenerateContentResponse::descriptor(),
      wire::BatchEmbedContentsRequest::descriptor(), wire::BatchEmbedContentsResponse::descriptor(),
      wire::ListModelsResponse::descriptor()};
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

std::unique_ptr<Message> Harness::NewHub(std::string_view operation) const {
  if (operation == operation::kEmbedding) return std::make_unique<api::EmbeddingResponse>();
  if (operation == operation::kListModels) return std::make_unique<api::ModelList>();
  if (operation == operation::kGetModel) return std::make_unique<api::Model>();
  return std::make_unique<api::ChatCompletion>();
}

Harness::Request Harness::EncodeText(std::string_view hub, CallFacts facts) const {
  Request result;
  std::unique_ptr<Message> request = std::make_unique<api::ChatCompletionRequest>();
  if (facts.operation == operation::kEmbedding) request = std::make_unique<api::EmbeddingRequest>();
  codec::DecodeError problem;
  if (!codec::Decode(Plan(request->GetDescriptor()), hub, {}, request.get(), &problem)) {
    ADD_FAILURE() << problem.ToString();
    return result;
  }
  const auto* model = request->GetDescriptor()->FindFieldByName("model");
  const std::string name = request->GetReflection()->GetString(*request, model);
  facts.model = name;
  const Form& form = *dialect().Find(facts.operation);
  const std::unique_ptr<Message> wire(form.request->New());
  result.error = form.mapping->RequestToWire(*request, facts, wire.get(), &result.dropped);
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
  facts.operation = operation::kChat;
  return DecodeOperation(wire, facts);
}

Harness::Answer Harness::DecodeOperation(std::string_view wire, const CallFacts& facts) const {
  Answer answer;
  const Form& form = *dialect().Find(facts.operation);
  const std::unique_ptr<Message> from(form.answer->New());
  codec::DecodeError problem;
  if (!codec::Decode(Plan(from->GetDescriptor()), wire, {.strictness = codec::Strictness::kResponse},
                     from.get(), &problem)) {
    ADD_FAILURE() << problem.ToString();
    return answer;
  }
  const std::unique_ptr<Message> hub = NewHub(facts.operation);
  answer.error = form.mapping->AnswerToHub(*from, facts, hub.get());
  if (answer.error) return answer;
  const auto& plan = Plan(hub->GetDescriptor());
  EXPECT_TRUE(codec::CheckVerbatim(plan, *hub, {}, &problem)) << problem.ToString();
  std::string text;
  codec::Encode(plan, *hub, {.composed = true}, &text);
  answer.hub = nlohmann::json::parse(text);
  test::LogAnswer("google", facts.operation, answer.hub);
  return answer;
}

class Harness::Stream::Sink final : public MessageSink {
 public:
  Message* Add() override {
    chunks.push_back(std::make_unique<api::ChatCompletionChunk>());
    return chunks.back().get();
  }
  std::vector<std::unique_ptr<api::ChatCompletionChunk>> chunks;
};

Harness::Stream::Stream(const Harness& harness, CallFacts facts)
    : harness_(harness), events_(harness.dialect().Find(operation::kChat)->mapping->ReadEvents(facts)) {}

bool Harness::Stream::Feed(std::string_view event) {
  wire::GenerateContentResponse from;
  codec::DecodeError problem;
  if (!codec::Decode(harness_.Plan(from.GetDescriptor()), event, {.strictness = codec::Strictness::kResponse},
                     &from, &problem)) {
    ADD_FAILURE() << problem.ToString();
    return false;
  }
  Sink sink;
  error = events_->OnEvent(from, sink, &state);
  Take(sink);
  if (state == EventsToHub::State::kDone && !error) test::LogStream("google", chunks);
  return !error && state != EventsToHub::State::kDone;
}

void Harness::Stream::End() {
  Sink sink;
  error = events_->OnEnd(sink);
  Take(sink);
  if (!error) test::LogStream("google", chunks);
}

void Harness::Stream::Take(const Sink& sink) {
  for (const auto& chunk : sink.chunks) {
    const auto& plan = harness_.Plan(chunk->GetDescriptor());
    codec::DecodeError problem;
    EXPECT_TRUE(codec::CheckVerbatim(plan, *chunk, {}, &problem)) << problem.ToString();
    std::string text;
    codec::Encode(plan, *chunk, {.composed = true}, &text);
    chunks.push_back(nlohmann::json::parse(text));
    test::LogAnswer("google", "chunk", chunks.back());
  }
}

}  // namespace portolan::providers::gemini
