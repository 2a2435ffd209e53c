// What the official test suite (tests/conformance/schema_suite) does not ask: what is refused and where, what
// is told of a value that does not fit, and that nothing takes long.

#include "server/guardrails/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace portolan::guardrails {
namespace {

using ::testing::HasSubstr;
using Outcome = JsonSchema::Outcome;

std::shared_ptr<const JsonSchema> SchemaOf(const std::string& text) {
  std::string path;
  std::string problem;
  auto schema = JsonSchema::Compile(*ParseJson(text), &path, &problem);
  EXPECT_NE(schema, nullptr) << text << " " << path << ": " << problem;
  return schema;
}

TEST(JsonSchema, IsRefusedWithThePlace) {
  struct Case {
    std::string schema, path, problem;
  };
  const std::vector<Case> cases = {
      {R"(3)", "", "a schema is an object, true or false"},
      {R"({"type":"text"})", "/type", "one of null, boolean"},
      {R"({"type":[]})", "/type", "lists nothing"},
      {R"({"properties":{"a/b~c":{"minLength":-1}}})", "/properties/a~1b~0c/minLength", "whole number"},
      {R"({"maxItems":1.5})", "/maxItems", "whole number"},
      {R"({"items":[{}]})", "/items", "prefixItems"},
      {R"({"allOf":[{},{"pattern":"("}]})", "/allOf/1/pattern", "parentheses"},
      {R"({"anyOf":[]})", "/anyOf", "one at least"},
      {R"({"required":"a"})", "/required", "names"},
      {R"({"multipleOf":0})", "/multipleOf", "above 0"},
      {R"({"enum":1})", "/enum", "no list"},
      {R"({"$ref":"#/$defs/a"})", "/$ref", "leads to nothing"},
      {R"({"$ref":"https://example.com/a.json"})", "/$ref", "not fetched"},
      {R"({"$ref":"#%4"})", "/$ref", "hexadecimal"},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#"})", "/$schema", "2020-12"},
      {R"({"$id":"a#b"})", "/$id", "fragment"},
      {R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})", "/$defs/b/$anchor", "another"},
      {R"({"$ref":"#/definitions/a","definitions":{"a":{"not":1}}})", "/definitions/a/not", "a schema is"},
  };
  for (const Case& one : cases) {
    std::string path;
    std::string problem;
    EXPECT_EQ(JsonSchema::Compile(*ParseJson(one.schema), &path, &problem), nullptr) << one.schema;
    EXPECT_EQ(path, one.path) << one.schema;
    EXPECT_THAT(problem, HasSubstr(one.problem)) << one.schema;
  }
}

TEST(JsonSchema, TellsWhereAValueDoesNotFit) {
  const auto schema = SchemaOf(R"({
    "type": "object", "required": ["name"], "additionalProperties": false,
    "properties": {"name": {"type": "string"}, "tags": {"items": {"anyOf": [{"const": 1}, {"type": "string"}]}}}})");
  struct Case {
    std::string value, path, keyword;
  };
  const std::vector<Case> cases = {
      {R"([])", "", "type"},
      {R"({})", "", "required"},
      {R"({"name":1})", "/name", "type"},
      {R"({"name":"a","x/y":1})", "/x~1y", "additionalProperties"},
      {R"({"name":"a","tags":["b",1,2]})", "/tags/2", "anyOf"},
  };
  for (const Case& one : cases) {
    const JsonSchema::Result result = schema->Evaluate(*ParseJson(one.value));
    EXPECT_EQ(result.outcome, Outcome::kDoesNotFit) << one.value;
    EXPECT_EQ(result.path, one.path) << one.value;
    EXPECT_EQ(result.keyword, one.keyword) << one.value;
  }
  EXPECT_EQ(schema->Evaluate(*ParseJson(R"({"name":"a","tags":["b",1.0]})")).outcome, Outcome::kFits);
}

TEST(JsonSchema, CountsInDecimals) {
  const auto cents = SchemaOf(R"({"multipleOf":0.01})");
  EXPECT_EQ(cents->Evaluate(19.99).outcome, Outcome::kFits);
  EXPECT_EQ(cents->Evaluate(4.35).outcome, Outcome::kFits);
  EXPECT_EQ(cents->Evaluate(1e300).outcome, Outcome::kFits);
  EXPECT_EQ(cents->Evaluate(4.351).outcome, Outcome::kDoesNotFit);
  EXPECT_EQ(SchemaOf(R"({"multipleOf":3})")->Evaluate(UINT64_MAX).outcome, Outcome::kFits);  // 3 * 5 * 17 …
  EXPECT_EQ(SchemaOf(R"({"multipleOf":2})")->Evaluate(INT64_MIN).outcome, Outcome::kFits);
}

TEST(JsonSchema, EndsWhateverTheSchema) {
  EXPECT_EQ(SchemaOf(R"({"$ref":"#"})")->Evaluate(1).outcome, Outcome::kTooCostly);
  EXPECT_EQ(SchemaOf(R"({"not":{"$ref":"#"}})")->Evaluate(1).outcome, Outcome::kTooCostly);
  // Each level doubles the work.
  nlohmann::json defs = {{"d0", {{"type", "integer"}}}};
  for (int i = 1; i <= 40; ++i) {
    const nlohmann::json below = {{"$ref", "#/$defs/d" + std::to_string(i - 1)}};
    defs["d" + std::to_string(i)] = {{"allOf", {below, below}}};
  }
  const nlohmann::json doubling = {{"$defs", defs}, {"$ref", "#/$defs/d40"}};
  EXPECT_EQ(SchemaOf(doubling.dump())->Evaluate(1).outcome, Outcome::kTooCostly);
}

TEST(JsonSchema, AndJsonAreOnlySoDeep) {
  const std::string deep = std::string(128, '[') + std::string(128, ']');
  ASSERT_TRUE(ParseJson(deep).has_value());
  EXPECT_FALSE(ParseJson("[" + deep + "]").has_value());
  EXPECT_EQ(SchemaOf(R"({"items":{"$ref":"#"}})")->Evaluate(*ParseJson(deep)).outcome, Outcome::kFits);
}

}  // namespace
}  // namespace portolan::guardrails
