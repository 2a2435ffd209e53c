// Guardrails that ask the network on their way through a text: who is asked when, and what is made of it.

#include "server/guardrails/guardrail_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "server/guardrails/json_schema.h"
#include "server/guardrails/streamed_answer.h"
#include "server/guardrails/window.h"
#include "tests/support/signing_key.h"

namespace portolan::guardrails {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A text, as the JSON object {"text": …}.
class OneText final : public Body {
 public:
  explicit OneText(std::string* text) : text_(*text) {}
  std::string Json() const override { return json{{"text", text_}}.dump(); }
  bool Replace(std::string_view given, View* view) override {
    const auto object = ParseJson(given);
    if (!object || !object->contains("text")) return false;
    text_ = (*object)["text"].get<std::string>();
    *view = View(&text_);
    return true;
  }

 private:
  std::string& text_;
};

struct Ran {
  GuardrailResult result;
  std::string text;
  // The questions of each round, by their URLs, and what they told.
  std::vector<std::vector<std::string>> rounds;
  std::vector<std::string> bodies;
  std::vector<std::string> posts;
  std::vector<Question> questions;
};

using Answer = std::function<Reply(const Question&)>;

Ran RunOn(const std::string& guardrail_json, const std::string& name, std::string text, const Answer& answer,
          std::vector<HeaderField> headers = {}) {
  Problem problem;
  auto guardrail = ReadGuardrail(*ParseJson(guardrail_json), "g", &problem);
  EXPECT_TRUE(guardrail) << problem.path << ": " << problem.message;
  guardrail->name = name;
  Ran ran;
  View view(&text);
  OneText body(&text);
  Subject subject;
  subject.unix_seconds = 1'800'000'000;
  subject.headers = std::move(headers);
  const CallFacts facts{"m", "chatComplete", nullptr};
  GuardrailRun run(*guardrail, {&facts, &view, &subject, &body});
  for (std::vector<Question> asked = run.Go(); !asked.empty(); asked = run.Go()) {
    std::vector<Reply> replies;
    ran.rounds.emplace_back();
    for (const Question& question : asked) {
      ran.rounds.back().push_back(question.url);
      ran.bodies.push_back(question.body);
      ran.questions.push_back(question);
      replies.push_back(answer(question));
    }
    run.Take(replies);
  }
  for (const BesidePost& post : run.TakePosts()) ran.posts.push_back(post.question.body);
  ran.result = run.TakeResult();
  ran.text = text;
  return ran;
}

Reply Yes(const Question&) { return {.status = 200, .body = R"({"verdict":true})"}; }

std::string Hook(const std::string& name) {
  return R"({"id":"webhook","parameters":{"webhookURL":"http://)" + name + R"("}})";
}
std::string Checks(const std::string& list, const std::string& more = "") {
  return R"({"checks":[)" + list + "]" + more + "}";
}
constexpr char kRedact[] = R"({"id":"regexReplace","parameters":{"rule":"secret","redactText":"[X]"}})";

TEST(GuardrailRun, AsksNeighboursAtOnce) {
  const Ran ran = RunOn(Checks(Hook("a") + "," + Hook("b")), "", "hi", Yes);
  EXPECT_THAT(ran.rounds, ElementsAre(ElementsAre("http://a", "http://b")));
  EXPECT_TRUE(ran.result.passes);
  EXPECT_EQ(ran.result.checks.size(), 2U);
}

TEST(GuardrailRun, AsksOneByOneIfItIsSequential) {
  const Ran ran = RunOn(Checks(Hook("a") + "," + Hook("b"), R"(,"sequential":true)"), "", "hi", Yes);
  EXPECT_THAT(ran.rounds, ElementsAre(ElementsAre("http://a"), ElementsAre("http://b")));
}

// A config may have hundreds of them, and a call much to tell.
TEST(GuardrailRun, AsksNotTooManyAtOnce) {
  std::string many = Hook("a");
  for (int i = 1; i < 100; ++i) many += "," + Hook("a");
  const Ran ran = RunOn(Checks(many), "", "hi", Yes);
  EXPECT_EQ(ran.result.checks.size(), 100U);
  EXPECT_EQ(ran.rounds.size(), 4U);
  EXPECT_EQ(ran.rounds[0].size(), 32U);
  const Ran large =
      RunOn(Checks(Hook("a") + "," + Hook("b") + "," + Hook("c")), "", std::string(5u << 20, 'x'), Yes);
  EXPECT_THAT(large.rounds, ElementsAre(ElementsAre("http://a", "http://b"), ElementsAre("http://c")));
}

// What is taken out before is not told.
TEST(GuardrailRun, GoesThroughItsListInOrder) {
  const Ran ran = RunOn(Checks(Hook("a") + "," + kRedact + "," + Hook("b")), "", "a secret", Yes);
  EXPECT_THAT(ran.rounds, ElementsAre(ElementsAre("http://a"), ElementsAre("http://b")));
  EXPECT_THAT(ran.bodies[0], HasSubstr("a secret"));
  EXPECT_THAT(ran.bodies[1], HasSubstr("a [X]"));
  EXPECT_THAT(ran.bodies[1], testing::Not(HasSubstr("secret")));
  EXPECT_EQ(json::parse(ran.bodies[1])["request"]["isTransformed"], true);
  EXPECT_EQ(ran.text, "a [X]");
}

// None undoes another's work: who has judged what is no more is asked anew.
TEST(GuardrailRun, ChangesOfSeveralAddUp) {
  const Answer add = [](const Question& question) {
    const json told = json::parse(question.body);
    const json changed = {{"text", told["request"]["text"].get<std::string>() + question.url.back()}};
    const json answer = {{"verdict", true}, {"transformedData", {{"request", {{"json", changed}}}}}};
    return Reply{.status = 200, .body = answer.dump()};
  };
  const Ran ran = RunOn(Checks(Hook("a") + "," + Hook("b") + "," + Hook("c")), "", "", add);
  EXPECT_EQ(ran.text, "abc");
  EXPECT_THAT(ran.rounds, ElementsAre(ElementsAre("http://a", "http://b", "http://c"),
                                      ElementsAre("http://b"), ElementsAre("http://c")));
  EXPECT_TRUE(ran.result.transformed);
  EXPECT_TRUE(ran.result.checks[2].transformed);
}

TEST(GuardrailRun, ALocalCheckSeesWhatAWebhookHasChanged) {
  const Answer answer = [](const Question&) {
    return Reply{.status = 200,
                 .body = R"({"verdict":true,"transformedData":{"request":{"json":{"text":"a secret"}}}})"};
  };
  EXPECT_EQ(RunOn(Checks(Hook("a") + "," + kRedact), "", "hi", answer).text, "a [X]");
}

TEST(GuardrailRun, WhatIsNoneOfItsKindIsAnError) {
  const Answer answer = [](const Question&) {
    return Reply{.status = 200, .body = R"({"verdict":true,"transformedData":{"request":{"json":{"x":1}}}})"};
  };
  const Ran ran = RunOn(Checks(Hook("a")), "", "hi", answer);
  EXPECT_EQ(ran.result.checks[0].finding.verdict, Verdict::kError);
  EXPECT_FALSE(ran.result.passes);
  EXPECT_EQ(ran.text, "hi");
}

TEST(GuardrailRun, BesideTheCallNothingIsChanged) {
  const Answer answer = [](const Question&) {
    return Reply{.status = 200,
                 .body = R"({"verdict":true,"transformedData":{"request":{"json":{"text":"x"}}}})"};
  };
  EXPECT_EQ(RunOn(Checks(Hook("a"), R"(,"async":true)"), "", "hi", answer).text, "hi");
}

TEST(GuardrailRun, ErrorsFailUnlessTheyMayPass) {
  const Answer down = [](const Question&) { return Reply{.failure = "it refuses connections"}; };
  EXPECT_FALSE(RunOn(Checks(Hook("a")), "", "hi", down).result.passes);
  EXPECT_TRUE(
      RunOn(R"({"webhook":{"webhookURL":"http://a","failOnError":false}})", "", "hi", down).result.passes);
}

// Those of the operator's file have names, and are trusted; texts never are.
TEST(GuardrailRun, TrustsTheOperatorsUrls) {
  const std::string both = Checks(Hook("a") + R"(,{"id":"validUrls"})");
  const Ran callers = RunOn(both, "", "http://u", Yes);
  ASSERT_EQ(callers.questions.size(), 2U);
  EXPECT_TRUE(callers.questions[0].is_untrusted);
  EXPECT_TRUE(callers.questions[1].is_untrusted);
  const Ran operators = RunOn(both, "named", "http://u", Yes);
  EXPECT_FALSE(operators.questions[0].is_untrusted);
  EXPECT_TRUE(operators.questions[1].is_untrusted);
}

TEST(GuardrailRun, LogsPassAndAreHandedOut) {
  const std::string log = R"({"id":"log","parameters":{"logURL":"http://l"}})";
  const Ran ran = RunOn(Checks(std::string(kRedact) + "," + log), "", "a secret", Yes);
  EXPECT_TRUE(ran.rounds.empty());
  ASSERT_EQ(ran.posts.size(), 1U);
  EXPECT_THAT(ran.posts[0], HasSubstr("a [X]"));
  EXPECT_TRUE(ran.result.passes);
  EXPECT_TRUE(ran.result.checks[1].is_beside);
  EXPECT_FALSE(ran.result.checks[0].is_beside);

  // Once, and what there is in the end.
  const Answer change = [](const Question&) {
    return Reply{.status = 200,
                 .body = R"({"verdict":true,"transformedData":{"request":{"json":{"text":"x"}}}})"};
  };
  const Ran changed = RunOn(Checks(Hook("a") + "," + log), "", "hi", change);
  ASSERT_EQ(changed.posts.size(), 1U);
  EXPECT_EQ(json::parse(changed.posts[0])["request"]["text"], "x");
}

TEST(GuardrailRun, AsksOnceMoreForFreshKeys) {
  const test::SigningKey key = test::SigningKey::Ec("P-256");
  const std::string token = key.Token("ES256", "new", R"({"iat":1800000000})");
  const Answer answer = [&](const Question& question) {
    const bool fresh = question.max_age <= std::chrono::seconds(30);
    return Reply{.status = 200,
                 .body = test::KeySet(key.Jwk(fresh ? "new" : "old")),
                 .age = std::chrono::seconds(fresh ? 0 : 3600)};
  };
  const std::string guardrail = Checks(R"({"id":"jwt","parameters":{"jwksUri":"http://k"}})");
  const Ran ran = RunOn(guardrail, "", "hi", answer, {{"authorization", token}});
  EXPECT_EQ(ran.rounds.size(), 2U);
  EXPECT_TRUE(ran.result.passes);
  // No more than that.
  const Answer stale = [&](const Question&) {
    return Reply{.status = 200, .body = test::KeySet(key.Jwk("old")), .age = std::chrono::seconds(3600)};
  };
  const Ran still = RunOn(guardrail, "", "hi", stale, {{"authorization", token}});
  EXPECT_EQ(still.rounds.size(), 2U);
  EXPECT_EQ(still.result.checks[0].finding.verdict, Verdict::kFail);
}

TEST(GuardrailRun, WithoutItNobodyIsAsked) {
  Problem problem;
  const auto guardrail = ReadGuardrail(*ParseJson(Checks(Hook("a"))), "g", &problem);
  std::string text = "hi";
  View view(&text);
  const GuardrailResult result = RunGuardrail(*guardrail, {}, &view);
  EXPECT_FALSE(result.passes);
  EXPECT_THAT(result.checks[0].finding.data["explanation"].get<std::string>(), HasSubstr("was not asked"));
}

// Who is asked is asked once: a window would be of no use.
TEST(GuardrailRun, HoldsNoWindow) {
  for (const std::string& more : {std::string(), std::string(R"(,"stream":"window")")}) {
    Problem problem;
    const auto guardrail =
        ReadGuardrail(*ParseJson(Checks(Hook("a") + R"(,{"id":"portolan.pii"})", more)), "g", &problem);
    ASSERT_TRUE(guardrail) << problem.message;
    EXPECT_FALSE(HoldOf(*guardrail)) << more;
  }
}

TEST(StreamedAnswer, IsToldAsACompletion) {
  using Kind = Lane::Kind;
  StreamedAnswer answer({{{0, Kind::kReasoning, 0}, "hm"},
                         {{0, Kind::kText, 0}, "hi"},
                         {{0, Kind::kCallName, 7}, "f"},
                         {{0, Kind::kCallArguments, 7}, "{}"},
                         {{0, Kind::kCustomInput, 9}, "x"},
                         {{4, Kind::kText, 0}, "ho"}});
  EXPECT_EQ(json::parse(answer.Json()),
            json::parse(R"({"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",)"
                        R"("content":"hi","reasoning":"hm","tool_calls":[{"type":"function","function":{)"
                        R"("name":"f","arguments":"{}"}},{"type":"custom","custom":{"input":"x"}}]}},)"
                        R"({"index":4,"message":{"role":"assistant","content":"ho"}}]})"));
  View view = answer.MakeView();
  ASSERT_EQ(view.WhatIsDemandedOf().size(), 2U);
  // Texts that are there may change; what is left out stays.
  EXPECT_TRUE(answer.Replace(
      R"({"choices":[{"message":{"content":"HI","tool_calls":[{"function":{"arguments":null}}]}}]})", &view));
  EXPECT_EQ(answer.text(0), "hm");
  EXPECT_EQ(answer.text(1), "HI");
  EXPECT_EQ(answer.text(2), "f");
  EXPECT_EQ(answer.text(3), "");
  EXPECT_EQ(answer.text(5), "ho");
  EXPECT_EQ(view.WhatIsDemandedOf()[0].text, "HI");
  EXPECT_FALSE(answer.Replace(R"({"choices":[{"message":{"content":["a"]}}]})", &view));
  EXPECT_FALSE(answer.Replace("[]", &view));
  EXPECT_EQ(answer.text(1), "HI");
  EXPECT_EQ(json::parse(StreamedAnswer({}).Json())["choices"], json::array());
}

}  // namespace
}  // namespace portolan::guardrails
