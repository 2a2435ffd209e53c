// Nothing that a provider of the same dialect answers is lost or changed on its way to the caller.

#include <gmock/gmock.h>

#include "tests/conformance/fidelity.h"
#include "tests/support/strict_json.h"

namespace portolan::conformance {
namespace {

using ::testing::HasSubstr;
using AnswerFidelity = Fidelity;

const std::string kUnknown =
    R"("x_z":{"b":1,"a":[null,true,{"q":[]}]},"x_a":"\u00e9","x_m":[1,2.50,-0,123456789012345678901],"x_null":null)";

TEST_F(AnswerFidelity, UnknownMembersOfEveryObjectArriveInOrder) {
  const std::string& x = kUnknown;
  ExpectAnswerKept(
      R"({"x_0":0,"id":"c",)" + x + R"(,"choices":[{"index":0,"x_1":1,"message":{"role":"assistant",)" + x +
      R"(,"content":"ok","tool_calls":[{"id":"1",)" + x + R"(,"type":"function","function":{"name":"f",)" +
      x + R"(,"arguments":"{}"}}],"annotations":[{"type":"url_citation","url_citation":{"url":"u",)" + x +
      "}," + x + R"(}],"audio":{"id":"a",)" + x + "}}," + x +
      R"(,"logprobs":{"content":[{"token":"t","logprob":-0.1,)" + x +
      R"(,"top_logprobs":[{"token":"u","logprob":-9999.0,"bytes":null,)" + x + "}]}]," + x +
      R"(},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,)" + x +
      R"(,"prompt_tokens_details":{"cached_tokens":1,)" + x + R"(},"completion_tokens_details":{)" + x +
      "}}," + R"("x_9":9})");
  ExpectAnswerKept(
      R"({"id":"c",)" + x + R"(,"choices":[{"text":"t",)" + x + R"(,"logprobs":{"tokens":["a"],)" + x +
          R"(,"token_logprobs":[-0.5],"top_logprobs":[{"b":-1.0,"a":-2.50}],"text_offset":[0]}}],"usage":{)" +
          x + "}}",
      Endpoint::kCompletions);
  ExpectAnswerKept(
      R"({"object":"list",)" + x + R"(,"data":[{"index":0,)" + x + R"(,"embedding":[0.1,-0.0,5e-324,1]},)" +
          R"({"embedding":"AACAPw=="},{"embedding":[]},{"embedding":null}],"usage":{)" + x + "}}",
      Endpoint::kEmbeddings);
  ExpectAnswerKept(R"({"object":"list","data":[{"id":"a/b",)" + x + R"(,"created":0},{},{"x":1}],)" + x + "}",
                   Endpoint::kListModels);
  ExpectAnswerKept(R"({"id":"m",)" + x + R"(,"owned_by":""})", Endpoint::kGetModel);
}

TEST_F(AnswerFidelity, UnknownMembersOfEveryChunkArriveInOrder) {
  const std::string& x = kUnknown;
  ExpectEventsKept({
      R"({"x_0":0,"id":"c",)" + x + R"(,"choices":[]})",
      R"({"choices":[{"index":0,)" + x + R"(,"delta":{"role":"assistant",)" + x +
          R"(,"content":""},"finish_reason":null}]})",
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,)" + x +
          R"(,"id":"1","function":{"name":"f",)" + x +
          R"(,"arguments":""}}]},"logprobs":null}],"usage":null})",
      R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop",)" + x + "}]," + x + "}",
      R"({"choices":[],"usage":{"total_tokens":9223372036854775807,)" + x +
          R"(,"prompt_tokens_details":null},"obfuscation":""})",
  });
}

TEST_F(AnswerFidelity, NumbersAndTextsAreExact) {
  for (const char* number : {"0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808",
                             "18446744073709551615", "-9223372036854775809", "1e999", "0.5"}) {
    ExpectAnswerKept(R"({"created":)" + std::string(number) + R"(,"usage":{"total_tokens":)" + number +
                     R"(,"x":)" + number + "}}");
  }
  for (const char* number : {"5e-324", "-0.0", "0", "1e999", "1.7976931348623157e308", "0.1",
                             "-0.30000000000000004", "1e-7", "-9999.0"}) {
    ExpectAnswerKept(R"({"choices":[{"logprobs":{"content":[{"token":"t","logprob":)" + std::string(number) +
                     "}]}}]}");
    ExpectAnswerKept(R"({"data":[{"embedding":[)" + std::string(number) + "]}]}", Endpoint::kEmbeddings);
  }
  const std::string odd =
      R"("\"\\\/\b\f\n\r\t\u0000\u001f\u007F\u0080\u00e9é\u2028\ufeff\uffff\ud83d\ude00😀")";
  ExpectAnswerKept(R"({"id":)" + odd + R"(,"choices":[{"message":{"content":)" + odd + R"(,"refusal":)" +
                   odd + R"(,"tool_calls":[{"function":{"arguments":)" + odd + "}}]}}]," + odd + ":" + odd +
                   "}");
}

TEST_F(AnswerFidelity, LayoutAndEmptyAnswersArrive) {
  ExpectAnswerKept(" \r\n{ \"id\" :\t\"c\" ,\n\"choices\" : [ ] }\n\n");
  ExpectAnswerKept("{}");
  ExpectAnswerKept("{}", Endpoint::kListModels);
}

// A provider's answer never fails on its shape: whatever stands in whichever field reaches the caller.
struct Level {
  const char* before;
  const char* after;
  std::vector<const char*> fields;
};

std::vector<Level> Levels() {
  return {
      {R"({"x":1,)",
       "}",
       {"id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint",
        "moderation"}},
      {R"({"choices":[{"x":1,)",
       "}]}",
       {"index", "message", "logprobs", "finish_reason", "native_finish_reason", "stop_sequence"}},
      {R"({"choices":[{"message":{"x":1,)",
       "}}]}",
       {"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "audio", "function_call",
        "annotations", "reasoning_content", "content_blocks", "cache_control", "reasoning"}},
      {R"({"choices":[{"message":{"tool_calls":[{"x":1,)",
       "}]}}]}",
       {"id", "type", "function", "custom", "index"}},
      {R"({"usage":{"x":1,)",
       "}}",
       {"prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details",
        "completion_tokens_details", "cache_read_input_tokens"}},
      {R"({"choices":[{"logprobs":{"x":1,)", "}}]}", {"content", "refusal"}},
      {R"({"choices":[{"logprobs":{"content":[{"x":1,)",
       "}]}}]}",
       {"token", "logprob", "bytes", "top_logprobs"}},
  };
}

constexpr const char* kValues[] = {"null", "\"\"",  "[]",   "{}",     "0",         "-0.5",         "1e300",
                                   "true", "\"x\"", "[{}]", "[null]", "[1,\"a\"]", "{\"y\":null}", "[[]]"};

TEST_F(AnswerFidelity, AnyValueInAnyFieldArrives) {
  for (const Level& level : Levels()) {
    for (const char* field : level.fields) {
      for (const char* value : kValues) {
        ExpectAnswerKept(std::string(level.before) + "\"" + field + "\":" + value + level.after);
      }
    }
  }
}

TEST_F(AnswerFidelity, AnyValueInAnyFieldOfAChunkArrives) {
  const std::string end = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
  for (const char* value : kValues) {
    std::vector<std::string> events;
    for (const char* field : {"role", "content", "tool_calls", "refusal", "audio", "function_call",
                              "reasoning_content", "content_blocks", "reasoning", "annotations", "x"}) {
      events.push_back(R"({"choices":[{"delta":{")" + std::string(field) + "\":" + value + "}}]}");
    }
    for (const char* field : {"index", "delta", "logprobs", "finish_reason"}) {
      events.push_back(R"({"choices":[{")" + std::string(field) + "\":" + value + "}]}");
    }
    for (const char* field : {"id", "created", "choices", "usage", "obfuscation", "service_tier", "model"}) {
      events.push_back("{\"" + std::string(field) + "\":" + value + "}");
    }
    events.push_back(end);
    ExpectEventsKept(events);
  }
}

TEST_F(AnswerFidelity, WhatJsonAllowsButMessagesCannotHoldIsRelayedUntouched) {
  const std::string odd[] = {
      R"({"id":"a","id":"b","choices":[{"index":0,"index":1}],"x":1,"x":2})",
      R"({"id":"\ud800","choices":[{"message":{"content":"\udc00 \ud83d"}}]})",
  };
  for (const std::string& answer : odd) {
    const Outcome rest =
        ways().Call(Way::kSpliced, {.body = R"({"model":"m"})"}, test::RespondJson(200, answer));
    EXPECT_EQ(rest.status, 200);
    EXPECT_EQ(rest.answer, answer);
    EXPECT_EQ(ways().Call(Way::kGrpc, {.body = R"({"model":"m"})"}, test::RespondJson(200, answer)).status,
              200);
  }
  const Sent sent{.body = R"({"model":"m"})"};
  EXPECT_EQ(ways().Call(Way::kGrpc, sent, test::RespondJson(200, odd[0])).answer,
            R"({"id":"b","choices":[{"index":1}],"x":2})");
  EXPECT_EQ(
      ways().Call(Way::kGrpc, sent, test::RespondJson(200, odd[1])).answer,
      "{\"id\":\"\xef\xbf\xbd\",\"choices\":[{\"message\":{\"content\":\"\xef\xbf\xbd \xef\xbf\xbd\"}}]}");
}

TEST_F(AnswerFidelity, AnErrorUnderAGoodStatusIsAnErrorWithTheProvidersBody) {
  const std::string body =
      R"({"error" : {"message":"overloaded","code":429,"metadata":{"raw":"\u00e9"}}, "user_id":"u"})";
  for (const bool stream : {false, true}) {
    const Sent sent{.body = stream ? R"({"model":"m","stream":true})" : R"({"model":"m"})", .stream = stream};
    for (const Way way : kAllWays) {
      SCOPED_TRACE(std::string(ToString(way)) + (stream ? ", a stream asked for" : ""));
      const Outcome outcome = ways().Call(way, sent, test::RespondJson(200, body));
      if (way == Way::kGrpc) {
        EXPECT_EQ(outcome.status, -8);  // RESOURCE_EXHAUSTED, as of a 429
        EXPECT_EQ(outcome.answer, "overloaded");
        continue;
      }
      EXPECT_EQ(outcome.status, 429);
      EXPECT_EQ(outcome.answer, body);
      EXPECT_THAT(outcome.headers,
                  ::testing::Contains(::testing::Pair("x-portolan-error", HasSubstr("provider"))));
    }
  }
}

TEST_F(AnswerFidelity, WhatIsNoAnswerIsNoneByAnyWay) {
  for (const char* body : {"", "null", "[]", "\"x\"", "{\"id\":\"c\"", "{\"id\":\"c\"}}", "{\"x\":nul}",
                           "<html></html>", "{\"x\":\"\xff\"}", "{\"a\":01}"}) {
    for (const Way way : kAllWays) {
      SCOPED_TRACE(std::string(ToString(way)) + ": " + body);
      const Outcome outcome = ways().Call(way, {.body = R"({"model":"m"})"}, test::RespondJson(200, body));
      EXPECT_EQ(outcome.status, way == Way::kGrpc ? -14 : 502) << outcome.answer;
      EXPECT_THAT(outcome.answer, HasSubstr("the provider's answer"));
    }
  }
}

TEST_F(AnswerFidelity, AnswersNestAsDeepAsTheLimitAndNoDeeper) {
  for (const int depth : {100, 127}) {
    ExpectAnswerKept(R"({"x":)" + std::string(static_cast<size_t>(depth), '[') +
                     std::string(static_cast<size_t>(depth), ']') + "}");
  }
  for (const int depth : {128, 100'000}) {
    const std::string answer = R"({"x":)" + std::string(static_cast<size_t>(depth), '[') +
                               std::string(static_cast<size_t>(depth), ']') + "}";
    for (const Way way : kAllWays) {
      const Outcome outcome = ways().Call(way, {.body = R"({"model":"m"})"}, test::RespondJson(200, answer));
      EXPECT_EQ(outcome.status, way == Way::kGrpc ? -14 : 502) << ToString(way);
    }
  }
}

}  // namespace
}  // namespace portolan::conformance
