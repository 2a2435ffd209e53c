#include "providers/fit_body.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "providers/json_edit.h"
#include "providers/rows/row.h"
#include "server/codec/json_reader.h"

namespace portolan::providers {
namespace {

struct Fitted {
  std::string body;
  std::string dropped;  // separated by blanks
  std::string error;    // `path: message`
};

Fitted Fit(std::vector<BodyRule> rules, std::string_view json, CallFacts facts = {}) {
  Fitted fitted;
  DroppedMembers dropped;
  const auto error = FitBody({"prov", rules}, facts, json, &fitted.body, &dropped);
  for (const std::string& name : dropped) fitted.dropped += (fitted.dropped.empty() ? "" : " ") + name;
  if (error) {
    EXPECT_EQ(error->http_status, 400);
    EXPECT_EQ(error->code, "unsupported_value");
    fitted.error = error->param + " | " + error->message;
    fitted.body.clear();
  }
  return fitted;
}

// The body that is sent: the one given where nothing changes.
std::string Sent(const std::vector<BodyRule>& rules, std::string_view json, CallFacts facts = {}) {
  const Fitted fitted = Fit(rules, json, facts);
  EXPECT_EQ(fitted.error, "");
  return fitted.body.empty() ? std::string(json) : fitted.body;
}

TEST(FitBody, LeavesAloneWhatNoRuleSpeaksOf) {
  const std::string json =
      R"( { "model" : "m", "x":[1.0 , 2e5] , "messages":[ {"role":"user","content":"a"} ] } )";
  const std::vector<BodyRule> rules = {Rename("seed", "random_seed"), Unsupported("n|logprobs"),
                                       NotInMessages("name"), NoStrictTools()};
  EXPECT_EQ(Fit(rules, json).body, "");
  EXPECT_EQ(Fit({}, json).body, "");
  EXPECT_EQ(Fit(rules, "[1]").body, "");
  EXPECT_EQ(Fit(rules, "").body, "");
}

TEST(FitBody, MayHaveNoRuleForACall) {
  const std::vector<BodyRule> rules = {Omit("a").In("chat").For("*stral-*|m"), Omit("b").In("embedding")};
  struct {
    const char* operation;
    const char* model;
    bool any;
  } const cases[] = {{"chat", "mistral-small", true}, {"chat", "m", true},
                     {"chat", "mm", false},           {"chat", "", false},
                     {"embedding", "mm", true},       {"completion", "m", false}};
  for (const auto& test : cases) {
    CallFacts facts;
    facts.operation = test.operation;
    facts.model = test.model;
    EXPECT_EQ(AnyApplies({"prov", rules}, facts), test.any) << test.operation << " " << test.model;
    EXPECT_EQ(Sent(rules, R"({"a":1,"b":2})", facts) != R"({"a":1,"b":2})", test.any);
  }
}

TEST(FitBody, KeepsEveryOtherByte) {
  EXPECT_EQ(Sent({Rename("seed", "random_seed")}, R"({ "a" : 1 ,  "seed" : 5, "b":"A" } )"),
            R"({ "a" : 1 ,  "random_seed":5, "b":"A" } )");
  EXPECT_EQ(Sent({Omit("a")}, R"({ "a" : 1 ,  "b" : 2,"c":3 })"), R"({ "b" : 2,"c":3 })");
  EXPECT_EQ(Sent({Omit("b")}, R"({ "a" : 1 ,  "b" : 2,"c":3 })"), R"({ "a" : 1,"c":3 })");
  EXPECT_EQ(Sent({Omit("c")}, R"({ "a" : 1 ,  "b" : 2,"c":3 })"), R"({ "a" : 1 ,  "b" : 2 })");
  EXPECT_EQ(Sent({Omit("a|b|c")}, R"({ "a" : 1 ,  "b" : 2,"c":3 })"), "{  }");
  // A name that is written with escapes is that name.
  EXPECT_EQ(Sent({Omit("seed")}, R"({"\u0073eed":1,"b":2})"), R"({"b":2})");
}

TEST(FitBody, Renames) {
  const std::vector<BodyRule> rules = {Rename("max_completion_tokens", "max_tokens")};
  EXPECT_EQ(Sent(rules, R"({"max_completion_tokens":5})"), R"({"max_tokens":5})");
  EXPECT_EQ(Sent(rules, R"({"max_tokens":5})"), R"({"max_tokens":5})");
  EXPECT_EQ(Sent(rules, R"({"a":1,"max_completion_tokens":null})"), R"({"a":1})");
  // OpenAI's newer name counts; what is lost is named.
  const Fitted both = Fit(rules, R"({"max_tokens":9,"max_completion_tokens":5})");
  EXPECT_EQ(both.body, R"({"max_tokens":5})");
  EXPECT_EQ(both.dropped, "max_tokens");
  EXPECT_EQ(Fit(rules, R"({"max_tokens":5,"max_completion_tokens":5})").dropped, "");
}

TEST(FitBody, RenamesWhatStandsAlone) {
  const std::vector<BodyRule> rules = {
      RenameAlone("max_tokens", "max_completion_tokens").In("chat").For("o3*")};
  const CallFacts facts{.operation = "chat", .model = "o3-mini"};
  EXPECT_EQ(Sent(rules, R"({"max_tokens":5 ,"a":1})", facts), R"({"max_completion_tokens":5 ,"a":1})");
  EXPECT_EQ(Sent(rules, R"({"max\u005ftokens":5})", facts), R"({"max_completion_tokens":5})");
  EXPECT_EQ(Sent(rules, R"({"max_completion_tokens":null,"max_tokens":5})", facts),
            R"({"max_completion_tokens":5})");
  for (const char* const kept :
       {R"({"max_tokens":5,"max_completion_tokens":6})", R"({"max_completion_tokens":6,"max_tokens":5})",
        R"({"max_tokens":null})", R"({"max_completion_tokens":6})", R"({"messages":["max_tokens"]})", "{}"})
    EXPECT_EQ(Fit(rules, kept, facts).body, "") << kept;
  EXPECT_EQ(Fit(rules, R"({"max_tokens":5})", {.operation = "chat", .model = "gpt-4o"}).body, "");
  EXPECT_EQ(Fit(rules, R"({"max_tokens":5})", {.operation = "completion", .model = "o3"}).body, "");
}

TEST(FitBody, LeavesOutAValueThatGoesWithoutSaying) {
  const std::vector<BodyRule> rules = {OmitValue("encoding_format", "float")};
  const Fitted fitted = Fit(rules, R"({"a":1,"encoding_format":"fl\u006fat"})");
  EXPECT_EQ(fitted.body, R"({"a":1})");
  EXPECT_EQ(fitted.dropped, "");
  for (const char* const kept : {R"({"encoding_format":"base64"})", R"({"encoding_format":null})", "{}"})
    EXPECT_EQ(Fit(rules, kept).body, "");
}

TEST(FitBody, SaysADefaultWhereNothingIsSaid) {
  const std::vector<BodyRule> rules = {Default("input_type", "query")};
  EXPECT_EQ(Sent(rules, R"( { "a" : 1 } )"), R"( { "a" : 1,"input_type":"query" } )");
  EXPECT_EQ(Sent(rules, R"({"input_type":null,"a":1})"), R"({"input_type":"query","a":1})");
  EXPECT_EQ(Fit(rules, R"({"input_type":"passage"})").body, "");
  EXPECT_EQ(Fit(rules, R"({"input_type":""})").body, "");
  // Behind members of which none is left.
  EXPECT_EQ(Sent({Omit("a"), Default("b", "c")}, R"({ "a":1 })"), R"({ "b":"c" })");
  EXPECT_EQ(Fit(rules, "[]").body, "");
}

TEST(FitBody, LeavesOutAndNames) {
  const Fitted fitted =
      Fit({Unsupported("seed|logit_bias|store")}, R"({"seed":5,"logit_bias":{"1":2},"store":false})");
  EXPECT_EQ(fitted.body, "{}");
  EXPECT_EQ(fitted.dropped, "seed logit_bias");
}

TEST(FitBody, NeutralValuesAreNeverNamedOrRefused) {
  for (const char* const member :
       {R"("n":1)", R"("n":null)", R"("logprobs":false)", R"("tools":[])", R"("presence_penalty":0)",
        R"("top_logprobs":0)", R"("tool_choice":"auto")", R"("response_format":{"type":"text"})",
        R"("temperature":1)", R"("store":false)"}) {
    const Fitted fitted =
        Fit({Unsupported("n|logprobs|tools|presence_penalty|top_logprobs|tool_choice|response_format|"
                         "temperature|store")},
            "{" + std::string(member) + "}");
    EXPECT_EQ(fitted.error, "") << member;
    EXPECT_EQ(fitted.dropped, "") << member;
    EXPECT_EQ(fitted.body, "{}") << member;
  }
}

TEST(FitBody, RefusesWhatWouldChangeTheMeaningOfTheAnswer) {
  const std::vector<BodyRule> rules = {Unsupported("n|logprobs|tools|functions|response_format")};
  EXPECT_EQ(Fit(rules, R"({"n":2})").error, "n | n: prov does not take it");
  EXPECT_EQ(Fit(rules, R"({"logprobs":true})").error, "logprobs | logprobs: prov does not take it");
  EXPECT_EQ(Fit(rules, R"({"tools":[{"type":"function"}]})").error, "tools | tools: prov does not take it");
  EXPECT_EQ(Fit(rules, R"({"functions":[{"name":"f"}]})").error,
            "functions | functions: prov does not take it");
  EXPECT_EQ(Fit(rules, R"({"response_format":{"type":"json_object"}})").error,
            "response_format | response_format: prov does not take it");
}

TEST(FitBody, BoundsNumbers) {
  const std::vector<BodyRule> rules = {Between(0, "temperature", 1)};
  EXPECT_EQ(Sent(rules, R"({"temperature":0.7})"), R"({"temperature":0.7})");
  EXPECT_EQ(Sent(rules, R"({"temperature":1})"), R"({"temperature":1})");
  const Fitted high = Fit(rules, R"({"temperature":1.5e0})");
  EXPECT_EQ(high.body, R"({"temperature":1})");
  EXPECT_EQ(high.dropped, "temperature");
  EXPECT_EQ(Fit(rules, R"({"temperature":-0.1})").error,
            "temperature | temperature: must be at least 0 for prov");
  for (const char* const other :
       {R"({"temperature":null})", R"({"temperature":"hot"})", R"({"temperature":[9]})"})
    EXPECT_EQ(Fit(rules, other).body, "") << other;
}

TEST(FitBody, TakesOneOfSeveral) {
  const std::vector<BodyRule> rules = {OnlyOneOf("a|b|c")};
  EXPECT_EQ(Fit(rules, R"({"b":1})").error, "");
  EXPECT_EQ(Fit(rules, R"({"a":null,"b":1,"c":null})").error, "");
  EXPECT_EQ(Fit(rules, R"({"c":1,"a":1})").error, "c | c: prov takes either this or a");
}

TEST(FitBody, RulesHoldForTheirOperationAndModels) {
  const std::vector<BodyRule> embedding = {Rename("dimensions", "output_dimension").In("embedding")};
  EXPECT_EQ(Sent(embedding, R"({"dimensions":8})", {.operation = operation::kEmbedding}),
            R"({"output_dimension":8})");
  EXPECT_EQ(Sent(embedding, R"({"dimensions":8})"), R"({"dimensions":8})");
  const std::vector<BodyRule> kimi = {Omit("seed").For("kimi*|*-k2")};
  for (const char* const model : {"kimi-k3", "kimi", "x-k2"})
    EXPECT_EQ(Sent(kimi, R"({"seed":8})", {.model = model}), "{}") << model;
  for (const char* const model : {"kim", "moonshot-v1", "x-k2-y", ""})
    EXPECT_EQ(Sent(kimi, R"({"seed":8})", {.model = model}), R"({"seed":8})") << model;
  EXPECT_TRUE(IsAmongModels("", "any"));
  EXPECT_FALSE(IsAmongModels("!*gpt-oss*", "openai/gpt-oss-120b"));
  EXPECT_TRUE(IsAmongModels("!*gpt-oss*|llama", "llama-4"));
  EXPECT_FALSE(IsAmongModels("!*gpt-oss*|llama", "llama"));
  EXPECT_TRUE(IsAmongModels("a*b*c", "a--b--b-c"));
  EXPECT_FALSE(IsAmongModels("a*b*c", "a--b--b-"));
  for (const char* const model : {"o1", "o3-mini", "o4", "gpt-5", "gpt-6.1", "ft:gpt-5:org", "ft:o4-mini"}) {
    EXPECT_TRUE(IsAmongModels(kReasoningModels, model)) << model;
  }
  for (const char* const model : {"", "o", "o2", "olmo", "gpt-", "gpt-4o", "gpt", "ft", "gpt5", "xo1"}) {
    EXPECT_FALSE(IsAmongModels(kReasoningModels, model)) << model;
  }
}

TEST(FitBody, SpellsToolChoice) {
  EXPECT_EQ(Sent({RequiredIsCalled("any")}, R"({"tool_choice":"required"})"), R"({"tool_choice":"any"})");
  EXPECT_EQ(Sent({RequiredIsCalled("any")}, R"({"tool_choice":"none"})"), R"({"tool_choice":"none"})");
  EXPECT_EQ(Sent({ToolChoices("auto|none")}, R"({"tool_choice":"none"})"), R"({"tool_choice":"none"})");
  EXPECT_EQ(Fit({ToolChoices("auto|none")}, R"({"tool_choice":"required"})").error,
            "tool_choice | tool_choice: prov takes these only: auto|none");
  EXPECT_EQ(
      Fit({ToolChoices("auto|none")}, R"({"tool_choice":{"type":"function","function":{"name":"f"}}})").error,
      "tool_choice | tool_choice: prov takes these only: auto|none");
}

TEST(FitBody, ChangesMessages) {
  EXPECT_EQ(
      Sent({DeveloperIsSystem()}, R"({"messages":[ {"role":"developer","content":"a"}, {"role":"user"}]})"),
      R"({"messages":[ {"role":"system","content":"a"}, {"role":"user"}]})");
  EXPECT_EQ(Sent({NoNullsInMessages()},
                 R"({"messages":[{"role":"assistant","content":null,"function_call":null,"refusal":null}]})"),
            R"({"messages":[{"role":"assistant","content":null}]})");
  const Fitted named =
      Fit({NotInMessages("name|annotations")},
          R"({"messages":[{"role":"user","name":"a","content":"b"},{"name":null,"annotations":[]}]})");
  EXPECT_EQ(named.body, R"({"messages":[{"role":"user","content":"b"},{}]})");
  EXPECT_EQ(named.dropped, "messages[0].name");
  // The function's, of a result.
  EXPECT_EQ(Fit({NotInMessages("name")}, R"({"messages":[{"role":"tool","name":"f","content":"b"}]})").body,
            "");
}

TEST(FitBody, JoinsTextParts) {
  const std::string parts =
      R"({"messages":[{"role":"tool","content":[{"type":"text","text":"a\"\u00e9"},{"text":"b","type":"text"}]}]})";
  EXPECT_EQ(Sent({TextAsString()}, parts), R"({"messages":[{"role":"tool","content":"a\"\u00e9\n\nb"}]})");
  EXPECT_EQ(Sent({TextAsString("tool")}, parts),
            R"({"messages":[{"role":"tool","content":"a\"\u00e9\n\nb"}]})");
  EXPECT_EQ(Sent({TextAsString("user")}, parts), parts);
  for (const char* const other :
       {R"({"messages":[{"role":"user","content":[]}]})", R"({"messages":[{"role":"user","content":[1]}]})",
        R"({"messages":[{"role":"user","content":[{"type":"text","text":5}]}]})",
        R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"}]}]})",
        R"({"messages":"a"})", R"({"messages":[[],"a",null]})"})
    EXPECT_EQ(Fit({TextAsString()}, other).body, "") << other;
}

TEST(FitBody, GivesACallAndItsResultTheSameShortId) {
  const std::string sent =
      Sent({NineCharacterCallIds()}, R"({"messages":[{"role":"assistant","tool_calls":[)"
                                     R"({"id":"call_abc","type":"function"},{"id":"abcDEF123"}]},)"
                                     R"({"role":"tool","tool_call_id":"call_abc","content":"c"},)"
                                     R"({"role":"tool","tool_call_id":"abcDEF123"}]})");
  const size_t at = sent.find("\"id\":\"") + 6;
  const std::string id = sent.substr(at, sent.find('"', at) - at);
  ASSERT_EQ(id.size(), 9U) << sent;
  EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), id.npos);
  EXPECT_EQ(sent, R"({"messages":[{"role":"assistant","tool_calls":[{"id":")" + id +
                      R"(","type":"function"},{"id":"abcDEF123"}]},{"role":"tool","tool_call_id":")" + id +
                      R"(","content":"c"},{"role":"tool","tool_call_id":"abcDEF123"}]})");
}

TEST(FitBody, ChangesTools) {
  const Fitted strict =
      Fit({NoStrictTools()},
          R"({"tools":[{"type":"function","function":{"name":"f","strict":true}},)"
          R"({"type":"function","function":{"strict":false,"name":"g"}},{"type":"function"}]})");
  EXPECT_EQ(strict.body, R"({"tools":[{"type":"function","function":{"name":"f"}},)"
                         R"({"type":"function","function":{"name":"g"}},{"type":"function"}]})");
  EXPECT_EQ(strict.dropped, "tools[0].function.strict");
  EXPECT_EQ(Fit({OnlyFunctionTools()}, R"({"tools":[{"type":"function"},{"type":"custom"}]})").error,
            "tools[1] | tools[1]: prov takes functions only");
  EXPECT_EQ(Fit({OnlyFunctionTools()}, R"({"tools":[{"type":"function"},{}]})").error, "");
}

// Every row's rules, over a request that has something for each of them, and over all its beginnings.
TEST(FitBody, WhatComesOutIsJsonAndNeedsNoMoreChanges) {
  const std::string request =
      R"({"model":"m","seed":5,"max_tokens":7,"max_completion_tokens":9,"temperature":1.7,"n":1,"user":"\u00fc",)"
      R"("stream_options":{"include_usage":true},"logit_bias":{"1":2},"store":true,"tool_choice":"auto",)"
      R"("messages":[{"role":"developer","name":"a","content":[{"type":"text","text":"b\\"}]},)"
      R"({"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"call_1","type":"function"}]},)"
      R"({"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"c"}]},5,null,[],"x"],)"
      R"("tools":[{"type":"function","function":{"name":"f","strict":true}},{}]} )";
  for (const auto table : {RowsToC(), RowsDToH(), RowsIToN(), RowsOToS(), RowsTToZ()}) {
    for (const Row& row : table) {
      const std::vector<BodyRule> rules(row.rules.begin(), row.rules.end());
      const Fitted fitted = Fit(rules, request, {.model = "m"});
      EXPECT_EQ(fitted.error, "") << row.name;
      const bool as_it_is = row.name == "deepseek" || row.name == "fireworks-ai" ||
                            row.name == "nvidia-nim" || row.name == "ollama" || row.name == "voyage" ||
                            row.name == "z-ai";
      EXPECT_EQ(fitted.body.empty(), rules.empty() || as_it_is) << row.name;
      if (!fitted.body.empty()) {
        EXPECT_TRUE(codec::IsJson(fitted.body)) << row.name << ": " << fitted.body;
        EXPECT_EQ(Fit(rules, fitted.body, {.model = "m"}).body, "") << row.name;
      }
      for (size_t size = 0; size + 2 < request.size(); ++size) {
        EXPECT_EQ(Fit(rules, request.substr(0, size)).body, "") << row.name << " " << size;
      }
    }
  }
}

TEST(JsonObjectEdit, FindsTheLastOfSeveral) {
  const JsonObjectEdit object(R"({"a":1,"a":2})");
  ASSERT_NE(object.Find("a"), nullptr);
  EXPECT_EQ(*object.Find("a"), "2");
  EXPECT_EQ(object.Find("b"), nullptr);
  EXPECT_EQ(JsonObjectEdit(R"({"a":1)").Find("a"), nullptr);
}

}  // namespace
}  // namespace portolan::providers
