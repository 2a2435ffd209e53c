#include "server/transcode/path_template.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::transcode {
namespace {

// Writes a template back in its full form, `{var}` as `{var=*}`.
std::string Write(const PathTemplate& path) {
  std::string text;
  for (size_t i = 0; i < path.segments.size(); ++i) {
    text += "/";
    for (const auto& variable : path.variables) {
      if (variable.begin == i) text += "{" + variable.field_path + "=";
    }
    const auto& segment = path.segments[i];
    text += segment.kind == PathTemplate::Kind::kLiteral ? segment.literal
            : segment.kind == PathTemplate::Kind::kOne   ? "*"
                                                         : "**";
    for (const auto& variable : path.variables) {
      if (variable.end == i + 1) text += "}";
    }
  }
  return path.verb.empty() ? text : text + ":" + path.verb;
}

// The grammar of google/api/http.proto.
TEST(PathTemplate, TakesWhatTheGrammarAllows) {
  const struct {
    const char* text;
    const char* full;
  } kCases[] = {
      {"/v1/chat/completions", "/v1/chat/completions"},
      {"/v1/{name}", "/v1/{name=*}"},
      {"/v1/models/{model=**}", "/v1/models/{model=**}"},
      {"/v1/{name=messages/*}", "/v1/{name=messages/*}"},
      {"/v1/messages/{message_id}/{sub.subfield}", "/v1/messages/{message_id=*}/{sub.subfield=*}"},
      {"/v1/{name=files/*}:copy", "/v1/{name=files/*}:copy"},
      {"/v1/{name=shelves/*/books/**}", "/v1/{name=shelves/*/books/**}"},
      {"/*/**", "/*/**"},
      {"/v1/a:b", "/v1/a:b"},
      {"/v1/a-b.c~d%20e", "/v1/a-b.c~d%20e"},
  };
  for (const auto& test : kCases) {
    auto parsed = ParsePathTemplate(test.text);
    ASSERT_TRUE(parsed.ok()) << test.text << ": " << parsed.status();
    EXPECT_EQ(Write(*parsed), test.full);
  }
}

TEST(PathTemplate, RefusesEverythingElse) {
  const char* kCases[] = {
      "",      "v1/models", "/",      "/v1/",        "//v1",     "/v1/{", "/v1/{}",
      "/{a=}", "/{a",       "/{a=*",  "/{a=b/{c}}",  "/{a}{b}",  "/**/a", "/{a=**}/b",
      "/***",  "/v1:",      "/a:b/c", "/a:b:c",      "/{a}/{a}", "/{1a}", "/{a.}",
      "/{.a}", "/a b",      "/a?b",   "/{a=**}/{b}", "/a*",      "/*a",   "/{a-b}",
  };
  for (const char* text : kCases) EXPECT_FALSE(ParsePathTemplate(text).ok()) << text;
}

TEST(PathTemplate, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(ParsePathTemplate("/v1/{a=**}/b").status().message(),
            "/v1/{a=**}/b: nothing may follow `**` at offset 11");
}

TEST(PathTemplate, IsBounded) {
  std::string path;
  for (size_t i = 0; i < PathTemplate::kMaxSegments; ++i) path += "/a";
  EXPECT_TRUE(ParsePathTemplate(path).ok());
  EXPECT_FALSE(ParsePathTemplate(path + "/a").ok());
  std::string variables;
  for (size_t i = 0; i < PathTemplate::kMaxVariables; ++i) variables += "/{v" + std::to_string(i) + "}";
  EXPECT_TRUE(ParsePathTemplate(variables).ok());
  EXPECT_FALSE(ParsePathTemplate(variables + "/{w}").ok());
}

}  // namespace
}  // namespace portolan::transcode
