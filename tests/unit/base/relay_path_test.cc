#include "server/base/relay_path.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan {
namespace {

TEST(RelayPath, TakesMethodsAndPathsBelowTheRoot) {
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}) {
    for (const char* path :
         {"/v1/files", "/v1/files/f%2F1/content?x=../y", "/v1/a...b/.../c", "/v1/a.b", "/v1/"}) {
      EXPECT_FALSE(CheckRelay(method, path)) << method << path;
    }
  }
}

TEST(RelayPath, RefusesWhatCouldMeanSomethingElse) {
  struct Refusal {
    std::string method, path;
    int status;
    std::string code;
  };
  const Refusal refusals[] = {
      {"GET", "/v2/files", 404, "route_not_found"},
      {"GET", "/v1", 404, "route_not_found"},
      {"GET", "/v1/v1/models", 404, "route_not_found"},
      {"GET", "v1/files", 404, "route_not_found"},
      {"GET", "", 404, "route_not_found"},
      {"TRACE", "/v1/files", 405, "method_not_allowed"},
      {"CONNECT", "/v1/files", 405, "method_not_allowed"},
      {"OPTIONS", "/v1/files", 405, "method_not_allowed"},
      {"get", "/v1/files", 405, "method_not_allowed"},
      {"", "/v1/files", 405, "method_not_allowed"},
      {"GET", "/v1/../admin", 400, "invalid_path"},
      {"GET", "/v1/a/..", 400, "invalid_path"},
      {"GET", "/v1/%2e%2e/a", 400, "invalid_path"},
      {"GET", "/v1/%252E%252e/a", 400, "invalid_path"},
      {"GET", "/v1/a%2f%2e%2e%2fb", 400, "invalid_path"},
      {"GET", "/v1/a\\..\\b", 400, "invalid_path"},
      {"GET", "/v1/a b", 400, "invalid_path"},
      {"GET", "/v1/a\r\nx: y", 400, "invalid_path"},
      {"GET", "/v1/caf\xC3\xA9", 400, "invalid_path"},
      {"GET", std::string("/v1/a\0b", 7), 400, "invalid_path"},
  };
  for (const Refusal& each : refusals) {
    const auto error = CheckRelay(each.method, each.path);
    ASSERT_TRUE(error) << each.path;
    EXPECT_EQ(error->http_status, each.status) << each.path;
    EXPECT_EQ(error->code, each.code) << each.path;
  }
}

}  // namespace
}  // namespace portolan
