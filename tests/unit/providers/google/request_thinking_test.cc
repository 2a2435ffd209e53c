// Reasoning. The levels and budgets are those of Google's own OpenAI endpoint
// (ai.google.dev/gemini-api/docs/openai).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/google/harness.h"

namespace portolan::providers::gemini {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

const Harness& TheHarness() {
  static const Harness harness;
  return harness;
}

struct Sent {
  json config;
  DroppedMembers dropped;
};

Sent Encode(std::string_view model, json members) {
  members["model"] = model;
  members["messages"] = json::parse(R"([{"role":"user","content":"q"}])");
  const auto sent = TheHarness().Encode(members);
  if (sent.error) ADD_FAILURE() << sent.error->message;
  const json config = sent.wire.value("generationConfig", json::object());
  return {config.value("thinkingConfig", json()), sent.dropped};
}

TEST(GoogleThinking, EffortIsALevelFromGemini3On) {
  const struct {
    const char* model;
    const char* effort;
    const char* level;
  } kCases[] = {{"gemini-3-flash-preview", "minimal", "MINIMAL"},
                {"gemini-3-flash-preview", "low", "LOW"},
                {"gemini-3.5-flash", "medium", "MEDIUM"},
                {"gemini-3.1-pro-preview", "medium", "MEDIUM"},
                {"gemini-3-pro-preview", "minimal", "LOW"},
                {"gemini-3-pro-preview", "medium", "HIGH"},
                {"models/gemini-3-pro-preview", "high", "HIGH"},
                {"gemini-flash-latest", "xhigh", "HIGH"},
                {"gemini-4-flash", "max", "HIGH"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(std::string(one.model) + " " + one.effort);
    const Sent sent = Encode(one.model, {{"reasoning_effort", one.effort}});
    EXPECT_EQ(sent.config, (json{{"thinkingLevel", one.level}, {"includeThoughts", true}}));
    EXPECT_THAT(sent.dropped, IsEmpty());
  }
}

TEST(GoogleThinking, EffortIsABudgetBefore) {
  const struct {
    const char* model;
    const char* effort;
    int budget;
  } kCases[] = {{"gemini-2.5-flash", "minimal", 1024}, {"gemini-2.5-flash", "low", 1024},
                {"gemini-2.5-flash", "medium", 8192},  {"gemini-2.5-flash-lite", "high", 24576},
                {"gemini-2.5-flash", "max", 24576},    {"gemini-2.5-pro", "high", 24576},
                {"gemini-2.5-pro", "xhigh", 32768}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(std::string(one.model) + " " + one.effort);
    const Sent sent = Encode(one.model, {{"reasoning_effort", one.effort}});
    EXPECT_EQ(sent.config, (json{{"thinkingBudget", one.budget}, {"includeThoughts", true}}));
    EXPECT_THAT(sent.dropped, IsEmpty());
  }
}

TEST(GoogleThinking, NoneIsAsLittleAsTheModelCan) {
  EXPECT_EQ(Encode("gemini-2.5-flash", {{"reasoning_effort", "none"}}).config, (json{{"thinkingBudget", 0}}));
  EXPECT_THAT(Encode("gemini-2.5-flash", {{"reasoning_effort", "none"}}).dropped, IsEmpty());
  const Sent pro = Encode("gemini-2.5-pro", {{"reasoning_effort", "none"}});
  EXPECT_EQ(pro.config, (json{{"thinkingBudget", 128}}));
  EXPECT_THAT(pro.dropped, ElementsAre("reasoning_effort"));
  const Sent three = Encode("gemini-3-flash-preview", {{"reasoning_effort", "none"}});
  EXPECT_EQ(three.config, (json{{"thinkingLevel", "MINIMAL"}}));
  EXPECT_THAT(three.dropped, ElementsAre("reasoning_effort"));
}

TEST(GoogleThinking, ModelsThatCannotAreNotTold) {
  for (const char* model :
       {"gemini-2.0-flash-001", "gemini-1.5-pro", "gemma-3-27b-it", "gemini-2.5-flash-image",
        "gemini-2.5-pro-preview-tts", "tunedModels/gemini-3-mine"}) {
    SCOPED_TRACE(model);
    const Sent sent = Encode(model, {{"reasoning_effort", "low"}});
    EXPECT_EQ(sent.config, json());
    EXPECT_THAT(sent.dropped, ElementsAre("reasoning_effort"));
    EXPECT_THAT(Encode(model, {{"reasoning_effort", "none"}}).dropped, IsEmpty());
    EXPECT_THAT(Encode(model, {{"thinking", {{"type", "enabled"}, {"budget_tokens", 2000}}}}).dropped,
                ElementsAre("thinking"));
  }
}

TEST(GoogleThinking, BudgetsInAnthropicsForm) {
  const struct {
    const char* model;
    const char* thinking;
    const char* config;
    const char* dropped;  // empty: nothing
  } kCases[] = {{"gemini-2.5-flash", R"({"type":"enabled","budget_tokens":2000})",
                 R"({"thinkingBudget":2000,"includeThoughts":true})", ""},
                {"gemini-3-pro-preview", R"({"type":"enabled","budget_tokens":2000})",
                 R"({"thinkingBudget":2000,"includeThoughts":true})", ""},
                {"gemini-2.5-flash", R"({"type":"enabled","budget_tokens":99999})",
                 R"({"thinkingBudget":24576,"includeThoughts":true})", "thinking.budget_tokens"},
                {"gemini-2.5-flash", R"({"type":"enabled","budget_tokens":2000,"display":"omitted"})",
                 R"({"thinkingBudget":2000,"includeThoughts":false})", ""},
                {"gemini-2.5-flash", R"({"type":"adaptive"})", R"({"includeThoughts":true})", ""},
                {"gemini-2.5-flash", R"({"type":"disabled"})", R"({"thinkingBudget":0})", ""},
                {"gemini-3-pro-preview", R"({"type":"disabled"})", R"({"thinkingLevel":"LOW"})", "thinking"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(std::string(one.model) + one.thinking);
    const Sent sent = Encode(one.model, {{"thinking", json::parse(one.thinking)}});
    EXPECT_EQ(sent.config, json::parse(one.config));
    EXPECT_EQ(sent.dropped, *one.dropped == '\0' ? DroppedMembers() : DroppedMembers{one.dropped});
  }
}

TEST(GoogleThinking, LevelAndBudgetExcludeEachOther) {
  const Sent sent = Encode("gemini-3-flash-preview", json::parse(R"({"reasoning_effort":"low",
      "thinking":{"type":"enabled","budget_tokens":2000}})"));
  EXPECT_EQ(sent.config, (json{{"thinkingBudget", 2000}, {"includeThoughts", true}}));
  EXPECT_THAT(sent.dropped, ElementsAre("reasoning_effort"));
  const Sent both = Encode("gemini-3-flash-preview",
                           json::parse(R"({"reasoning_effort":"low","thinking":{"type":"adaptive"}})"));
  EXPECT_EQ(both.config, (json{{"thinkingLevel", "LOW"}, {"includeThoughts", true}}));
}

}  // namespace
}  // namespace portolan::providers::gemini
