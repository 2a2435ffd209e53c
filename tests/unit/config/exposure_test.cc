#include "server/config/exposure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace portolan::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::vector<std::string> kHeld = {"OPENAI_API_KEY"};

TEST(Exposure, OfADataListenerWithProviderKeysNeedsCallerKeys) {
  struct Case {
    std::string http = "127.0.0.1:8787";
    std::string grpc = "127.0.0.1:50051";
    std::vector<std::string> held = kHeld;
    bool caller_key = false;
    bool allowed = false;  // --allow-unauthenticated
    bool starts = false;
  };
  const std::vector<Case> cases = {
      {.starts = true},
      {.http = "localhost:1", .grpc = "[::1]:2", .starts = true},
      {.http = "0.0.0.0:8787"},
      {.http = ":8787"},
      {.grpc = "[::]:50051"},
      {.grpc = "10.0.0.5:50051"},
      {.http = ":8787", .held = {}, .starts = true},
      {.http = ":8787", .caller_key = true, .starts = true},
      {.http = ":8787", .allowed = true, .starts = true},
  };
  for (const Case& c : cases) {
    ServeOptions options;
    options.http = c.http;
    options.grpc = c.grpc;
    if (c.caller_key) options.caller_keys.emplace_back("key");
    options.allow_unauthenticated = c.allowed;
    const absl::Status status = CheckExposure(options, c.held, !options.caller_keys.empty());
    EXPECT_EQ(status.ok(), c.starts) << c.http << " " << c.grpc << " " << status;
    if (c.starts) continue;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("OPENAI_API_KEY"), HasSubstr("PORTOLAN_CALLER_KEYS=<key>"),
                      HasSubstr("--allow-unauthenticated"), HasSubstr("127.0.0.1")));
  }
}

TEST(Exposure, OfTheAdminListenerNeedsAnAdminKey) {
  ServeOptions options;
  options.admin = ":8788";
  options.allow_unauthenticated = true;  // is about the data listeners only
  EXPECT_THAT(std::string(CheckExposure(options, {}, false).message()),
              AllOf(HasSubstr("--admin :8788"), HasSubstr("PORTOLAN_ADMIN_KEY=<key>")));
  options.admin_key = Secret("key");
  EXPECT_TRUE(CheckExposure(options, {}, false).ok());
}

TEST(Exposure, NamesAFewOfManyKeys) {
  ServeOptions options;
  options.http = ":1";
  const std::vector<std::string> many = {"A_KEY", "B_KEY", "C_KEY", "D_KEY", "E_KEY"};
  EXPECT_THAT(std::string(CheckExposure(options, many, false).message()),
              HasSubstr("A_KEY, B_KEY, C_KEY and 2 more"));
}

}  // namespace
}  // namespace portolan::config
