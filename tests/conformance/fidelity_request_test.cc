// Nothing that a caller sends is lost or changed on its way to a provider of the same dialect.

#include <gmock/gmock.h>

#include "tests/conformance/fidelity.h"
#include "tests/support/strict_json.h"

namespace portolan::conformance {
namespace {

using ::testing::HasSubstr;
using RequestFidelity = Fidelity;

std::string WithMember(const std::string& member) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + member + "}";
}

TEST_F(RequestFidelity, UnknownMembersOfEveryObjectArriveInOrder) {
  const std::string x =
      R"("x_z":{"b":1,"a":[null,true,{"q":[]}]},"x_a":"\u00e9","x_m":[1,2.50,-0],"x_null":null)";
  const std::vector<std::string> bodies = {
      R"({"x_first":1,"model":"m",)" + x + R"(,"messages":[],"x_last":{}})",
      R"({"model":"m","messages":[{"x_0":0,"role":"user",)" + x + R"(,"content":"hi","x_9":9}]})",
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"t",)" + x +
          R"(},{"type":"image_url","image_url":{"url":"u",)" + x +
          R"(}},{"type":"input_audio","input_audio":{"data":"d","format":"wav",)" + x +
          R"(}},{"type":"file","file":{"file_id":"f",)" + x + R"(}},{"type":"x_new","x_new":{"deep":1},)" +
          x + R"(}]}]})",
      R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"1","type":"function",)" + x +
          R"(,"function":{"name":"f","arguments":"{",)" + x +
          R"(}},{"id":"2","type":"custom","custom":{"name":"c","input":"",)" + x + R"(}},{"type":"x_new",)" +
          x + R"(}],"audio":{"id":"a",)" + x + R"(},"function_call":{"name":"f",)" + x + "}}]}",
      WithMember(
          R"("tools":[{"type":"function",)" + x + R"(,"function":{"name":"f",)" + x +
          R"(}},{"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"syntax":"lark",)" +
          x + "}," + x + "}," + x + R"(}},{"type":"x_new",)" + x + "}]"),
      WithMember(R"("tool_choice":{"type":"function","function":{"name":"f",)" + x + "}," + x + "}"),
      WithMember(
          R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"b":1,"a":2}],)" +
          x + "}}"),
      WithMember(R"("response_format":{"type":"json_schema","json_schema":{"name":"n",)" + x + "}," + x +
                 "}"),
      WithMember(R"("audio":{"format":"wav","voice":{"id":"v",)" + x + "}," + x + "}"),
      WithMember(R"("prediction":{"type":"content","content":[{"type":"text","text":"t",)" + x + "}]," + x +
                 "}"),
      WithMember(R"("web_search_options":{"user_location":{"approximate":{"city":"c",)" + x + "}," + x +
                 "}," + x + "}"),
      WithMember(R"("thinking":{"type":"enabled",)" + x + R"(},"prompt_cache_options":{"mode":"m",)" + x +
                 "}"),
      WithMember(R"("stream_options":{"include_usage":true,)" + x + "}"),
  };
  for (const std::string& body : bodies)
    ExpectRequestKept(body, {"{\"b\":1,\"a\":[null,true,{\"q\":[]}]}", "2.50"});
}

TEST_F(RequestFidelity, NamesOfUnknownMembersMayBeAnything) {
  ExpectRequestKept(WithMember(
      R"("":1,"\u0000":2,"a b":3,"\"\\\/\b\f\n\r\t":4,"ключ":5,"\ud83d\ude00":6,"messages ":7,"MODEL":8,"$ref":9,"__proto__":{}, "extra":[], "10":10, "9":9)"));
}

TEST_F(RequestFidelity, SchemasArriveByteForByte) {
  const std::string schemas[] = {
      R"({ "type" : "object",  "required":["z","a"], "properties":{"z":{"minimum":-0,"maximum":1E+2},"a":{"const":1.0}} })",
      "{\n\t\"default\": 123456789012345678901234567890.10,\r\n \"multipleOf\":1e-400, \"x\":1e400 }",
      R"({"pattern":"\u005e\/\\d+\u00e9é\ud83d\ude00😀\u0000$","\u0074ype":"string"})",
      R"({})",
      R"([])",
      R"({"enum":[null,true,false,"",0,-0.0,[],{}]})",
      R"({"$defs":{"b":{"$ref":"#\/$defs\/b"},"a":{}},"additionalProperties":false})",
  };
  for (const std::string& schema : schemas) {
    ExpectRequestKept(WithMember(R"("tools":[{"type":"function","function":{"strict":true,"parameters":)" +
                                 schema + R"(,"name":"f"}}])"),
                      {schema});
    ExpectRequestKept(WithMember(R"("functions":[{"name":"f","parameters":)" + schema + "}]"), {schema});
    ExpectRequestKept(
        WithMember(R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":)" + schema +
                   "}}"),
        {schema});
    ExpectRequestKept(WithMember(R"("tools":[{"type":"x_new","x_new":)" + schema + "}]"), {schema});
  }
}

TEST_F(RequestFidelity, IntegersAreExactToTheEdges) {
  for (const char* value : {"0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808",
                            "1.0e3", "9223372036854775807.0"}) {
    for (const char* name : {"seed", "max_tokens", "max_completion_tokens", "n", "top_k", "top_logprobs"}) {
      ExpectRequestKept(WithMember("\"" + std::string(name) + "\":" + value));
    }
  }
  for (const char* value : {"18446744073709551616", "-9223372036854775809", "1e999", "0.10", "1E5"}) {
    ExpectRequestKept(WithMember(std::string("\"x_big\":") + value), {value});
  }
  ExpectRequestKept(R"({"model":"m","input":[9223372036854775807,0,-9223372036854775808]})", {},
                    Endpoint::kEmbeddings);
  ExpectRequestKept(R"({"model":"m","prompt":[[1,9007199254740993],[],[3]]})", {}, Endpoint::kCompletions);
}

TEST_F(RequestFidelity, DoublesAreExact) {
  for (const char* value :
       {"5e-324", "2.2250738585072009e-308", "2.2250738585072014e-308", "1.7976931348623157e308", "0.1",
        "0.30000000000000004", "-0.0", "0", "1e-7", "1e21", "123456789012345680000", "1.5E+10", "0.1000",
        "1e-400", "3.141592653589793238462643", "9007199254740993.0", "1"}) {
    ExpectRequestKept(WithMember(std::string("\"temperature\":") + value));
    ExpectRequestKept(WithMember(std::string(R"("logit_bias":{"1":)") + value + "}"));
  }
}

TEST_F(RequestFidelity, StringsAreExact) {
  const std::string odd =
      R"("\"\\\/\b\f\n\r\t\u0000\u001f\u007F\u0080\u00e9é\u2028\u2029\ufeff\uFFFD\uffff\ud83d\ude00😀\uD834\uDD1E")";
  ExpectRequestKept(R"({"model":)" + odd + R"(,"messages":[{"role":)" + odd + R"(,"name":)" + odd +
                    R"(,"content":)" + odd + R"(},{"role":"tool","tool_call_id":)" + odd +
                    R"(,"content":[{"type":"text","text":)" + odd + R"(}]}],"stop":[)" + odd + "," + odd +
                    R"(],"metadata":{)" + odd + ":" + odd + R"(},"x":)" + odd + "}");
  ExpectRequestKept(R"({"input":[)" + odd + R"(,""],"model":"m"})", {}, Endpoint::kEmbeddings);
  ExpectRequestKept(R"({"prompt":)" + odd + R"(,"model":"m","suffix":)" + odd + "}", {},
                    Endpoint::kCompletions);
}

TEST_F(RequestFidelity, LongTextsArriveWhole) {
  std::string text;
  for (int i = 0; text.size() < 3'000'000; ++i)
    text += "line " + std::to_string(i) + R"(\n\u00e9 \"quoted\" )";
  ExpectRequestKept(R"({"model":"m","messages":[{"role":"user","content":")" + text + R"("}]})");
  ExpectRequestKept(WithMember("\"x_long\":\"" + text + "\""), {text.substr(0, 1000)});
}

TEST_F(RequestFidelity, AStreamNotAskedForArrivesAsItWasSaid) {
  for (const char* value : {"null", "false"}) {
    ExpectRequestKept(WithMember(std::string("\"stream\":") + value));
    ExpectRequestKept(R"({"prompt":"p","stream":)" + std::string(value) + "}", {}, Endpoint::kCompletions);
  }
}

TEST_F(RequestFidelity, FreeKeysKeepTheirOrder) {
  const std::string metadata =
      R"({"b":"1","a":"2","":"3","\u0000":"4","ключ":"","model":"5","10":"6","9":"7","__proto__":"8","type":"9"})";
  const std::string bias = R"({"50256":-100,"1":0.5,"0":1e-7,"-1":100,"name":1})";
  const std::string body = WithMember(R"("metadata":)" + metadata + R"(,"logit_bias":)" + bias);
  ExpectRequestKept(body);
  for (const Way way : kAllWays) {
    const Outcome outcome = ways().Call(way, {.body = body}, PlainAnswer(Endpoint::kChat));
    const auto seen = test::ParseJson(outcome.seen);
    ASSERT_TRUE(seen) << ToString(way);
    EXPECT_EQ(seen->Find("metadata")->names, test::ParseJson(metadata)->names) << ToString(way);
    EXPECT_EQ(seen->Find("logit_bias")->names, test::ParseJson(bias)->names) << ToString(way);
  }
}

TEST_F(RequestFidelity, LayoutArrivesWhereBytesAreSpliced) {
  ExpectRequestKept(" \r\n\t{ \"messages\" : [ ] ,\n \"model\"\t:\"m\" , \"temperature\" : 1.00 } \n");
  ExpectRequestKept("{}");
  // The other ways do write anew, or they would prove nothing.
  for (const Way way : {Way::kReencoded, Way::kGrpc}) {
    const Outcome outcome =
        ways().Call(way, {.body = R"({ "messages":[], "model":"m" })"}, PlainAnswer(Endpoint::kChat));
    EXPECT_EQ(outcome.seen, R"({"model":"m","messages":[]})");
  }
}

// For every field of every level, and every small value: all three ways agree whether it is a request, and if
// so it arrives.
struct Level {
  const char* path;
  const char* before;
  const char* after;
  std::vector<const char*> fields;
  Endpoint endpoint = Endpoint::kChat;
};

std::vector<Level> Levels() {
  return {
      {"",
       R"({"x":1,)",
       "}",
       {"model",
        "messages",
        "max_completion_tokens",
        "max_tokens",
        "temperature",
        "top_p",
        "n",
        "stop",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "verbosity",
        "frequency_penalty",
        "presence_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "seed",
        "store",
        "metadata",
        "service_tier",
        "modalities",
        "audio",
        "prediction",
        "web_search_options",
        "moderation",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "user",
        "functions",
        "function_call",
        "top_k",
        "thinking",
        "stream_options"}},
      {"messages[0].",
       R"({"messages":[{"x":1,)",
       "}]}",
       {"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "audio", "function_call",
        "annotations", "reasoning_content", "content_blocks", "cache_control", "reasoning"}},
      {"messages[0].content[0].",
       R"({"messages":[{"content":[{"x":1,)",
       "}]}]}",
       {"type", "text", "image_url", "input_audio", "file", "refusal", "prompt_cache_breakpoint",
        "cache_control"}},
      {"messages[0].tool_calls[0].",
       R"({"messages":[{"tool_calls":[{"x":1,)",
       "}]}]}",
       {"id", "type", "function", "custom", "index"}},
      {"tools[0].", R"({"tools":[{"x":1,)", "}]}", {"type", "function", "custom", "cache_control"}},
      {"tools[0].function.",
       R"({"tools":[{"function":{"x":1,)",
       "}}]}",
       {"name", "description", "parameters", "strict"}},
      {"response_format.json_schema.",
       R"({"response_format":{"json_schema":{"x":1,)",
       "}}}",
       {"name", "description", "schema", "strict"}},
      {"",
       R"({"x":1,)",
       "}",
       {"model", "prompt", "suffix", "max_tokens", "temperature", "top_p", "n", "best_of", "stream_options",
        "logprobs", "echo", "stop", "presence_penalty", "frequency_penalty", "logit_bias", "seed", "user"},
       Endpoint::kCompletions},
      {"",
       R"({"x":1,)",
       "}",
       {"model", "input", "dimensions", "encoding_format", "user"},
       Endpoint::kEmbeddings},
  };
}

TEST_F(RequestFidelity, NullEmptyAndAbsentAreThreeThingsEverywhere) {
  int kept = 0;
  for (const Level& level : Levels()) {
    for (const char* field : level.fields) {
      for (const char* value :
           {"null", "\"\"", "[]", "{}", "0", "false", "\"x\"", "[{}]", "[null]", "{\"y\":null}"}) {
        const std::string body = std::string(level.before) + "\"" + field + "\":" + value + level.after;
        const Sent sent{.endpoint = level.endpoint, .body = body};
        if (ways().Call(Way::kGrpc, sent, PlainAnswer(level.endpoint)).status == 200) {
          ++kept;
          ExpectRequestKept(body, {}, level.endpoint);
          continue;
        }
        // Not of the API's type: refused where the request must be typed.
        EXPECT_STRNE(value, "null") << level.path << " " << field;
        Sent typed = sent;
        typed.provider = "echo";
        for (const Way way : {Way::kSpliced, Way::kReencoded}) {
          const Outcome refused = ways().Call(way, typed, PlainAnswer(level.endpoint));
          EXPECT_EQ(refused.status, 400) << body;
          EXPECT_THAT(refused.answer, HasSubstr("\"message\":\"" + std::string(level.path) + field)) << body;
          EXPECT_FALSE(refused.reached);
        }
        // A server of the caller's own gets it, unless the gateway itself reads it.
        const Outcome relayed = ways().Call(Way::kSpliced, sent, PlainAnswer(level.endpoint));
        if (relayed.status == 200) {
          EXPECT_EQ(relayed.seen, body);
        } else {
          EXPECT_THAT(std::string(level.path) + field,
                      ::testing::MatchesRegex("model|stream|stream_options.*"));
        }
      }
      ExpectRequestKept(std::string(level.before) + "\"y\":1" + level.after, {}, level.endpoint);
    }
  }
  EXPECT_GT(kept, 300);
}

}  // namespace
}  // namespace portolan::conformance
