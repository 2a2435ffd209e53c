#include "tests/conformance/fidelity.h"

#include <gmock/gmock.h>

#include "tests/support/strict_json.h"

namespace portolan::conformance {

using test::Difference;
using test::JsonNode;
using ::testing::HasSubstr;

Ways& Fidelity::ways() {
  static auto* ways = new Ways;
  return *ways;
}

test::Script Fidelity::PlainAnswer(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kChat:
      return test::RespondJson(
          200, R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"ok"}}]})");
    case Endpoint::kCompletions:
      return test::RespondJson(200, R"({"id":"c","choices":[{"index":0,"text":"ok"}]})");
    default:
      return test::RespondJson(200, R"({"object":"list","data":[]})");
  }
}

void Fidelity::ExpectRequestKept(const std::string& body, const std::vector<std::string>& verbatim,
                                 Endpoint endpoint) {
  for (const Way way : kAllWays) {
    SCOPED_TRACE(std::string(ToString(way)) + ": " + body.substr(0, 300));
    const Outcome outcome = ways().Call(way, {.endpoint = endpoint, .body = body}, PlainAnswer(endpoint));
    EXPECT_EQ(outcome.status, 200) << outcome.answer;
    ASSERT_TRUE(outcome.reached);
    if (way == Way::kSpliced) {
      EXPECT_EQ(outcome.seen, body);
    } else {
      EXPECT_EQ(Difference(body, outcome.seen, &KnownNames()), "") << outcome.seen.substr(0, 1000);
    }
    for (const std::string& text : verbatim) EXPECT_THAT(outcome.seen, HasSubstr(text));
  }
}

void Fidelity::ExpectAnswerKept(const std::string& answer, Endpoint endpoint) {
  Sent sent{.endpoint = endpoint, .body = R"({"model":"m"})", .model = "m"};
  if (endpoint == Endpoint::kListModels || endpoint == Endpoint::kGetModel) sent.body.clear();
  for (const Way way : kAllWays) {
    SCOPED_TRACE(std::string(ToString(way)) + ": " + answer.substr(0, 300));
    const Outcome outcome = ways().Call(way, sent, test::RespondJson(200, answer));
    ASSERT_EQ(outcome.status, 200) << outcome.answer;
    if (way == Way::kGrpc) {
      EXPECT_EQ(Difference(answer, outcome.answer, &KnownNames()), "") << outcome.answer.substr(0, 1000);
    } else {
      EXPECT_EQ(outcome.answer, answer);
    }
  }
}

void Fidelity::ExpectEventsKept(const std::vector<std::string>& events) {
  std::string stream;
  for (const std::string& event : events) stream += "data: " + event + "\n\n";
  stream += "data: [DONE]\n\n";
  const Sent sent{.body = R"({"model":"m","stream":true})", .stream = true};
  for (const Way way : kAllWays) {
    SCOPED_TRACE(std::string(ToString(way)) + ": " + stream.substr(0, 300));
    const Outcome outcome =
        ways().Call(way, sent, test::RespondChunked(200, {stream}, {{"content-type", "text/event-stream"}}));
    ASSERT_EQ(outcome.status, 200) << outcome.answer;
    if (way != Way::kGrpc) {
      EXPECT_EQ(outcome.answer, stream);
      continue;
    }
    ASSERT_EQ(outcome.events.size(), events.size());
    for (size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(Difference(events[i], outcome.events[i], &KnownNames()), "") << outcome.events[i];
    }
  }
}

void Fidelity::ExpectRefused(const std::string& body, std::string_view message, std::string_view param) {
  for (const Way way : {Way::kSpliced, Way::kReencoded}) {
    SCOPED_TRACE(std::string(ToString(way)) + ": " + body.substr(0, 300));
    const Outcome outcome =
        ways().Call(way, {.body = body, .provider = "anthropic"}, PlainAnswer(Endpoint::kChat));
    EXPECT_EQ(outcome.status, 400) << outcome.answer;
    EXPECT_FALSE(outcome.reached);
    const auto answer = test::ParseJson(outcome.answer);
    const JsonNode* said = answer ? answer->At("error", "message") : nullptr;
    ASSERT_NE(said, nullptr) << outcome.answer;
    EXPECT_EQ(said->text, message);
    if (!param.empty()) {
      EXPECT_EQ(answer->At("error", "param")->text, param);
    }
    EXPECT_EQ(answer->At("error", "type")->text, "invalid_request_error");
  }
}

}  // namespace portolan::conformance
