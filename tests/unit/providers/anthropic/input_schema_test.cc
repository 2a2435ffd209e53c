// Schemas of tools as callers and generators write them. Anthropic's API says of them:
//   tools.0.custom.input_schema.type: Field required / Input should be 'object'
//   input_schema does not support oneOf, allOf, or anyOf at the top level

#include "providers/dialects/common/input_schema.h"

#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

struct Case {
  const char* name;
  const char* schema;
  const char* sent;
};

class InputSchemaTest : public testing::TestWithParam<Case> {};

// By all ways that lead to a tool: a function, a deprecated function, a tool in Anthropic's own form.
TEST_P(InputSchemaTest, IsSentAsExpected) {
  const std::string schema = GetParam().schema;
  const std::string head =
      R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"q"}],)";
  for (const std::string& tools :
       {R"("tools":[{"type":"function","function":{"name":"f","parameters":)" + schema + "}}]}",
        R"("functions":[{"name":"f","parameters":)" + schema + "}]}",
        R"("tools":[{"name":"f","input_schema":)" + schema + "}]}",
        R"("tools":[{"type":"custom","name":"f","input_schema":)" + schema + "}]}"}) {
    const auto sent = TheHarness().EncodeText(head + tools);
    ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
    // As text: what the caller wrote stays byte for byte.
    const std::string expected = std::string(R"("input_schema":)") + GetParam().sent;
    EXPECT_NE(sent.text.find(expected + "}]"), std::string::npos) << sent.text << "\nlacks\n" << expected;
    EXPECT_EQ(sent.dropped, DroppedMembers{});
  }
}

constexpr Case kGood[] = {
    {"Objects", R"({"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}})",
     R"({"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}})"},
    {"TypeLast", R"({ "properties" : {"type":{"enum":["a"]}} , "type" : "object" })",
     R"({ "properties" : {"type":{"enum":["a"]}} , "type" : "object" })"},
    {"WithReference", R"({"type":"object","$ref":"#/$defs/a","$defs":{"a":{"allOf":[true]}}})",
     R"({"type":"object","$ref":"#/$defs/a","$defs":{"a":{"allOf":[true]}}})"},
};
INSTANTIATE_TEST_SUITE_P(Good, InputSchemaTest, testing::ValuesIn(kGood),
                         [](const auto& test) { return test.param.name; });

constexpr Case kTypes[] = {
    {"None", R"({ "properties":{"q":{"type":"string"}}, "required":["q"]})",
     R"({"type":"object", "properties":{"q":{"type":"string"}}, "required":["q"]})"},
    {"NoneButAReference", R"({"$ref":"#/definitions/A","definitions":{"A":{"type":"object"}}})",
     R"({"type":"object","$ref":"#/definitions/A","definitions":{"A":{"type":"object"}}})"},
    {"NoneButAnnotations", R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"T"})",
     R"({"type":"object","$schema":"https://json-schema.org/draft/2020-12/schema","title":"T"})"},
    {"ObjectOrNull", R"({"properties":{"a":{}},"type": ["object", "null"] ,"x":1})",
     R"({"properties":{"a":{}},"type": "object" ,"x":1})"},
    {"NullOrObject", R"({"type":["null","object"]})", R"({"type":"object"})"},
    {"AnEmptyList", R"({"type":[],"properties":{}})", R"({"type":"object","properties":{}})"},
    {"Empty", R"({"type":"","properties":{}})", R"({"type":"object","properties":{}})"},
    {"Null", R"({"type":null,"properties":{}})", R"({"type":"object","properties":{}})"},
    {"OfAnotherLanguage", R"({"type":"dict","properties":{}})", R"({"type":"object","properties":{}})"},
    {"InCapitals", R"({"type":"OBJECT"})", R"({"type":"object"})"},
    {"EscapedName", R"({"\u0074ype":["object"]})", R"({"\u0074ype":"object"})"},
};
INSTANTIATE_TEST_SUITE_P(Types, InputSchemaTest, testing::ValuesIn(kTypes),
                         [](const auto& test) { return test.param.name; });

constexpr Case kCombined[] = {
    {"AnyOf", R"({"anyOf":[{"type":"object","properties":{"a":{}}}, {"type":"object"}]})",
     R"({"type":"object","$ref":"#/$defs/input","$defs":{"input":{"anyOf":[{"type":"object","properties":{"a":{}}}, {"type":"object"}]}}})"},
    {"OneOfBesideProperties",
     R"({"type":"object","properties":{"a":{},"b":{}},"oneOf":[{"required":["a"]},{"required":["b"]}],"additionalProperties":false})",
     R"({"type":"object","properties":{"a":{},"b":{}},"additionalProperties":false,"$ref":"#/$defs/input","$defs":{"input":{"oneOf":[{"required":["a"]},{"required":["b"]}]}}})"},
    {"SeveralAndAReference",
     R"({"allOf":[{"$ref":"#/$defs/input"}],"$ref":"#/$defs/b","anyOf":[{}],"$defs": { "input":{"type":"object"}, "b":{}}, "x":1})",
     R"({"type":"object","x":1,"$ref":"#/$defs/input_2","$defs":{"input_2":{"allOf":[{"$ref":"#/$defs/input"}],"$ref":"#/$defs/b","anyOf":[{}]}, "input":{"type":"object"}, "b":{}}})"},
    {"WithEmptyDefinitions", R"({"type":["object"],"allOf":[{}],"$defs":{ }})",
     R"({"type":"object","$ref":"#/$defs/input","$defs":{"input":{"allOf":[{}]}}})"},
    {"WithDefinitionsOfOldName",
     R"({"anyOf":[{"$ref":"#/definitions/A"}],"definitions":{"A":{"type":"object"}}})",
     R"({"type":"object","definitions":{"A":{"type":"object"}},"$ref":"#/$defs/input","$defs":{"input":{"anyOf":[{"$ref":"#/definitions/A"}]}}})"},
    {"WithOneBranchForObjects", R"({"anyOf":[{"type":"string"},{"properties":{"a":{}}}]})",
     R"({"type":"object","$ref":"#/$defs/input","$defs":{"input":{"anyOf":[{"type":"string"},{"properties":{"a":{}}}]}}})"},
};
INSTANTIATE_TEST_SUITE_P(Combined, InputSchemaTest, testing::ValuesIn(kCombined),
                         [](const auto& test) { return test.param.name; });

constexpr Case kOfOtherValues[] = {
    {"Strings", R"({"type":"string", "minLength":1})",
     R"({"type":"object","properties":{"value":{"type":"string", "minLength":1}},"required":["value"]})"},
    {"Lists", R"({"type":"array","items":{"$ref":"#/$defs/a"},"$defs":{"a":{}}})",
     R"({"type":"object","properties":{"value":{"type":"array","items":{"$ref":"#/$defs/a"},"$defs":{"a":{}}}},"required":["value"],"$defs":{"a":{}}})"},
    {"SeveralTypes", R"({"type":["string","null"]})",
     R"({"type":"object","properties":{"value":{"type":["string","null"]}},"required":["value"]})"},
    {"OneOfSeveral", R"({"oneOf":[{"type":"string"},{"type":"integer"}]})",
     R"({"type":"object","properties":{"value":{"oneOf":[{"type":"string"},{"type":"integer"}]}},"required":["value"]})"},
    {"AllOfWhichOneIsNoObject", R"({"allOf":[{},{"anyOf":[{"type":"number"},false]}]})",
     R"({"type":"object","properties":{"value":{"allOf":[{},{"anyOf":[{"type":"number"},false]}]}},"required":["value"]})"},
    {"Words", R"({"enum":["a","b"]})",
     R"({"type":"object","properties":{"value":{"enum":["a","b"]}},"required":["value"]})"},
    {"AConstant", R"({"const":1})",
     R"({"type":"object","properties":{"value":{"const":1}},"required":["value"]})"},
    {"Anything", "true", R"({"type":"object"})"},
    {"Nothing", "false", R"({"type":"object","properties":{},"additionalProperties":false})"},
};
INSTANTIATE_TEST_SUITE_P(OfOtherValues, InputSchemaTest, testing::ValuesIn(kOfOtherValues),
                         [](const auto& test) { return test.param.name; });

TEST(InputSchema, ThatIsNoneIsRefused) {
  for (const char* schema : {"5", R"("object")", R"([{"type":"object"}])"}) {
    const json parameters = json::parse(schema);
    const json function = {{"name", "f"}, {"parameters", parameters}};
    json hub = {{"model", "claude-sonnet-4-5"}, {"messages", {{{"role", "user"}, {"content", "q"}}}}};
    hub["tools"] = {{{"type", "function"}, {"function", function}}};
    auto sent = TheHarness().Encode(hub);
    ASSERT_TRUE(sent.error) << schema;
    EXPECT_EQ(sent.error->http_status, 400);
    EXPECT_EQ(sent.error->param, "tools[0].function.parameters");
    hub.erase("tools");
    hub["functions"] = json::array({function});
    sent = TheHarness().Encode(hub);
    ASSERT_TRUE(sent.error) << schema;
    EXPECT_EQ(sent.error->param, "functions[0].parameters");
  }
}

TEST(InputSchema, ThatIsCutShortIsNone) {
  const std::string schema = R"({"anyOf":[{"type":"object"}],"$defs":{"a":{}}})";
  std::string mended;
  for (size_t size = 0; size < schema.size(); ++size)
    EXPECT_EQ(FitInputSchema(schema.substr(0, size), &mended), SchemaFit::kNoSchema) << size;
  EXPECT_EQ(FitInputSchema(schema, &mended), SchemaFit::kMended);
  // Space around it is no matter.
  std::string again;
  EXPECT_EQ(FitInputSchema(" \n" + schema + "\t", &again), SchemaFit::kMended);
  EXPECT_EQ(again, mended);
}

TEST(InputSchema, NestedWithoutMeasureIsLookedAtInNoTime) {
  std::string schema = R"({"type":"string"})";
  for (int i = 0; i < 60; ++i) schema = R"({"allOf":[)" + schema + R"(,{"anyOf":[)" + "{}" + "]}]}";
  std::string mended;
  EXPECT_EQ(FitInputSchema(schema, &mended), SchemaFit::kMended);
  EXPECT_EQ(json::parse(mended)["type"], "object");
}

}  // namespace
}  // namespace portolan::providers::anthropic
