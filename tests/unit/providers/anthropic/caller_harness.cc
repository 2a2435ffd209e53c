#include "tests/unit/providers/anthropic/caller_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/openai/openai.h"
#include "providers/provider.h"
#include "tests/unit/providers/anthropic/event_order.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

// tests/conformance/anthropic_schema checks these against the types of Anthropic's own package. What is made
// of blocks that a test, or an old recording, gives is as old as these.
void Log(const char* kind, const json& value, bool given_blocks) {
  const char* path = std::getenv("PORTOLAN_ANSWER_LOG");
  if (path != nullptr && !given_blocks)
    std::ofstream(path, std::ios::app) << json{{kind, value}}.dump() << '\n';
}

bool HasBlocks(const json& value) { return value.dump().find("content_blocks") != std::string::npos; }

class Sink final : public EventSink {
 public:
  Message* Add(std::string_view name) override {
    events.emplace_back(name, std::make_unique<::anthropic::v1::StreamEvent>());
    return events.back().second.get();
  }
  std::vector<std::pair<std::string_view, std::unique_ptr<::anthropic::v1::StreamEvent>>> events;
};

const Mapping& ChatMapping(const Harness& harness) { return *harness.form(operation::kChat).mapping; }

}  // namespace

bool CallerHarness::Decode(std::string_view text, Message* out) const {
  codec::DecodeError problem;
  const bool good = codec::Decode(harness_.Plan(out->GetDescriptor()), text, {}, out, &problem);
  EXPECT_TRUE(good) << problem.ToString();
  return good;
}

std::string CallerHarness::Encode(const Message& message) const {
  const codec::MessagePlan& plan = harness_.Plan(message.GetDescriptor());
  codec::DecodeError problem;
  EXPECT_TRUE(codec::CheckVerbatim(plan, message, {}, &problem)) << problem.ToString();
  std::string text;
  codec::Encode(plan, message, {.for_upstream = true}, &text);
  return text;
}

CallerHarness::Request CallerHarness::ToHubText(std::string_view text, CallFacts facts) const {
  Request result;
  ::anthropic::v1::MessagesRequest wire;
  if (!Decode(text, &wire)) return result;
  facts.model = wire.model();
  facts.stream = wire.stream();
  ::portolan::v1::ChatCompletionRequest hub;
  result.error = ChatMapping(harness_).RequestToHub(wire, facts, &hub, &result.dropped);
  if (result.error) return result;
  result.text = Encode(hub);
  result.hub = json::parse(result.text);
  return result;
}

CallerHarness::Request CallerHarness::ToOpenAi(const json& wire, CallFacts facts) const {
  Request result = ToHub(wire, facts);
  if (result.error) return result;
  ::portolan::v1::ChatCompletionRequest hub;
  if (!Decode(result.text, &hub)) return result;
  result.error = OpenAiDialect().ToNative(operation::kChat, Provider(), &hub, &result.dropped);
  if (result.error) return result;
  result.text = Encode(hub);
  result.hub = json::parse(result.text);
  return result;
}

json CallerHarness::Answer(const json& text, CallFacts facts) const {
  ::portolan::v1::ChatCompletion hub;
  if (!Decode(text.dump(), &hub)) return {};
  ::anthropic::v1::MessagesResponse wire;
  ChatMapping(harness_).AnswerToWire(hub, facts, &wire);
  json answer = json::parse(Encode(wire));
  Log("message", answer, HasBlocks(text));
  return answer;
}

CallerHarness::Streamed CallerHarness::Stream(const std::vector<json>& chunks, CallFacts facts) const {
  Streamed result;
  const auto writer = ChatMapping(harness_).WriteEvents(facts);
  const bool given_blocks = std::any_of(chunks.begin(), chunks.end(), HasBlocks);
  const auto take = [&](const Sink& sink) {
    for (const auto& [name, event] : sink.events) {
      result.events.push_back(json::parse(Encode(*event)));
      EXPECT_EQ(result.events.back().at("type"), name);
      Log("event", result.events.back(), given_blocks);
    }
  };
  for (const json& text : chunks) {
    ::portolan::v1::ChatCompletionChunk chunk;
    if (!Decode(text.dump(), &chunk)) return result;
    Sink sink;
    writer->OnChunk(chunk, sink);
    take(sink);
  }
  Sink sink;
  writer->OnEnd(sink);
  take(sink);
  EventOrder order;
  for (const json& event : result.events) order.Take(event);
  order.End();
  EXPECT_EQ(order.wrong(), "");
  result.message = order.message();
  return result;
}

const CallerHarness& TheCallerHarness() {
  static const CallerHarness* const harness = new CallerHarness;
  return *harness;
}

}  // namespace portolan::providers::anthropic
