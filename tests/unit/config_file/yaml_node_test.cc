// The tree: scalars as YAML's specification types them (1.2.2, chapter 10.3.2), and writing that reads back
// the same.

#include "server/config_file/yaml_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config_file/yaml_writer.h"

namespace portolan::config {
namespace {

// The JSON of a scalar written in YAML; `none` if JSON cannot say it.
std::string JsonOf(const std::string& scalar) {
  ConfigProblems problems;
  const auto root = ParseYaml("[" + scalar + "]", &problems);
  EXPECT_NE(root, nullptr) << scalar << DescribeProblems("f", problems);
  if (root == nullptr || root->children.size() != 1) return "?";
  const YamlNode& node = *root->children[0];
  if (node.type == YamlNode::Type::kNull) return "null";
  std::string json;
  return AppendScalarJson(node, &json) ? json : "none";
}

TEST(Scalar, IsTypedByTheCoreSchema) {
  const std::pair<const char*, const char*> cases[] = {
      {"null", "null"},
      {"~", "null"},
      {"Null", "null"},
      {"'null'", "\"null\""},
      {"true", "true"},
      {"True", "true"},
      {"TRUE", "true"},
      {"tRue", "\"tRue\""},
      {"false", "false"},
      {"False", "false"},
      {"FALSE", "false"},
      {"yes", "\"yes\""},
      {"off", "\"off\""},
      {"'true'", "\"true\""},
      {"0", "0"},
      {"-19", "-19"},
      {"+12", "12"},
      {"007", "7"},
      {"-00", "-0"},
      {"0o7", "7"},
      {"0o17", "15"},
      {"0o8", "\"0o8\""},
      {"0x3A", "58"},
      {"0xffffffffffffffff", "18446744073709551615"},
      {"0x10000000000000000", "\"0x10000000000000000\""},
      {"0xg", "\"0xg\""},
      {"-0x1", "\"-0x1\""},
      {"0.", "0"},
      {"-0.0", "-0.0"},
      {".5", "0.5"},
      {"-.5", "-0.5"},
      {"+12e03", "12e03"},
      {"-2E+05", "-2e+05"},
      {"0.50", "0.50"},
      {"1e", "\"1e\""},
      {".", "\".\""},
      {"+", "\"+\""},
      {"1.2.3", "\"1.2.3\""},
      {"1_000", "\"1_000\""},
      {"12:30", "\"12:30\""},
      {"2026-01-01", "\"2026-01-01\""},
      {"\"0.5\"", "\"0.5\""},
      {".inf", "none"},
      {"-.INF", "none"},
      {"+.Inf", "none"},
      {".nan", "none"},
      {".NaN", "none"},
      {"-.nan", "\"-.nan\""},
      {"'.inf'", "\".inf\""},
      {"\"a\\tb\\u00e9\"", "\"a\\tb\xC3\xA9\""},
  };
  for (const auto& [yaml, json] : cases) EXPECT_EQ(JsonOf(yaml), json) << yaml;
}

TEST(Node, KnowsItsPathAndIsFoundByIt) {
  ConfigProblems problems;
  const auto root = ParseYaml("a:\n  b.c: [x, {d: 1}]\n  b: {c: 2}\n  b.c.e: 3\n", &problems);
  ASSERT_NE(root, nullptr);
  bool whole = false;
  for (const auto& [path, line] :
       {std::pair{"a", 2}, {"a.b.c[0]", 2}, {"a.b.c[1].d", 2}, {"a.b.c.e", 4}, {"a.b", 3}}) {
    const YamlNode& node = root->Find(path, &whole);
    EXPECT_TRUE(whole) << path;
    EXPECT_EQ(node.Path(), path);
    EXPECT_EQ(node.at.line, line) << path;
  }
  EXPECT_EQ(root->Find("a.b.c[1].nothing", &whole).Path(), "a.b.c[1]");
  EXPECT_FALSE(whole);
  for (const char* path : {"a.b.c[2]", "a.b.c[x]", "a.b.c[", "ab", "a[0]"}) {
    root->Find(path, &whole);
    EXPECT_FALSE(whole) << path;
  }
}

TEST(Writer, WritesWhatReadsBackAsTheSame) {
  const char* const values[] = {
      R"({})",
      R"({"a":"b","c":"1","d":"true","e":"null","f":"","g":" x","h":"a: b","i":"#","j":"- x","k":"*a","l":"x:"})",
      R"({"a":"127.0.0.1:8787","b":":80","c":"https://x/y","d":"64MB","e":"0x1f","f":"1e5","g":".5","h":"~"})",
      R"({"a":["a","b"],"b":[],"c":{},"d":[{}],"e":[[]],"f":[[1],[2,[3]]],"g":[{"x":{"y":[1]},"z":1},"s",null]})",
      R"({"a":"line\nbreak\tand \"quotes\" \\ \u0001 é","true":1,"1":2,"":3,"a b":4})",
      R"({"a":1e400,"b":0.50,"c":-0.0,"d":false,"e":null})",
  };
  for (const char* json : values) {
    for (const std::string& text : {ToYaml(json), ToIndentedJson(json)}) {
      ConfigProblems problems;
      const auto root = ParseYaml(text, &problems);
      ASSERT_NE(root, nullptr) << text << DescribeProblems("f", problems);
      EXPECT_EQ(problems.size(), 0u) << text;
      std::string again;
      const std::function<void(const YamlNode&)> append = [&](const YamlNode& node) {
        const bool map = node.type == YamlNode::Type::kMap;
        if (node.type == YamlNode::Type::kNull) again += "null";
        if (node.type == YamlNode::Type::kScalar) AppendScalarJson(node, &again);
        if (!map && node.type != YamlNode::Type::kSequence) return;
        again += map ? '{' : '[';
        for (const auto& child : node.children) {
          if (child->index > 0) again += ',';
          if (map) {
            YamlNode key{.type = YamlNode::Type::kScalar, .quoted = true, .text = child->key};
            AppendScalarJson(key, &again);
            again += ':';
          }
          append(*child);
        }
        again += map ? '}' : ']';
      };
      append(*root);
      EXPECT_EQ(again, json) << text;
    }
  }
}

TEST(Writer, IsMadeForReading) {
  EXPECT_EQ(ToYaml(R"({"a":{"b":[1,"x"],"c":[{"d":1,"e":{"f":2}},{}]},"g":"1"})"),
            "a:\n  b: [1, x]\n  c:\n    - d: 1\n      e:\n        f: 2\n    - {}\ng: \"1\"\n");
  EXPECT_EQ(ToIndentedJson(R"({"a":{"b":[1]},"c":[],"d":{}})"),
            "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  },\n  \"c\": [],\n  \"d\": {}\n}\n");
}

}  // namespace
}  // namespace portolan::config
