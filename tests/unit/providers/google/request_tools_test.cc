// Tools and the choice among them.

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

constexpr std::string_view kFunctions = R"([
    {"type":"function","function":{"name":"f","description":"d","parameters":
      {"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false}}},
    {"type":"function","function":{"name":"g"}}])";

Harness::Request Encode(std::string_view tools, json members = json::object(),
                        std::string_view model = "gemini-2.5-flash") {
  members["model"] = model;
  members["messages"] = json::parse(R"([{"role":"user","content":"q"}])");
  if (!tools.empty()) members["tools"] = json::parse(tools);
  return TheHarness().Encode(members);
}

TEST(GoogleTools, Functions) {
  const auto sent = Encode(kFunctions);
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire["tools"], json::parse(R"([{"functionDeclarations":[
      {"name":"f","description":"d","parametersJsonSchema":
        {"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false}},
      {"name":"g"}]}])"));
  EXPECT_FALSE(sent.wire.contains("toolConfig"));
  EXPECT_THAT(sent.dropped, IsEmpty());
}

TEST(GoogleTools, EmptyParametersAreNone) {
  for (const char* parameters : {"{}", "null"}) {
    const auto sent = Encode(std::string(R"([{"type":"function","function":{"name":"f","parameters":)") +
                             parameters + "}}]");
    ASSERT_FALSE(sent.error) << sent.error->message;
    EXPECT_EQ(sent.wire["tools"][0]["functionDeclarations"], json::parse(R"([{"name":"f"}])"));
  }
}

TEST(GoogleTools, WhatIsLeftOutIsNamed) {
  const auto sent = Encode(R"([{"type":"function","cache_control":{"type":"ephemeral"},
      "function":{"name":"f","strict":true,"novel":1}}])",
                           {{"parallel_tool_calls", false}});
  EXPECT_THAT(sent.dropped, ElementsAre("tools[0].cache_control", "tools[0].function.strict",
                                        "tools[0].function.novel", "parallel_tool_calls"));
}

TEST(GoogleTools, GooglesOwn) {
  const auto sent = Encode(R"([{"google_search":{}},{"type":"code_execution"},
      {"type":"function","function":{"name":"f"}},{"type":"url_context","urlContext":{}}])",
                           json::object(), "gemini-3-flash-preview");
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire["tools"], json::parse(R"([{"functionDeclarations":[{"name":"f"}]},{"googleSearch":{}},
      {"codeExecution":{}},{"urlContext":{}}])"));
  EXPECT_EQ(sent.wire["toolConfig"], json::parse(R"({"includeServerSideToolInvocations":true})"));
  EXPECT_THAT(sent.dropped, IsEmpty());
}

TEST(GoogleTools, WebSearch) {
  const auto sent = Encode("", json::parse(R"({"web_search_options":{"search_context_size":"high",
      "user_location":{"type":"approximate","approximate":{"city":"Bern"}}}})"));
  EXPECT_EQ(sent.wire["tools"], json::parse(R"([{"googleSearch":{}}])"));
  EXPECT_FALSE(sent.wire.contains("toolConfig"));
  EXPECT_THAT(sent.dropped,
              ElementsAre("web_search_options.search_context_size", "web_search_options.user_location"));
}

TEST(GoogleTools, OtherToolsAreRefused) {
  const struct {
    const char* tool;
    const char* path;
  } kCases[] = {{R"({"type":"custom","custom":{"name":"c"}})", "tools[0].type"},
                {R"({"type":"web_search_20250305","name":"web_search"})", "tools[0].name"},
                {R"({"type":"function"})", "tools[0].type"}};
  for (const auto& one : kCases) {
    const auto sent = Encode(std::string("[") + one.tool + "]");
    ASSERT_TRUE(sent.error) << one.tool;
    EXPECT_EQ(sent.error->param, one.path);
  }
}

TEST(GoogleTools, Choice) {
  const struct {
    const char* choice;
    const char* config;
  } kCases[] = {
      {R"("auto")", R"({"mode":"AUTO"})"},
      {R"("none")", R"({"mode":"NONE"})"},
      {R"("required")", R"({"mode":"ANY"})"},
      {R"({"type":"function","function":{"name":"g"}})", R"({"mode":"ANY","allowedFunctionNames":["g"]})"},
      {R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[
           {"type":"function","function":{"name":"f"}}]}})",
       R"({"mode":"ANY","allowedFunctionNames":["f"]})"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.choice);
    const auto sent = Encode(kFunctions, {{"tool_choice", json::parse(one.choice)}});
    ASSERT_FALSE(sent.error) << sent.error->message;
    EXPECT_EQ(sent.wire["toolConfig"]["functionCallingConfig"], json::parse(one.config));
  }
}

TEST(GoogleTools, ASubsetThatMayBeCalledIsAllThatIsOffered) {
  const auto sent = Encode(kFunctions, json::parse(R"({"tool_choice":{"type":"allowed_tools","allowed_tools":
      {"mode":"auto","tools":[{"type":"function","name":"g"}]}}})"));
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire["tools"], json::parse(R"([{"functionDeclarations":[{"name":"g"}]}])"));
  EXPECT_EQ(sent.wire["toolConfig"]["functionCallingConfig"], json::parse(R"({"mode":"AUTO"})"));
}

TEST(GoogleTools, ChoicesThatCannotBe) {
  const struct {
    const char* tools;
    const char* choice;
    const char* path;
  } kCases[] = {{"[]", R"("required")", "tool_choice"},
                {kFunctions.data(), R"("always")", "tool_choice"},
                {kFunctions.data(), R"({"type":"function","function":{"name":"h"}})", "tool_choice"},
                {kFunctions.data(), R"({"type":"custom","custom":{"name":"h"}})", "tool_choice.type"},
                {kFunctions.data(),
                 R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"name":"h"}]}})",
                 "tool_choice.allowed_tools.tools[0]"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.choice);
    const auto sent = Encode(one.tools, {{"tool_choice", json::parse(one.choice)}});
    ASSERT_TRUE(sent.error);
    EXPECT_EQ(sent.error->param, one.path);
  }
}

TEST(GoogleTools, DeprecatedFunctions) {
  const auto sent = Encode("", json::parse(R"({"functions":[{"name":"f"}],"function_call":{"name":"f"}})"));
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire["tools"], json::parse(R"([{"functionDeclarations":[{"name":"f"}]}])"));
  EXPECT_EQ(sent.wire["toolConfig"]["functionCallingConfig"],
            json::parse(R"({"mode":"ANY","allowedFunctionNames":["f"]})"));
}

}  // namespace
}  // namespace portolan::providers::gemini
