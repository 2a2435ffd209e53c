// A request that cannot be passed on whole is refused with the place where it is wrong; and what is edited on
// purpose is all that changes.

#include <gmock/gmock.h>

#include "tests/conformance/fidelity.h"
#include "tests/support/strict_json.h"

namespace portolan::conformance {
namespace {

using test::Difference;
using RefusalFidelity = Fidelity;
using EditFidelity = Fidelity;

TEST_F(RefusalFidelity, AValueOfTheWrongTypeIsNamedByItsPath) {
  struct Case {
    const char* body;
    const char* path;
    const char* problem;
  };
  const Case cases[] = {
      {R"({"messages":[{},{},{"content":[{"image_url":{"url":5}}]}]})",
       "messages[2].content[0].image_url.url", "expected a string, got a number"},
      {R"({"model":5})", "model", "expected a string, got a number"},
      {R"({"temperature":"hot"})", "temperature", "expected a number, got a string"},
      {R"({"messages":{}})", "messages", "expected an array, got an object"},
      {R"({"messages":[5]})", "messages[0]", "expected an object, got a number"},
      {R"({"messages":[{"role":true}]})", "messages[0].role", "expected a string, got a boolean"},
      {R"({"tools":[{"function":{"strict":"yes"}}]})", "tools[0].function.strict",
       "expected a boolean, got a string"},
      {R"({"stop":["a",1]})", "stop[1]", "expected a string, got a number"},
      {R"({"metadata":{"a":"b","k y":1}})", "metadata.k y", "expected a string, got a number"},
      {R"({"n":null,"seed":[]})", "seed", "expected a number, got an array"},
  };
  for (const Case& c : cases) ExpectRefused(c.body, std::string(c.path) + ": " + c.problem, c.path);
}

TEST_F(RefusalFidelity, NumbersThatDoNotFitAreRefusedNotRounded) {
  for (const char* number : {"9223372036854775808", "-9223372036854775809", "1.5", "1e400", "0.1e0"}) {
    const Outcome outcome = ways().Call(
        Way::kSpliced, {.body = R"({"seed":)" + std::string(number) + "}", .provider = "anthropic"},
        PlainAnswer(Endpoint::kChat));
    EXPECT_EQ(outcome.status, 400) << number;
    EXPECT_FALSE(outcome.reached);
    EXPECT_THAT(outcome.answer, ::testing::HasSubstr("\"message\":\"seed: ")) << number;
  }
}

TEST_F(RefusalFidelity, KeysThatStandTwiceAreRefusedWhereverTheyStand) {
  const char* bodies[] = {
      R"({"model":"a","model":"b"})",
      R"({"x":1,"x":1})",
      R"({"model":"a","mode\u006c":"b"})",
      R"({"messages":[{"role":"user","role":"user"}]})",
      R"({"messages":[{"content":[{"type":"text","text":"a","text":"b"}]}]})",
      R"({"metadata":{"a":"1","a":"2"}})",
      R"({"x":{"y":[{"z":1,"z":2}]}})",
      R"({"tools":[{"function":{"name":"f","parameters":{"type":"object","type":"array"}}}]})",
      R"({"tools":[{"function":{"name":"f","name":"g"}}]})",
      R"({"response_format":{"json_schema":{"schema":{"a":{"b":1,"\u0062":2}}}}})",
  };
  for (const char* body : bodies) {
    for (const Way way : {Way::kSpliced, Way::kReencoded}) {
      const Outcome outcome =
          ways().Call(way, {.body = body, .provider = "anthropic"}, PlainAnswer(Endpoint::kChat));
      EXPECT_EQ(outcome.status, 400) << body;
      EXPECT_FALSE(outcome.reached) << body;
      EXPECT_THAT(outcome.answer, ::testing::ContainsRegex("twice|duplicate")) << body;
    }
  }
}

// A server of one's own may have extended the API: what is JSON reaches it byte for byte, however it is sent.
TEST_F(RefusalFidelity, WhatOnlyAServerOfOnesOwnKnowsReachesIt) {
  const char* bodies[] = {
      R"({"model":"m","metadata":{"a":1,"b":[true,null],"c":{"d":2.50}}})",
      R"({"model":"m","logit_bias":[[1, 2]],"n":"two","stop":[1]})",
      R"({"model":"m","logit_bias":{"5":false}})",
      R"({"model":"m","messages":[{"role":"user","content":{"parts":[1]}}],"temperature":"hot"})",
      R"({"model":"m","x":{"y":[{"z":1,"z":2}]},"seed":1.5})",
      R"({"model":"m","messages":[{"role":"user","content":"half \ud83d of one"}],"\udc00":1})",
  };
  for (const char* body : bodies) {
    for (const Way way : {Way::kSpliced, Way::kReencoded}) {
      const Outcome outcome = ways().Call(way, {.body = body}, PlainAnswer(Endpoint::kChat));
      EXPECT_EQ(outcome.status, 200) << outcome.answer;
      if (way == Way::kSpliced || std::string_view(body).find("half") == std::string_view::npos) {
        EXPECT_EQ(outcome.seen, body);
      }
    }
  }
  const Outcome prompt =
      ways().Call(Way::kSpliced,
                  {.endpoint = Endpoint::kCompletions, .body = R"({"model":"m","prompt":["a",[1,2],"b"]})"},
                  PlainAnswer(Endpoint::kCompletions));
  EXPECT_EQ(prompt.seen, R"({"model":"m","prompt":["a",[1,2],"b"]})");
}

TEST_F(RefusalFidelity, WhatIsNotJsonIsRefusedAlsoWhereNothingLooks) {
  for (const char* body : {"nul",
                           "[]",
                           "\"x\"",
                           "5",
                           "{",
                           "{\"model\":\"m\"",
                           "{\"model\":\"m\"} {}",
                           "{\"model\":\"m\",}",
                           "{'a':1}",
                           "{\"x\":nul1}",
                           "{\"x\":01.2.3}",
                           "{\"x\":1 2 3,,}",
                           "{\"x\":{\"y\":\"z\"]}}",
                           "{\"x\":[1}",
                           "{\"x\":\"\t\"}",
                           "{\"x\":\"\\x\"}",
                           "{\"x\":\"\xff\"}",
                           "{\"x\":+1}",
                           "{\"x\":.5}",
                           "{\"x\":NaN}",
                           "{\"x\":1}\xef\xbb\xbf",
                           "{\"x\":\"\xed\xa0\x80\"}",
                           "{\"x\":\"\xc0\x80\"}",
                           R"({"tools":[{"function":{"parameters":{"a":tru}}}]})"}) {
    for (const Way way : {Way::kSpliced, Way::kReencoded}) {
      const Outcome outcome = ways().Call(way, {.body = body}, PlainAnswer(Endpoint::kChat));
      EXPECT_EQ(outcome.status, 400) << body << " " << outcome.answer;
      EXPECT_FALSE(outcome.reached) << body;
    }
  }
}

TEST_F(RefusalFidelity, RequestsNestAsDeepAsTheLimitAndNoDeeper) {
  const auto nested = [](const std::string& before, size_t depth, const std::string& after) {
    return before + std::string(depth, '[') + std::string(depth, ']') + after;
  };
  ExpectRequestKept(nested(R"({"x":)", 127, "}"));
  ExpectRequestKept(nested(R"({"tools":[{"function":{"parameters":)", 124, "}}]}"));
  ExpectRefused(nested(R"({"x":)", 128, "}"), "x: nested too deep");
  ExpectRefused(nested(R"({"tools":[{"function":{"parameters":)", 125, "}}]}"),
                "tools[0].function.parameters: nested too deep");
  ExpectRefused(nested(R"({"x":)", 200'000, "}"), "x: nested too deep");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_EQ(ways().Call(Way::kSpliced, {.body = objects}, PlainAnswer(Endpoint::kChat)).status, 400);
}

// Everything that a setting of the caller changes, and nothing else.
TEST_F(EditFidelity, OnlyWhatIsEditedChanges) {
  struct Case {
    const char* name;
    test::Headers headers;
    std::string before;
    std::string after;
    std::string provider = "openai";
  };
  const std::string rest = R"("x" : [1.0, {"b":"\u00e9","a":1E2}] ,"messages":[ ]  , "seed":1E2)";
  const Case cases[] = {
      {"instructions to the gateway", {}, R"({"portolan":{"timeout":"5s"},)" + rest + "}", "{" + rest + "}"},
      {"a model set",
       {{"x-portolan-config", R"({"override_params":{"model":"other"}})"}},
       R"({"model" : "m" ,)" + rest + "}",
       R"({"model" : "other" ,)" + rest + "}"},
      {"a member set that was there",
       {{"x-portolan-config", R"({"override_params":{"temperature":0.25}})"}},
       R"({"temperature":1.50,)" + rest + "}",
       R"({"temperature":0.25,)" + rest + "}"},
      {"a member set that no field describes",
       {{"x-portolan-config", R"({"override_params":{"x":{"z":1,"y":2.50}}})"}},
       R"({"x":1,"seed":7 })",
       R"({"x":{"z":1,"y":2.50},"seed":7 })"},
      {"a provider's name before the model, which a server of one's own may have in its models' names",
       {},
       R"({ "model" : "openai/ft:gpt-4o/1" ,)" + rest + "}",
       R"({ "model" : "openai/ft:gpt-4o/1" ,)" + rest + "}",
       ""},
      {"no provider's name before the model",
       {},
       R"({"model":"meta-llama/llama-3" ,)" + rest + "}",
       R"({"model":"meta-llama/llama-3" ,)" + rest + "}",
       ""},
      {"a provider's name that is part of the model, for another is named",
       {},
       R"({"model":"openai/gpt-4o" ,)" + rest + "}",
       R"({"model":"openai/gpt-4o" ,)" + rest + "}"},
  };
  for (const Case& c : cases) {
    for (const Way way : kAllWays) {
      SCOPED_TRACE(std::string(c.name) + ", " + ToString(way));
      const Outcome outcome =
          ways().Call(way, {.body = c.before, .provider = c.provider, .headers = c.headers},
                      PlainAnswer(Endpoint::kChat));
      ASSERT_EQ(outcome.status, 200) << outcome.answer;
      if (way == Way::kSpliced) {
        EXPECT_EQ(outcome.seen, c.after);
      } else {
        EXPECT_EQ(Difference(c.after, outcome.seen, &KnownNames()), "") << outcome.seen;
      }
    }
  }
}

TEST_F(EditFidelity, AMemberThatIsAddedLeavesTheRestAsItWas) {
  const std::string body = "{ \"model\":\"m\" ,\n\"x\":1.0 }\n";
  const test::Headers config = {{"x-portolan-config", R"({"override_params":{"seed":7,"y":null}})"}};
  for (const Way way : kAllWays) {
    const Outcome outcome = ways().Call(way, {.body = body, .headers = config}, PlainAnswer(Endpoint::kChat));
    ASSERT_EQ(outcome.status, 200) << outcome.answer;
    EXPECT_EQ(Difference(R"({"model":"m","x":1.0,"seed":7,"y":null})", outcome.seen, &KnownNames()), "");
    if (way == Way::kSpliced) {
      EXPECT_TRUE(outcome.seen.starts_with("{ \"model\":\"m\" ,\n\"x\":1.0")) << outcome.seen;
    }
  }
}

}  // namespace
}  // namespace portolan::conformance
