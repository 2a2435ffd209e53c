// How a gateway starts as a process: how much it takes with many shards, without the standard descriptors,
// and what it warns of.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/load/process.h"
#include "tests/support/eventually.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::load {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Environment = std::vector<std::pair<std::string, std::string>>;

struct Cost {
  double cpu_seconds = 0;
  double megabytes = 0;
};

Cost StartWith(int shards) {
  Process gateway(Binary());
  gateway.Start({"--threads", std::to_string(shards), "--log-level", "error"});
  EXPECT_TRUE(gateway.WaitUntilReady()) << gateway.Stderr();
  return {gateway.CpuSeconds(), static_cast<double>(gateway.ResidentBytes()) / 1e6};
}

// What all shards can share is made once: the authorities that the system trusts are 20 to 40 ms of work, and
// most of a megabyte.
TEST(Start, CostsLittleMoreWithManyShards) {
  const Cost one = StartWith(1);
  const Cost many = StartWith(64);
  std::printf("1 shard: %.2f s of CPU time, %.1f MB; 64 shards: %.2f s, %.1f MB\n", one.cpu_seconds,
              one.megabytes, many.cpu_seconds, many.megabytes);
  // Its clock ticks every 10 ms.
  EXPECT_LT(many.cpu_seconds, 6 * std::max(one.cpu_seconds, 0.02));
  EXPECT_LT(many.megabytes, one.megabytes + 20);
}

// A socket in the place of stderr would get the log, and a caller with it.
TEST(Start, OpensTheStandardDescriptorsThatAreClosed) {
  const std::vector<std::vector<int>> cases = {{0, 1, 2}, {2}, {0}, {1, 2}, {0, 2}};
  for (const std::vector<int>& closed : cases) {
    SCOPED_TRACE(::testing::PrintToString(closed));
    Process gateway(Binary());
    gateway.Start({"--threads", "2"}, {.closed = closed});
    ASSERT_TRUE(gateway.WaitUntilReady());
    test::TestClient client(gateway.http());
    const test::TestAnswer answer = client.Post(
        "/v1/chat/completions", R"({"model":"echo/echo","messages":[{"role":"user","content":"hi"}]})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    for (const int fd : {0, 1, 2}) {
      const bool was_closed = std::find(closed.begin(), closed.end(), fd) != closed.end();
      if (was_closed) {
        EXPECT_EQ(gateway.Descriptor(fd), "/dev/null") << fd;
      } else {
        EXPECT_THAT(gateway.Descriptor(fd), AllOf(Not(HasSubstr("socket")), Not(HasSubstr("anon_inode"))))
            << fd;
      }
    }
    gateway.Signal(SIGTERM);
    EXPECT_EQ(gateway.Wait(20), 0);
  }
}

// The lines of the log that are warnings, once the gateway serves.
std::vector<std::string> WarningsAtStart(const std::vector<std::string>& flags,
                                         const Environment& environment) {
  Process gateway(Binary());
  gateway.Start(flags, {.environment = environment});
  EXPECT_TRUE(gateway.WaitUntilReady()) << gateway.Stderr();
  std::string log;
  EXPECT_TRUE(test::Eventually([&] { return log = gateway.Stderr(); }, HasSubstr("\"msg\":\"serving\"")));
  std::vector<std::string> warnings;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("\"level\":\"warn\"") != std::string::npos) warnings.push_back(line);
  }
  EXPECT_THAT(log, Not(HasSubstr("hush")));
  return warnings;
}

TEST(Start, WarnsOfVariablesThatMeanNothing) {
  EXPECT_THAT(WarningsAtStart({}, {{"PORTOLAN_GRPC_KEEPALIVE", "hush"},
                                   {"PORTOLAN_LOGLEVEL", "hush"},
                                   {"PORTOLAN_SERVICE_HOST", "10.0.0.11"},
                                   {"PORTOLAN_SERVICE_PORT", "8787"},
                                   {"PORTOLAN_PORT", "tcp://10.0.0.11:8787"},
                                   {"PORTOLAN_PORT_8787_TCP_ADDR", "10.0.0.11"},
                                   {"PORTOLAN_GRPC_SERVICE_HOST", "10.0.0.11"}}),
              ::testing::UnorderedElementsAre(
                  HasSubstr(R"("variable":"PORTOLAN_GRPC_KEEPALIVE","did_you_mean":"PORTOLAN_)"),
                  HasSubstr(R"("variable":"PORTOLAN_LOGLEVEL","did_you_mean":"PORTOLAN_LOG_LEVEL")")));
}

TEST(Start, WarnsOfKeysInQuotesAndShowsNone) {
  const test::TempFolder folder;
  const std::string key = folder.path() + "/key";
  std::ofstream(key) << "'hush-of-the-file'\n";
  const std::string config = folder.path() + "/portolan.yaml";
  std::ofstream(config)
      << "callers: {keys: [{name: a, key: \"file:" << key << "\"}]}\n"
      << "providers: {lab: {base_url: \"http://lab\", api_key: \"env:PORTOLAN_LAB_KEY\"}}\n";
  EXPECT_THAT(WarningsAtStart({"--config", config}, {{"OPENAI_API_KEY", "\"sk-hush\""},
                                                     {"ANTHROPIC_API_KEY", "sk-hush"},
                                                     {"PORTOLAN_CALLER_KEYS", "\"hush-1,hush-2\""},
                                                     {"PORTOLAN_ADMIN_KEY", "hush'"},
                                                     {"PORTOLAN_LAB_KEY", "`hush`"}}),
              ::testing::UnorderedElementsAre(HasSubstr(R"("variable":"OPENAI_API_KEY")"),
                                              HasSubstr(R"("variable":"PORTOLAN_CALLER_KEYS")"),
                                              HasSubstr("\"reference\":\"file:" + key + "\""),
                                              HasSubstr(R"("reference":"env:PORTOLAN_LAB_KEY")")));
}

TEST(Start, NamesTheVariableOfAProxyThatIsNone) {
  for (const char* variable : {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}) {
    Process gateway(Binary());
    gateway.Start({}, {.environment = {{"HTTPS_PROXY", ""},
                                       {"https_proxy", ""},
                                       {"HTTP_PROXY", ""},
                                       {"http_proxy", ""},
                                       {variable, "socks5://user:hush@proxy.example:1080"}}});
    EXPECT_EQ(gateway.Wait(20), 1);
    EXPECT_EQ(gateway.Stderr(),
              "portolan: " + std::string(variable) + ": only http:// proxies are supported\n");
  }
}

}  // namespace
}  // namespace portolan::load
