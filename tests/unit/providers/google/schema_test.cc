// Schemas as the Gemini API takes them: @google/genai 2.32 lists the keywords beside `responseJsonSchema`.

#include "providers/dialects/google/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace portolan::providers::gemini {
namespace {

using nlohmann::json;

TEST(GoogleSchema, Fits) {
  const struct {
    const char* given;
    const char* expected;
  } kCases[] = {
      {R"({"type":"string","const":"a"})", R"({"type":"string","enum":["a"]})"},
      {R"({"const":1,"enum":[1,2]})", R"({"enum":[1]})"},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#","type":"object"})", R"({"type":"object"})"},
      // A property may be called as a keyword is.
      {R"({"type":"object","properties":{"const":{"const":"x"},"$ref":{"type":"string"}}})",
       R"({"type":"object","properties":{"const":{"enum":["x"]},"$ref":{"type":"string"}}})"},
      {R"({"type":"object","enum":[{"const":1}],"default":{"const":1}})",
       R"({"type":"object","enum":[{"const":1}],"default":{"const":1}})"},
      {R"({"anyOf":[{"const":"a"},{"const":"b"}]})", R"({"anyOf":[{"enum":["a"]},{"enum":["b"]}]})"},
      {R"({"type":"array","items":{"const":1},"prefixItems":[{"const":2}]})",
       R"({"type":"array","items":{"enum":[1]},"prefixItems":[{"enum":[2]}]})"},
      {R"({"type":"array","items":[{"const":1}]})", R"({"type":"array","items":[{"enum":[1]}]})"},
      {R"({"$ref":"#/$defs/A","$defs":{"A":{"type":"string"}}})",
       R"({"$ref":"#/$defs/A","$defs":{"A":{"type":"string"}}})"},
      {R"({"type":"object","properties":{"a":{"$ref":"#/$defs/A","description":"d"}}})",
       R"({"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/$defs/A"}],"description":"d"}}})"},
      {R"({"type":"object","additionalProperties":false})",
       R"({"type":"object","additionalProperties":false})"},
      {R"({"type":["string","null"],"minLength":1})", R"({"type":["string","null"],"minLength":1})"},
      {"true", "true"},
      {R"("x")", R"("x")"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.given);
    EXPECT_EQ(json::parse(FitSchema(one.given, SchemaUse::kAnswer)), json::parse(one.expected));
  }
}

TEST(GoogleSchema, ParametersAreAnObject) {
  EXPECT_EQ(json::parse(FitSchema(R"({"properties":{"a":{}}})", SchemaUse::kParameters)),
            json::parse(R"({"type":"object","properties":{"a":{}}})"));
  EXPECT_EQ(json::parse(FitSchema(R"({"$ref":"#/$defs/A"})", SchemaUse::kParameters)),
            json::parse(R"({"$ref":"#/$defs/A"})"));
}

TEST(GoogleSchema, ASchemaThatRefersToItselfStays) {
  constexpr const char* kTree = R"({"$defs":{"Node":{"type":"object","properties":{"children":
      {"type":"array","items":{"$ref":"#/$defs/Node"}}}}},"$ref":"#/$defs/Node"})";
  EXPECT_EQ(json::parse(FitSchema(kTree, SchemaUse::kParameters)), json::parse(kTree));
}

TEST(GoogleSchema, WhatIsTooDeepStays) {
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += R"({"items":)";
  deep += "1" + std::string(200, '}');
  EXPECT_EQ(FitSchema(deep, SchemaUse::kAnswer), deep);
}

}  // namespace
}  // namespace portolan::providers::gemini
