// What was recorded of Anthropic's API goes through the hub and back: requests of callers, answers and
// streams. What comes out is what went in, but for what is listed here.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "tests/conformance/anthropic_oracle.h"
#include "tests/conformance/recordings.h"
#include "tests/unit/providers/anthropic/caller_harness.h"
#include "tests/unit/providers/anthropic/event_order.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;
using providers::CallFacts;
using providers::anthropic::EventOrder;
using providers::anthropic::TheCallerHarness;

CallFacts Facts(bool stream) {
  CallFacts facts;
  facts.stream = stream;
  facts.include_usage = true;
  facts.content_blocks = true;
  return facts;
}

// A null and an absent member mean the same, wherever they stand.
void EraseNulls(json* value) {
  if (value->is_object()) {
    for (auto it = value->begin(); it != value->end();) it = it->is_null() ? value->erase(it) : std::next(it);
  }
  if (!value->is_structured()) return;
  for (json& inner : *value) EraseNulls(&inner);
}

// Defaults are left out.
json Comparable(const json& request) {
  json out = Normalised(request);
  EraseNulls(&out);
  if (out.value("service_tier", "") == "auto") out.erase("service_tier");
  // No other provider, and so not the hub, has a budget for a task.
  if (out.contains("output_config")) out["output_config"].erase("task_budget");
  if (out.value("output_config", json()) == json::object()) out.erase("output_config");
  if (out.contains("tool_choice") && out["tool_choice"].value("disable_parallel_tool_use", true) == false)
    out["tool_choice"].erase("disable_parallel_tool_use");
  for (json& message : out["messages"]) {
    for (json& block : message["content"]) {
      if (block.value("is_error", true) == false) block.erase("is_error");
    }
  }
  return out;
}

void ExpectRequestComesBack(const json& recorded) {
  const auto& harness = TheCallerHarness();
  const auto hub = harness.ToHub(recorded);
  // What no other provider has, and what must not be lost: a file in a container, tools that come later.
  const std::string text = recorded.dump();
  if (text.find("container_upload") != std::string::npos || text.find("tool_addition") != std::string::npos) {
    ASSERT_TRUE(hub.error);
    EXPECT_EQ(hub.error->code, "unsupported_value");
    return;
  }
  ASSERT_FALSE(hub.error) << hub.error->message << " at " << hub.error->param;
  for (const std::string& name : hub.dropped) EXPECT_EQ(name, "output_config.task_budget");
  const auto back = harness.providers_half().Encode(hub.hub, Facts(recorded.value("stream", false)));
  ASSERT_FALSE(back.error) << back.error->message << " at " << back.error->param;
  EXPECT_EQ(back.dropped, providers::DroppedMembers{});
  EXPECT_EQ(Comparable(back.wire), Comparable(recorded));
}

// What the hub has no place for: the parts of a count of what was written to the cache, where the model ran …
void EraseWhatIsNotCarried(json* message) {
  for (const char* name : {"context_management", "stop_details"}) {
    if (message->value(name, json()).is_null()) message->erase(name);
  }
  EraseNulls(message);
  // Counts that were not reported are 0.
  for (const char* name : {"cache_creation_input_tokens", "cache_read_input_tokens"}) {
    if (!(*message)["usage"].contains(name)) (*message)["usage"][name] = 0;
  }
}

void ExpectAnswerComesBack(const json& recorded) {
  const auto& harness = TheCallerHarness();
  const auto hub = harness.providers_half().Decode(recorded.dump(), Facts(false));
  ASSERT_FALSE(hub.error) << hub.error->message;
  json back = harness.Answer(hub.hub);
  json expected = recorded;
  EraseWhatIsNotCarried(&back);
  EraseWhatIsNotCarried(&expected);
  EXPECT_EQ(back, expected);
}

void ExpectStreamComesBack(const std::string& sse) {
  const auto& harness = TheCallerHarness();
  providers::anthropic::Harness::Stream chunks(harness.providers_half(), Facts(true));
  EventOrder recorded;
  for (const json& event : EventsOf(sse)) {
    if (event.at("type") != "ping") recorded.Take(event);
    chunks.Feed(event.dump());
  }
  recorded.End();
  EXPECT_EQ(recorded.wrong(), "") << "the recording breaks the rules of this test";
  ASSERT_FALSE(chunks.error) << chunks.error->message;
  json back = harness.Stream(chunks.chunks).message;
  json expected = recorded.message();
  // These stand in the first event only, where they are not known yet.
  for (json* message : {&back, &expected}) {
    for (const char* name : {"cache_creation", "inference_geo", "speed"}) (*message)["usage"].erase(name);
    EraseWhatIsNotCarried(message);
  }
  EXPECT_EQ(back, expected);
}

bool IsWellFormed(const json& request) {
  const json& messages = request.at("messages");
  return std::all_of(messages.begin(), messages.end(),
                     [](const json& message) { return message.is_object(); });
}

TEST(MessagesIdentity, HoldsForWhatWasRecorded) {
  const auto recordings = LoadRecordings("anthropic", "messages");
  if (!recordings) {
    std::puts("anthropic: SKIPPED, there are no recordings here (see PORTOLAN_RECORDINGS)");
    GTEST_SKIP();
  }
  std::map<std::string, int> kinds;
  for (const Recording& recording : *recordings) {
    SCOPED_TRACE(recording.name);
    if (IsWellFormed(recording.request())) {
      ExpectRequestComesBack(recording.request());
      ++kinds["requests"];
    }
    if (recording.status() != 200) continue;
    if (recording.response().is_string()) {
      ExpectStreamComesBack(recording.response().get_ref<const std::string&>());
      ++kinds["streams"];
    } else {
      ExpectAnswerComesBack(recording.response());
      ++kinds["answers"];
    }
  }
  for (const auto& [kind, count] : kinds)
    std::printf("anthropic: %d %s went to the hub and back\n", count, kind.c_str());
  EXPECT_GT(kinds["requests"], 0);
  EXPECT_GT(kinds["answers"], 0);
  EXPECT_GT(kinds["streams"], 0);
}

}  // namespace
}  // namespace portolan::conformance
