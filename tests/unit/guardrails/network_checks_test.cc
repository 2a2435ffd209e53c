// Checks that ask the network: what they ask, and what they make of the answers. What is posted and answered
// is Portkey's (plugins/default/webhook.ts and src/middlewares/hooks of its gateway 1.15.2), but where
// docs/guardrails.md says otherwise.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/guardrails/found_urls.h"
#include "server/guardrails/json_schema.h"
#include "server/guardrails/question.h"
#include "server/guardrails/webhook.h"
#include "tests/support/signing_key.h"

namespace portolan::guardrails {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Check MadeCheck(const std::string& id, const std::string& parameters) {
  Problem problem;
  auto check = MakeCheck(id, *ParseJson(parameters), "p", &problem);
  EXPECT_TRUE(check && check->network) << id << parameters << ": " << problem.path << ": " << problem.message;
  return check ? *check : Check{};
}

std::vector<Question> Asks(const Check& check, const Subject& subject) {
  Asked asked = check.network->ask(subject);
  auto* const questions = std::get_if<std::vector<Question>>(&asked);
  EXPECT_NE(questions, nullptr);
  return questions == nullptr ? std::vector<Question>() : *questions;
}

Finding FindsUnasked(const Check& check, const Subject& subject) {
  Asked asked = check.network->ask(subject);
  auto* const finding = std::get_if<Finding>(&asked);
  EXPECT_NE(finding, nullptr);
  return finding == nullptr ? Finding{} : *finding;
}

Judgement JudgeOne(const Check& check, const Subject& subject, const Reply& reply) {
  return check.network->judge(subject, {&reply, 1});
}

Reply Answered(const std::string& body, int status = 200) { return {.status = status, .body = body}; }

Subject SomeSubject() {
  Subject subject;
  subject.request.json = R"({"model": "m",  "messages":[]})";
  subject.request.text = "say \"hi\"\n";
  subject.is_stream = true;
  subject.provider = "openai";
  subject.request_type = "chatComplete";
  subject.metadata = {{"team", "a"}};
  return subject;
}

Subject OfText(const std::string& text) {
  Subject subject;
  subject.demanded.push_back({text});
  return subject;
}

TEST(WebhookCheck, PostsWhatPortkeyPosts) {
  const Check check =
      MadeCheck("webhook", R"({"webhookURL":"https://h.example/x?y=1","headers":{"X-Key":"k"},)"
                           R"("timeout":500})");
  const std::vector<Question> asked = Asks(check, SomeSubject());
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].method, "POST");
  EXPECT_EQ(asked[0].url, "https://h.example/x?y=1");
  EXPECT_EQ(asked[0].timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(asked[0].max_answer, 1U << 20);
  EXPECT_EQ(asked[0].max_age.count(), 0);
  ASSERT_EQ(asked[0].headers.size(), 2U);
  EXPECT_EQ(asked[0].headers[0].name, "x-key");
  EXPECT_EQ(asked[0].headers[0].value, "k");
  EXPECT_EQ(asked[0].headers[1].name, "content-type");
  EXPECT_EQ(json::parse(asked[0].body),
            json::parse(R"({"request":{"json":{"model":"m","messages":[]},"text":"say \"hi\"\n",)"
                        R"("isStreamingRequest":true,"isTransformed":false},"response":{"json":{},"text":"",)"
                        R"("statusCode":null,"isTransformed":false},"provider":"openai",)"
                        R"("requestType":"chatComplete","metadata":{"team":"a"},)"
                        R"("eventType":"beforeRequestHook"})"));
  // In the bytes in which it came.
  EXPECT_THAT(asked[0].body, HasSubstr(R"({"model": "m",  "messages":[]})"));
}

TEST(WebhookCheck, PostsTheAnswerWithItsRequest) {
  Subject subject = SomeSubject();
  subject.is_answer = true;
  subject.request.is_transformed = true;
  subject.response = {R"({"choices":[]})", "hi", true};
  subject.metadata = nullptr;
  const Check check = MadeCheck("webhook", R"({"webhookURL":"http://h"})");
  const json body = json::parse(Asks(check, subject)[0].body);
  EXPECT_EQ(body["request"]["isTransformed"], true);
  EXPECT_EQ(body["response"],
            json::parse(R"({"json":{"choices":[]},"text":"hi","statusCode":200,"isTransformed":true})"));
  EXPECT_EQ(body["eventType"], "afterRequestHook");
  EXPECT_EQ(body["metadata"], json::object());
  // What is no JSON is told as a text alone.
  subject.response.json.clear();
  EXPECT_EQ(json::parse(Asks(check, subject)[0].body)["response"]["json"], nullptr);
}

TEST(WebhookCheck, TellsNoMoreThanItMay) {
  Subject subject = SomeSubject();
  subject.request.json = "\"" + std::string(17u << 20, 'a') + "\"";
  EXPECT_EQ(FindsUnasked(MadeCheck("webhook", R"({"webhookURL":"http://h"})"), subject).verdict,
            Verdict::kError);
}

TEST(WebhookCheck, TakesItsVerdict) {
  const Check check = MadeCheck("webhook", R"({"webhookURL":"http://h"})");
  struct Case {
    Reply reply;
    Verdict verdict;
    std::string says;
  };
  const std::vector<Case> cases = {
      {Answered(R"({"verdict":true})"), Verdict::kPass, "yes"},
      {Answered(R"({"verdict":false,"data":{"why":1}})"), Verdict::kFail, "no"},
      {Answered(R"({"verdict":true})", 204), Verdict::kPass, "yes"},
      {Answered(R"({"verdict":true,"transformedData":null,"novel":[{}]})"), Verdict::kPass, "yes"},
      {Answered("{}"), Verdict::kError, "no verdict"},
      {Answered(R"({"verdict":"true"})"), Verdict::kError, "no verdict"},
      {Answered(R"({"verdict":1})"), Verdict::kError, "no verdict"},
      {Answered(R"({"verdict":null})"), Verdict::kError, "no verdict"},
      {Answered(""), Verdict::kError, "no JSON object"},
      {Answered("true"), Verdict::kError, "no JSON object"},
      {Answered(R"([{"verdict":true}])"), Verdict::kError, "no JSON object"},
      {Answered(R"({"verdict":true)"), Verdict::kError, "no JSON object"},
      {Answered(R"({"verdict":true} x)"), Verdict::kError, "no JSON object"},
      {Answered("<html>"), Verdict::kError, "no JSON object"},
      {Answered(std::string(100'000, '[')), Verdict::kError, "no JSON object"},
      {Answered(R"({"verdict":true,"transformedData":{"request":{"json":"text"}}})"), Verdict::kError,
       "another form"},
      {Answered(R"({"verdict":true,"transformedData":[]})"), Verdict::kError, "another form"},
      {Answered(R"({"verdict":true})", 500), Verdict::kError, "status 500"},
      {Answered(R"({"verdict":true})", 302), Verdict::kError, "status 302"},
      {{.failure = "it refuses connections"}, Verdict::kError, "it refuses connections"},
  };
  for (const Case& one : cases) {
    const Judgement judged = JudgeOne(check, SomeSubject(), one.reply);
    EXPECT_EQ(judged.finding.verdict, one.verdict) << one.reply.body.substr(0, 80);
    EXPECT_THAT(judged.finding.data["explanation"].get<std::string>(), HasSubstr(one.says));
    EXPECT_FALSE(judged.replacement);
    EXPECT_FALSE(judged.fresher);
  }
  const json data = JudgeOne(check, SomeSubject(), cases[1].reply).finding.data;
  EXPECT_EQ(data["responseData"], json::parse(R"({"why":1})"));
}

TEST(WebhookCheck, MayReplaceWhatItLooksAt) {
  const Check check = MadeCheck("webhook", R"({"webhookURL":"http://h"})");
  const Reply reply = Answered(
      R"({"verdict":true,"transformedData":{"request":{"json":{"a": 1.0}},"response":{"json":{"b":  2}}}})");
  Subject subject = SomeSubject();
  // In its bytes.
  EXPECT_EQ(JudgeOne(check, subject, reply).replacement, R"({"a": 1.0})");
  subject.is_answer = true;
  EXPECT_EQ(JudgeOne(check, subject, reply).replacement, R"({"b":  2})");
  EXPECT_FALSE(
      JudgeOne(check, subject,
               Answered(R"({"verdict":true,"transformedData":{"request":{"json":{}},"response":null}})"))
          .replacement);
  EXPECT_TRUE(check.changes());
}

TEST(LogCheck, IsPostedBesideTheCall) {
  const Check check = MadeCheck("log", R"({"logURL":"http://h/log","headers":"{\"a\":\"b\"}"})");
  EXPECT_TRUE(check.network->is_beside);
  EXPECT_FALSE(check.changes());
  const std::vector<Question> asked = Asks(check, SomeSubject());
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].method, "POST");
  EXPECT_EQ(asked[0].headers[0].name, "a");
  EXPECT_EQ(asked[0].body, WebhookBody(SomeSubject()));
  EXPECT_EQ(JudgeOne(check, {}, Answered("")).finding.verdict, Verdict::kPass);
  EXPECT_EQ(JudgeOne(check, {}, Answered("", 404)).finding.verdict, Verdict::kError);
  EXPECT_EQ(JudgeOne(check, {}, {.failure = "no"}).finding.verdict, Verdict::kError);
}

TEST(UrlsCheck, FindsUrlsInTexts) {
  const auto found = [](const std::string& text) { return FindUrls(text, 21); };
  EXPECT_THAT(found("see https://a.example/x?y=1#z. And http://b.example, too!"),
              ElementsAre("https://a.example/x?y=1#z", "http://b.example"));
  EXPECT_THAT(
      found("[a](https://a.example/x) <https://b.example> \"https://c.example\" `https://d.example`"),
      ElementsAre("https://a.example/x", "https://b.example", "https://c.example", "https://d.example"));
  EXPECT_THAT(found("(https://a.example/x_(y))"), ElementsAre("https://a.example/x_(y))"));
  EXPECT_THAT(found("https://a.example https://a.example"), ElementsAre("https://a.example"));
  EXPECT_THAT(found("https://a.example/\u00e9"), ElementsAre("https://a.example/%C3%A9"));
  EXPECT_THAT(found("http https:// ftp://a.example http//"), IsEmpty());
  std::string many;
  for (int i = 0; i < 100; ++i) many += "http://h" + std::to_string(i) + " ";
  EXPECT_EQ(FindUrls(many, 21).size(), 21U);
  // What is no URL takes no time.
  EXPECT_EQ(found("http://a" + std::string(1 << 20, ')')).size(), 1U);
  EXPECT_THAT(found("http://" + std::string(1 << 20, '.')), IsEmpty());
}

TEST(UrlsCheck, AsksEachOnce) {
  const Check check = MadeCheck("validUrls", "{}");
  EXPECT_EQ(check.looks, Looks::kAtTheLast);
  const std::vector<Question> asked =
      Asks(check, OfText("https://a.example/x http://b.example https://a.example/x"));
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].method, "HEAD");
  EXPECT_EQ(asked[0].url, "https://a.example/x");
  // Whoever's guardrail it is: a text names the URL.
  EXPECT_TRUE(asked[0].is_untrusted);
  EXPECT_FALSE(asked[0].needs_body);
  EXPECT_EQ(asked[0].timeout, std::chrono::seconds(3));
  EXPECT_EQ(Asks(MadeCheck("validUrls", R"({"onlyDNS":true})"), OfText("http://b.example"))[0].method, "");
}

TEST(UrlsCheck, PassesIfThereAreUrlsAndAllAnswer) {
  const Check check = MadeCheck("validUrls", "{}");
  const Check negated = MadeCheck("validUrls", R"({"not":true})");
  const Subject two = OfText("https://a.example http://b.example");
  const auto judged = [&](const Check& by, int first, int second) {
    const std::vector<Reply> replies = {Answered("", first), Answered("", second)};
    return by.network->judge(two, replies).finding;
  };
  EXPECT_EQ(judged(check, 200, 204).verdict, Verdict::kPass);
  EXPECT_EQ(judged(negated, 200, 204).verdict, Verdict::kFail);
  EXPECT_EQ(judged(check, 200, 404).verdict, Verdict::kFail);
  EXPECT_EQ(judged(negated, 200, 404).verdict, Verdict::kPass);
  EXPECT_EQ(judged(check, 200, 301).verdict, Verdict::kFail);
  EXPECT_EQ(judged(check, 200, 404).data["validURLs"], json::array({"https://a.example"}));
  EXPECT_EQ(judged(check, 200, 404).data["invalidURLs"], json::array({"http://b.example"}));
  const std::vector<Reply> unknown = {Answered("", 200), {.failure = "its host is not known"}};
  EXPECT_EQ(check.network->judge(two, unknown).finding.verdict, Verdict::kFail);

  EXPECT_EQ(FindsUnasked(check, OfText("no URL")).verdict, Verdict::kFail);
  EXPECT_EQ(FindsUnasked(negated, OfText("no URL")).verdict, Verdict::kPass);
  EXPECT_EQ(FindsUnasked(check, {}).verdict, Verdict::kPass);
  // Each choice of an answer must have some.
  Subject choices = OfText("https://a.example");
  choices.demanded.push_back({"none"});
  EXPECT_EQ(JudgeOne(check, choices, Answered("")).finding.verdict, Verdict::kFail);
  Subject calls;
  calls.demanded.push_back({"", true});
  EXPECT_EQ(FindsUnasked(check, calls).verdict, Verdict::kPass);
  std::string many;
  for (int i = 0; i < 21; ++i) many += "http://h" + std::to_string(i) + " ";
  EXPECT_EQ(FindsUnasked(check, OfText(many)).verdict, Verdict::kError);
}

TEST(UrlsCheck, NamesNeedNoMoreThanAnAddress) {
  const Check check = MadeCheck("validUrls", R"({"onlyDNS":true})");
  EXPECT_EQ(JudgeOne(check, OfText("http://a.example"), {}).finding.verdict, Verdict::kPass);
  EXPECT_EQ(JudgeOne(check, OfText("http://a.example"), {.failure = "its host is not known"}).finding.verdict,
            Verdict::kFail);
}

class TokenChecks : public ::testing::Test {
 protected:
  static constexpr int64_t kTime = 1'800'000'000;

  Subject Bringing(const std::string& value, const std::string& header = "authorization") {
    Subject subject;
    subject.headers = {{header, value}};
    subject.unix_seconds = kTime;
    return subject;
  }
  std::string Token(const std::string& kid = "k") const {
    return key_.Token("ES256", kid, R"({"iat":)" + std::to_string(kTime) + "}");
  }

  const test::SigningKey key_ = test::SigningKey::Ec("P-256");
  const Check check_ = MadeCheck("jwt", R"({"jwksUri":"https://id.example/keys"})");
};

TEST_F(TokenChecks, AskForTheKeys) {
  const std::vector<Question> asked = Asks(check_, Bringing("Bearer " + Token()));
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].method, "GET");
  EXPECT_EQ(asked[0].url, "https://id.example/keys");
  EXPECT_EQ(asked[0].max_age, std::chrono::hours(24));
  EXPECT_EQ(asked[0].body, "");
  EXPECT_EQ(check_.network->header, "authorization");
  EXPECT_FALSE(check_.network->tells_bodies);
  const Check other = MadeCheck("jwt", R"({"jwksUri":"http://h","headerKey":"X-Token","cacheMaxAge":60})");
  EXPECT_EQ(other.network->header, "x-token");
  EXPECT_EQ(Asks(other, Bringing(Token(), "x-token"))[0].max_age, std::chrono::seconds(60));
}

TEST_F(TokenChecks, PassWhatIsSigned) {
  const std::string keys = test::KeySet(key_.Jwk("k"));
  for (const std::string& value : {"Bearer " + Token(), "bearer  " + Token(), Token(), " " + Token() + " "}) {
    EXPECT_EQ(JudgeOne(check_, Bringing(value), Answered(keys)).finding.verdict, Verdict::kPass) << value;
  }
  const std::string others = test::KeySet(test::SigningKey::Ec("P-256").Jwk("k"));
  EXPECT_EQ(JudgeOne(check_, Bringing(Token()), Answered(others)).finding.verdict, Verdict::kFail);
}

TEST_F(TokenChecks, AskNobodyForWhatCannotHold) {
  EXPECT_EQ(FindsUnasked(check_, {}).verdict, Verdict::kFail);
  EXPECT_EQ(FindsUnasked(check_, Bringing("Bearer sk-1234")).verdict, Verdict::kFail);
  const std::string old = key_.Token("ES256", "k", R"({"iat":1,"exp":2})");
  EXPECT_EQ(FindsUnasked(check_, Bringing(old)).verdict, Verdict::kFail);
  const Finding missing = FindsUnasked(check_, {});
  EXPECT_THAT(missing.data["explanation"].get<std::string>(), HasSubstr("no such header"));
}

TEST_F(TokenChecks, CannotTellWithoutKeys) {
  for (const Reply& reply :
       {Reply{.failure = "it refuses connections"}, Answered("", 503), Answered("<html>")}) {
    const Judgement judged = JudgeOne(check_, Bringing(Token()), reply);
    EXPECT_EQ(judged.finding.verdict, Verdict::kError);
    EXPECT_FALSE(judged.fresher);
  }
}

// Keys change: a set that does not have one is asked for anew, unless it is fresh.
TEST_F(TokenChecks, AskAgainForAKeyThatIsNotThere) {
  Reply reply = Answered(test::KeySet(key_.Jwk("old")));
  EXPECT_FALSE(JudgeOne(check_, Bringing(Token()), reply).fresher);
  reply.age = std::chrono::seconds(30);
  const Judgement judged = JudgeOne(check_, Bringing(Token()), reply);
  EXPECT_EQ(judged.finding.verdict, Verdict::kFail);
  EXPECT_EQ(judged.fresher, std::chrono::seconds(30));
  // A wrong signature is no reason to.
  reply = Answered(test::KeySet(test::SigningKey::Ec("P-256").Jwk("k")));
  reply.age = std::chrono::hours(1);
  EXPECT_FALSE(JudgeOne(check_, Bringing(Token()), reply).fresher);
}

TEST(NetworkChecks, AreRefusedWithThePath) {
  struct Case {
    std::string id, parameters, path, message;
  };
  const std::vector<Case> cases = {
      {"webhook", "{}", "p.webhookURL", "must be there"},
      {"webhook", R"({"webhookURL":1})", "p.webhookURL", "text"},
      {"webhook", R"({"webhookURL":"h.example"})", "p.webhookURL", "http://"},
      {"webhook", R"({"webhookURL":"ftp://h.example"})", "p.webhookURL", "http://"},
      {"webhook", R"({"webhookURL":"file:///etc/passwd"})", "p.webhookURL", "http://"},
      {"webhook", R"({"webhookURL":"https://u:p@h.example"})", "p.webhookURL", "user information"},
      {"webhook", R"({"webhookURL":"https://"})", "p.webhookURL", "host"},
      {"webhook", R"({"webhookURL":"https://127.1/x"})", "p.webhookURL", ""},
      {"webhook", R"({"webhookURL":"https://h:0"})", "p.webhookURL", "port"},
      {"webhook", R"({"webhookURL":"https://h:99999"})", "p.webhookURL", "port"},
      {"webhook", R"({"webhookURL":"https://h/a b"})", "p.webhookURL", "percent-encoded"},
      {"webhook", R"({"webhookURL":"https://h/a\r\nx: y"})", "p.webhookURL", "percent-encoded"},
      {"webhook", R"({"webhookURL":"http://h","headers":"{"})", "p.headers", "JSON text"},
      {"webhook", R"({"webhookURL":"http://h","headers":[]})", "p.headers", "object"},
      {"webhook", R"({"webhookURL":"http://h","headers":{"a":1}})", "p.headers", "texts"},
      {"webhook", R"({"webhookURL":"http://h","headers":{"a b":"1"}})", "p.headers", "name"},
      {"webhook", R"({"webhookURL":"http://h","headers":{"":"1"}})", "p.headers", "name"},
      {"webhook", R"({"webhookURL":"http://h","headers":{"a":"1\r\nb: 2"}})", "p.headers", "header can have"},
      {"webhook", R"({"webhookURL":"http://h","headers":{"Host":"x"}})", "p.headers", "host"},
      {"webhook", R"({"webhookURL":"http://h","headers":{"Content-Length":"1"}})", "p.headers",
       "content-length"},
      {"webhook", R"({"webhookURL":"http://h","timeout":0})", "p.timeout", "milliseconds"},
      {"webhook", R"({"webhookURL":"http://h","timeout":300001})", "p.timeout", "milliseconds"},
      {"webhook", R"({"webhookURL":"http://h","timeout":"3s"})", "p.timeout", "whole number"},
      {"webhook", R"({"webhookURL":"http://h","url":"x"})", "p.url", "no such parameter"},
      {"webhook", R"({"webhookURL":"http://h","messages":"all"})", "p.messages", "no such parameter"},
      {"log", R"({"webhookURL":"http://h"})", "p.logURL", "must be there"},
      {"jwt", "{}", "p.jwksUri", "must be there"},
      {"jwt", R"({"jwksUri":"keys"})", "p.jwksUri", "http://"},
      {"jwt", R"({"jwksUri":"http://h","headerKey":""})", "p.headerKey", "empty"},
      {"jwt", R"({"jwksUri":"http://h","maxTokenAge":"soon"})", "p.maxTokenAge", "a time"},
      {"jwt", R"({"jwksUri":"http://h","cacheMaxAge":-1})", "p.cacheMaxAge", "whole number"},
      {"jwt", R"({"jwksUri":"http://h","clockTolerance":100000})", "p.clockTolerance", "at most"},
      {"jwt", R"({"jwksUri":"http://h","algorithms":["HS256"]})", "p.algorithms", "no such parameter"},
      {"validUrls", R"({"onlyDNS":"yes"})", "p.onlyDNS", "true or false"},
  };
  for (const Case& one : cases) {
    Problem problem;
    EXPECT_FALSE(MakeCheck(one.id, *ParseJson(one.parameters), "p", &problem)) << one.id << one.parameters;
    EXPECT_EQ(problem.path, one.path) << one.id << one.parameters;
    EXPECT_THAT(problem.message, HasSubstr(one.message)) << one.id << one.parameters;
  }
}

}  // namespace
}  // namespace portolan::guardrails
