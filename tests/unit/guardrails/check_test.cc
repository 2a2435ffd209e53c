// Every check on texts and calls, and what is said of parameters that make no sense. The expected values are
// those of Portkey's gateway 1.15.2 (plugins/default), but where docs/guardrails.md says otherwise.

#include "server/guardrails/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "server/guardrails/json_schema.h"

namespace portolan::guardrails {
namespace {

using ::testing::HasSubstr;

struct TextCase {
  std::string id, parameters, text;
  bool passes;
};

Check Made(const std::string& id, const std::string& parameters) {
  Problem problem;
  auto check = MakeCheck(id, *ParseJson(parameters), "p", &problem);
  EXPECT_TRUE(check.has_value()) << id << parameters << ": " << problem.path << ": " << problem.message;
  return check ? *check : Check{};
}

TEST(Check, OfATextPassesOrFails) {
  const std::vector<TextCase> cases = {
      {"regexMatch", R"({"rule":"^\\d+$"})", "123", true},
      {"regexMatch", R"({"rule":"^\\d+$"})", "12a", false},
      {"regexMatch", R"({"regex":"a","not":true})", "bab", false},
      {"regexMatch", R"({"rule":"a","not":true})", "b", true},
      {"contains", R"({"words":["a","b"]})", "xb", true},
      {"contains", R"({"words":["a","b"],"operator":"all"})", "xb", false},
      {"contains", R"({"words":["a","b"],"operator":"all"})", "ba", true},
      {"contains", R"({"words":["a","b"],"operator":"none"})", "AB", true},
      {"contains", R"({"words":["a","b"],"operator":"none"})", "ab", false},
      {"sentenceCount", R"({"minSentences":2,"maxSentences":3})", "One. Two! Three?", true},
      {"sentenceCount", R"({"maxSentences":2})", "One. Two! Three?", false},
      {"sentenceCount", R"({"maxSentences":2,"not":true})", "One. Two! Three?", true},
      {"wordCount", R"({"minWords":3,"maxWords":3})", " one\n two\tthree ", true},
      {"wordCount", R"({"minWords":1})", "  ", false},
      {"characterCount", R"({"minCharacters":3,"maxCharacters":3})", "h\u00e9\U0001f600", true},
      {"characterCount", R"({"maxCharacters":2})", "abc", false},
      {"jsonSchema", R"({"schema":{"required":["a"]}})", R"(Here: {"a": {"b": 1}} done)", true},
      {"jsonSchema", R"({"schema":{"required":["a"]}})", "```json\n{\"b\":1}\n```", false},
      {"jsonSchema", R"({"schema":{"required":["a"]}})", "```\n{\"a\":1}\n``` {\"b\":1}", true},
      {"jsonSchema", R"({"schema":{"required":["a"]},"not":true})", "{\"b\":1}", true},
      {"jsonSchema", R"({"schema":{},"not":true})", "no JSON", false},
      {"jsonSchema", R"({"schema":{"type":"array"}})", "it is [1, {\"a\": \"]\"}] { and", true},
      {"jsonKeys", R"({"keys":["a","b"]})", "{\"b\":{}}", true},
      {"jsonKeys", R"({"keys":["a","b"],"operator":"all"})", "{\"b\":{\"a\":1}}", false},
      {"jsonKeys", R"({"keys":["a"],"operator":"none"})", "{\"b\":1} {\"a\":1}", false},
      {"jsonKeys", R"({"keys":["a"],"operator":"none"})", "{\"b\":{\"a\":1}}", true},
      {"jsonKeys", R"({"keys":["a"]})", "nothing", false},
      {"containsCode", R"({"format":"Python"})", "```py\nprint()\n```", true},
      {"containsCode", R"({"format":"Python"})", "```js\nx\n``` and ```python\nx\n```", true},
      {"containsCode", R"({"format":"SQL"})", "```js\nx\n```", false},
      {"containsCode", R"({"format":"SQL","not":true})", "```sql\nx\n```", false},
      {"alluppercase", "{}", "ABC 1!\u00e9", true},
      {"alluppercase", "{}", "ABc", false},
      {"alllowercase", "{}", "abc 1!", true},
      {"alllowercase", R"({"not":true})", "aBc", true},
      {"endsWith", R"({"suffix":"bye"})", "good bye.", true},
      {"endsWith", R"({"suffix":"bye"})", "good bye!", false},
      {"endsWith", R"({"suffix":"bye","not":true})", "good bye", false},
      {"notNull", "{}", " \n", false},
      {"notNull", "{}", "x", true},
      {"notNull", R"({"not":true})", "", true},
      {"regexReplace", R"({"rule":"a"})", "a", true},
      {"regexReplace", R"({"rule":"/A/i","failOnDetection":true})", "a", false},
      {"portolan.pii", "{}", "a@example.com", false},
      {"portolan.pii", R"({"kinds":["card"]})", "a@example.com", true},
      {"portolan.pii", R"({"redact":true})", "a@example.com", true},
  };
  std::set<std::string> seen;
  for (const TextCase& one : cases) {
    const Check check = Made(one.id, one.parameters);
    seen.insert(check.id);
    ASSERT_TRUE(check.look) << one.id;
    EXPECT_EQ(check.look(one.text).verdict, one.passes ? Verdict::kPass : Verdict::kFail)
        << one.id << one.parameters << one.text;
  }
  EXPECT_EQ(seen.size(), 14u);
}

TEST(Check, LooksAtEverythingIfItForbids) {
  const std::vector<std::pair<Looks, std::pair<std::string, std::string>>> cases = {
      {Looks::kAtTheLast, {"regexMatch", R"({"rule":"a"})"}},
      {Looks::kAtEverything, {"regexMatch", R"({"rule":"a","not":true})"}},
      {Looks::kAtTheLast, {"contains", R"({"words":["a"]})"}},
      {Looks::kAtEverything, {"contains", R"({"words":["a"],"operator":"none"})"}},
      {Looks::kAtEverything, {"containsCode", R"({"format":"SQL","not":true})"}},
      {Looks::kAtEverything, {"endsWith", R"({"suffix":"a","not":true})"}},
      {Looks::kAtEverything, {"jsonKeys", R"({"keys":["a"],"operator":"none"})"}},
      {Looks::kAtEverything, {"regexReplace", R"({"rule":"a"})"}},
      {Looks::kAtTheLast, {"wordCount", R"({"not":true})"}},
      {Looks::kAtTheLast, {"notNull", R"({"not":true})"}},
      {Looks::kAtTheCall, {"modelWhitelist", R"({"models":["m"]})"}},
  };
  for (const auto& [looks, check] : cases) {
    EXPECT_EQ(Made(check.first, check.second).looks, looks) << check.first << check.second;
  }
}

TEST(Check, OfACallPassesOrFails) {
  struct Case {
    std::string id, parameters, metadata;
    Verdict verdict;
  };
  const std::string rules =
      R"({"rules":{"defaults":["a"],"metadata":{"tier":{"gold":["m","b"],"1":["m"]}}}})";
  const std::vector<Case> cases = {
      {"modelWhitelist", R"({"models":["a","m"]})", "{}", Verdict::kPass},
      {"modelwhitelist", R"({"models":["a"]})", "{}", Verdict::kFail},
      {"modelWhitelist", R"({"models":["m"],"not":true})", "{}", Verdict::kFail},
      {"modelRules", rules, R"({"tier":"gold"})", Verdict::kPass},
      {"modelRules", rules, R"({"tier":1})", Verdict::kPass},
      {"modelRules", rules, R"({"tier":["tin","gold"]})", Verdict::kPass},
      {"modelRules", rules, R"({"tier":"tin"})", Verdict::kFail},
      {"modelRules", R"({"rules":{}})", "{}", Verdict::kError},
      {"allowedRequestTypes", R"({"allowedTypes":["chatComplete"]})", "{}", Verdict::kPass},
      {"allowedRequestTypes", R"({"allowedTypes":"embed, complete"})", "{}", Verdict::kFail},
      {"allowedRequestTypes", R"({"blockedTypes":"embed,chatComplete"})", "{}", Verdict::kFail},
      {"allowedRequestTypes", "{}", R"({"supported_endpoints":"embed"})", Verdict::kFail},
      {"allowedRequestTypes", "{}", R"({"blocked_endpoints":["embed"]})", Verdict::kPass},
      {"allowedRequestTypes", "{}", "{}", Verdict::kPass},
      {"requiredMetadataKeys", R"({"metadataKeys":["a","b"]})", R"({"a":"1"})", Verdict::kFail},
      {"requiredMetadataKeys", R"({"metadataKeys":["a","b"],"operator":"any"})", R"({"a":"1"})",
       Verdict::kPass},
      {"requiredMetadataKeys", R"({"metadataKeys":["a","b"],"operator":"none"})", "{}", Verdict::kPass},
  };
  for (const Case& one : cases) {
    const CallFacts facts{"m", "chatComplete", *ParseJson(one.metadata)};
    EXPECT_EQ(Made(one.id, one.parameters).look_at_call(facts).verdict, one.verdict)
        << one.id << one.parameters << one.metadata;
  }
  EXPECT_EQ(Made("modelWhitelist", R"({"models":["m"]})").look_at_call({}).verdict, Verdict::kError);
}

TEST(Check, ReplacesEveryMatch) {
  struct Case {
    std::string parameters, text, changed;
  };
  const std::vector<Case> cases = {
      {R"({"rule":"\\d+"})", "a1b22c", "a[REDACTED]b[REDACTED]c"},
      {R"({"rule":"/A/i","redactText":"-"})", "aAb", "--b"},
      {R"x({"rule":"(\\w)(\\w)","redactText":"$2$1"})x", "abcd", "badc"},
      {R"x({"rule":"(?<last>\\d{4})$","redactText":"…$<last>"})x", "card 1234", "card …1234"},
      {R"({"rule":"a","redactText":"<$&$$$3>"})", "a", "<a$$3>"},
      {R"({"rule":"x*","redactText":"-"})", "\u00e9x", "-\u00e9--"},
  };
  for (const Case& one : cases) {
    std::string text = one.text;
    EXPECT_TRUE(Made("regexReplace", one.parameters).change(&text)) << one.parameters;
    EXPECT_EQ(text, one.changed) << one.parameters;
  }
  std::string text = "none";
  EXPECT_FALSE(Made("regexReplace", R"({"rule":"\\d"})").change(&text));
  text = "a@example.com at 192.0.2.1";
  EXPECT_TRUE(Made("portolan.pii", R"({"redact":true})").change(&text));
  EXPECT_EQ(text, "[EMAIL] at [IP]");
}

TEST(Check, IsRefusedWithThePath) {
  struct Case {
    std::string id, parameters, path, message;
  };
  const std::vector<Case> cases = {
      {"contains", "{}", "p.words", "must be there"},
      {"contains", R"({"words":[]})", "p.words", "one at least"},
      {"contains", R"({"words":["a",1]})", "p.words", "list of texts"},
      {"contains", R"({"words":["a"],"operator":"some"})", "p.operator", "any, all or none"},
      {"contains", R"({"words":["a"],"opertor":"all"})", "p.opertor", "did you mean operator?"},
      {"contains", R"([])", "p", "an object"},
      {"regexMatch", R"({"rule":"("})", "p.rule", "parentheses"},
      {"regexMatch", R"({"rule":"(","not":true})", "p.rule", "parentheses"},
      {"regexMatch", R"x({"rule":"(?!a)"})x", "p.rule", "look-around"},
      {"regexMatch", R"({"rule":"a","not":"yes"})", "p.not", "true or false"},
      {"wordCount", R"({"minWords":-1})", "p.minWords", "whole number"},
      {"wordCount", R"({"minWords":3,"maxWords":2})", "p.minWords", "above the maximum"},
      {"jsonSchema", R"({"schema":{"items":{"type":"x"}}})", "p.schema", "at /items/type"},
      {"modelRules", R"({"rules":{"metadata":{"a":["m"]}}})", "p.rules", "MODEL"},
      {"allowedRequestTypes", R"({"allowedTypes":["a"],"blockedTypes":["a"]})", "p.blockedTypes", "names"},
      {"portolan.pii", R"({"kinds":["mail"]})", "p.kinds", "email"},
      {"regexReplace", R"({"rule":"a","messages":"first"})", "p.messages", "roles"},
      {"notNull", R"({"messages":"all"})", "p.messages", "no such parameter"},
      {"contain", "{}", "p", "did you mean default.contains?"},
      {"portkey.pii", "{}", "p", "webhook or a gRPC middleware"},
      {"quux.zap", "{}", "p", "no such check"},
  };
  for (const Case& one : cases) {
    Problem problem;
    EXPECT_FALSE(MakeCheck(one.id, *ParseJson(one.parameters), "p", &problem)) << one.id << one.parameters;
    EXPECT_EQ(problem.path, one.path) << one.id << one.parameters;
    EXPECT_THAT(problem.message, HasSubstr(one.message)) << one.id << one.parameters;
  }
}

TEST(Check, EndsOnBracketsWithoutEnd) {
  const Check check = Made("jsonKeys", R"({"keys":["a"]})");
  EXPECT_EQ(check.look(std::string(1 << 20, '[')).verdict, Verdict::kFail);
  EXPECT_EQ(check.look(std::string(1 << 20, '{') + std::string(1 << 20, '}')).verdict, Verdict::kFail);
}

}  // namespace
}  // namespace portolan::guardrails
