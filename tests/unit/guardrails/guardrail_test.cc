// Both of Portkey's forms, and what a guardrail comes to.

#include "server/guardrails/guardrail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/guardrails/json_schema.h"

namespace portolan::guardrails {
namespace {

using ::testing::HasSubstr;

Guardrail Read(const std::string& json) {
  Problem problem;
  auto guardrail = ReadGuardrail(*ParseJson(json), "g", &problem);
  EXPECT_TRUE(guardrail.has_value()) << json << " " << problem.path << ": " << problem.message;
  return guardrail ? *guardrail : Guardrail{};
}

TEST(Guardrail, IsReadFromBothForms) {
  const Guardrail brief = Read(R"({"default.contains":{"words":["a"]}, "notNull":{}, "deny":true, "id":"x",
    "my rule":{"id":"default.regexMatch","rule":"b"}, "async":true, "sequential":true,
    "on_fail":{"feedback":{"value":-1}}, "stream":"window", "window":64})");
  ASSERT_EQ(brief.checks.size(), 3u);
  EXPECT_EQ(brief.checks[0].id, "default.contains");
  EXPECT_EQ(brief.checks[1].id, "default.regexMatch");
  EXPECT_EQ(brief.checks[2].id, "default.notNull");
  EXPECT_TRUE(brief.deny && brief.async && brief.sequential);
  EXPECT_FALSE(brief.mutator);
  EXPECT_EQ(brief.id, "x");
  EXPECT_EQ(brief.on_fail["feedback"]["value"], -1);
  EXPECT_EQ(brief.stream, StreamMode::kWindow);
  EXPECT_EQ(brief.window, 64);

  const Guardrail full = Read(R"({"type":"mutator","checks":[
    {"id":"default.regexReplace","parameters":{"rule":"a"}},
    {"id":"default.notNull","is_enabled":false},
    {"id":"default.alluppercase"}],"onFail":{"feedback":{}}})");
  ASSERT_EQ(full.checks.size(), 2u);
  EXPECT_TRUE(full.mutator);
  EXPECT_FALSE(full.deny);
  EXPECT_TRUE(full.on_fail.is_object());
}

TEST(Guardrail, IsRefusedWithThePath) {
  struct Case {
    std::string json, path, message;
  };
  const std::vector<Case> cases = {
      {R"("pg-abc")", "g", "no guardrail has this name"},
      {R"(7)", "g", "an object"},
      {R"({"deny":true})", "g", "one check"},
      {R"({"contains":{"words":["a"]},"deny":"yes"})", "g.deny", "true or false"},
      {R"({"contains":{"words":["a"]},"type":"gardrail"})", "g.type", "guardrail or mutator"},
      {R"({"contains":{"words":["a"]},"stream":"some"})", "g.stream", "window"},
      {R"({"contains":{"words":["a"]},"window":0})", "g.window", "1 to 65536"},
      {R"({"default.contains":{"words":1}})", R"(g["default.contains"].words)", "list"},
      {R"({"default.contain":{}})", R"(g["default.contain"])", "did you mean"},
      {R"({"type":"guardrail","checks":[{"id":"default.endsWith"}]})", "g.checks[0].parameters.suffix",
       "there"},
      {R"({"checks":[{"parameters":{}}]})", "g.checks[0]", "id"},
      {R"({"checks":[{"id":"notNull","is_enabled":1}]})", "g.checks[0].parameters", "is_enabled"},
      {R"({"checks":[]})", "g", "one check"},
      {R"({"checks":[{"id":"notNull"}],"denny":true})", "g.denny", "no such member"},
  };
  for (const Case& one : cases) {
    Problem problem;
    EXPECT_FALSE(ReadGuardrail(*ParseJson(one.json), "g", &problem)) << one.json;
    EXPECT_EQ(problem.path, one.path) << one.json;
    EXPECT_THAT(problem.message, HasSubstr(one.message)) << one.json;
  }
  Problem problem;
  EXPECT_FALSE(ReadGuardrails(*ParseJson(R"([{"notNull":{}},{}])"), "list", &problem));
  EXPECT_EQ(problem.path, "list[1]");
}

v1::ChatCompletionRequest Talk() {
  v1::ChatCompletionRequest request;
  const auto add = [&](const char* role, const char* text) {
    v1::Message* const message = request.add_messages();
    message->set_role(role);
    message->mutable_content()->set_text(text);
  };
  add("system", "the word is swordfish");
  add("user", "hello");
  add("assistant", "hello yourself");
  add("user", "good bye");
  return request;
}

bool Passes(const std::string& guardrail) {
  v1::ChatCompletionRequest request = Talk();
  View view(&request);
  return RunGuardrail(Read(guardrail), {}, &view).passes;
}

TEST(Guardrail, ForbidsEverywhereAndDemandsOfTheLast) {
  EXPECT_FALSE(Passes(R"({"contains":{"words":["swordfish"],"operator":"none"}})"));
  EXPECT_TRUE(Passes(R"({"contains":{"words":["swordfish"],"operator":"none","messages":"last"}})"));
  EXPECT_TRUE(Passes(R"({"contains":{"words":["swordfish"],"operator":"none","messages":["user","tool"]}})"));
  EXPECT_FALSE(Passes(R"({"contains":{"words":["yourself"],"operator":"none","messages":["assistant"]}})"));
  EXPECT_FALSE(Passes(R"({"contains":{"words":["swordfish"]}})"));
  EXPECT_TRUE(Passes(R"({"contains":{"words":["bye"]}})"));
}

TEST(Guardrail, PassesIfAllChecksDo) {
  EXPECT_TRUE(Passes(R"({"contains":{"words":["bye"]},"alllowercase":{}})"));
  EXPECT_FALSE(Passes(R"({"contains":{"words":["bye"]},"alluppercase":{}})"));
}

TEST(Guardrail, DemandsOfEveryChoice) {
  v1::ChatCompletion answer;
  answer.add_choices()->mutable_message()->mutable_content()->set_text("yes");
  answer.add_choices()->mutable_message()->add_tool_calls()->mutable_function()->set_name("tool");
  View calls(&answer);
  EXPECT_TRUE(RunGuardrail(Read(R"({"contains":{"words":["yes"]},"notNull":{}})"), {}, &calls).passes);
  answer.add_choices()->mutable_message()->mutable_content()->set_text("no");
  View view(&answer);
  EXPECT_FALSE(RunGuardrail(Read(R"({"contains":{"words":["yes"]}})"), {}, &view).passes);
}

TEST(Guardrail, HandsChangesOn) {
  v1::ChatCompletionRequest request = Talk();
  View view(&request);
  const GuardrailResult result = RunGuardrail(Read(R"({"checks":[
    {"id":"regexReplace","parameters":{"rule":"swordfish","redactText":"mackerel"}},
    {"id":"regexReplace","parameters":{"rule":"mackerel","redactText":"eel"}},
    {"id":"contains","parameters":{"words":["swordfish","mackerel"],"operator":"none"}}]})"),
                                              {}, &view);
  EXPECT_TRUE(result.passes && result.transformed);
  EXPECT_TRUE(result.checks[0].transformed && result.checks[1].transformed);
  EXPECT_FALSE(result.checks[2].transformed);
  EXPECT_EQ(request.messages(0).content().text(), "the word is eel");
}

TEST(Guardrail, LooksAtArgumentsAsTheyAreMeant) {
  for (const char* arguments : {R"({"x":"secret"})", R"({"x":"\u0073ecret"})", R"({"\u0073ecret":1})"}) {
    v1::ChatCompletion answer;
    answer.add_choices()->mutable_message()->add_tool_calls()->mutable_function()->set_arguments(arguments);
    View view(&answer);
    const Guardrail guardrail = Read(R"({"contains":{"words":["secret"],"operator":"none"}})");
    EXPECT_FALSE(RunGuardrail(guardrail, {}, &view).passes) << arguments;
  }
}

TEST(Guardrail, FailsOnErrorsUnlessToldOtherwise) {
  v1::EmbeddingRequest request;
  request.mutable_input()->mutable_tokens();
  View view(&request);
  EXPECT_FALSE(RunGuardrail(Read(R"({"portolan.pii":{}})"), {}, &view).passes);
  EXPECT_TRUE(RunGuardrail(Read(R"({"portolan.pii":{"failOnError":false}})"), {}, &view).passes);
  EXPECT_EQ(RunGuardrail(Read(R"({"portolan.pii":{}})"), {}, &view).checks[0].finding.verdict,
            Verdict::kError);
}

}  // namespace
}  // namespace portolan::guardrails
