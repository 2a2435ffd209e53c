#include "server/transcode/clean_path.h"

#include <gtest/gtest.h>

namespace portolan::transcode {
namespace {

TEST(CleanPath, TakesRepeatedSlashesForOneAndTheLastForNothing) {
  const struct {
    std::string_view path;
    std::string_view clean;
  } cases[] = {
      {"/v1/chat/completions", "/v1/chat/completions"},
      {"/v1/chat/completions/", "/v1/chat/completions"},
      {"/v1//chat/completions", "/v1/chat/completions"},
      {"//v1///chat/completions//", "/v1/chat/completions"},
      {"//chat/completions", "/chat/completions"},
      {"/v1/models/org//name", "/v1/models/org/name"},
      {"/v1/models/org%2F%2Fname/", "/v1/models/org%2F%2Fname"},
      {"/v1/models/%2F/", "/v1/models/%2F"},
      {"/", "/"},
      {"//", "/"},
      {"////", "/"},
      {"/./../", "/./.."},
      {"*", "*"},
      {"", ""},
  };
  for (const auto& test : cases) {
    std::string buffer = "left over";
    EXPECT_EQ(CleanPath(test.path, &buffer), test.clean) << test.path;
  }
}

TEST(ShownPath, IsBoundedAndPrintable) {
  EXPECT_EQ(ShownPath("/v1/x%20y"), "/v1/x%20y");
  EXPECT_EQ(ShownPath(std::string_view("/a\r\n\0\x7f\xc3\xa9 b", 10)), "/a%0D%0A%00%7F%C3%A9%20b");
  EXPECT_EQ(ShownPath("/" + std::string(10'000, 'a')), "/" + std::string(255, 'a') + "...");
}

}  // namespace
}  // namespace portolan::transcode
