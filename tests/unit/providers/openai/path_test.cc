#include "providers/path.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::providers {
namespace {

TEST(AppendPathSegment, NeverLeavesItsPlace) {
  struct Case {
    const char* text;
    bool keep_slash;
    const char* expected;
  };
  const Case cases[] = {
      {"gpt-4o", true, "gpt-4o"},
      {"meta/llama-3.1", true, "meta/llama-3.1"},
      {"meta/llama", false, "meta%2Fllama"},
      {"a b?c#d", true, "a%20b%3Fc%23d"},
      {"..", true, "%2E%2E"},
      {"ft:gpt:x", true, "ft:gpt:x"},
      {"\xc3\xa9\r\n", true, "%C3%A9%0D%0A"},
  };
  for (const Case& test : cases) {
    std::string out;
    AppendPathSegment(test.text, test.keep_slash, &out);
    EXPECT_EQ(out, test.expected);
  }
}

TEST(AppendPathSegment, DoesNotClimbOutByDotSegments) {
  for (const char* text : {"../admin", "a/../../b", "a/./b", "./a", "a/.."}) {
    std::string out;
    AppendPathSegment(text, /*keep_slash=*/true, &out);
    EXPECT_EQ(("/" + out + "/").find("/../"), std::string::npos) << out;
    EXPECT_EQ(("/" + out + "/").find("/./"), std::string::npos) << out;
  }
}

TEST(AppendQuery, JoinsWhatIsThere) {
  std::string path = "/models";
  AppendQuery("", &path);
  EXPECT_EQ(path, "/models");
  AppendQuery("limit=5&after=a%2Fb", &path);
  EXPECT_EQ(path, "/models?limit=5&after=a%2Fb");
  AppendQuery("x", &path);
  EXPECT_EQ(path, "/models?limit=5&after=a%2Fb&x");
}

}  // namespace
}  // namespace portolan::providers
