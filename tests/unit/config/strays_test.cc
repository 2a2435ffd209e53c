// Variables that do not do what was meant.

#include "server/config/strays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/fake_environment.h"

namespace portolan::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Variables = std::map<std::string, std::string>;

std::vector<std::pair<std::string, std::string>> Strays(const Variables& variables,
                                                        std::vector<std::string_view> others = {}) {
  std::vector<std::string> names;
  for (const auto& [name, value] : variables) names.push_back(name);
  std::vector<std::pair<std::string, std::string>> strays;
  for (const StrayVariable& stray : StrayVariables(names, others, FakeEnvironment(variables)))
    strays.emplace_back(stray.name, stray.nearest);
  return strays;
}

TEST(StrayVariables, AreToldWithTheNearestName) {
  EXPECT_THAT(
      Strays({{"PORTOLAN_CALLER_KEY", "k"},
              {"PORTOLAN_LOGLEVEL", "debug"},
              {"PORTOLAN_GRPC_ADDR", ":1"},
              {"PORTOLAN_OPENAI_API_KEY", "sk"},
              {"PORTOLAN_", ""},
              {"PORTOLAN_HTTP", ":80"},
              {"PORTOLAN_THREADS", "2"},
              {"PORTOLAN_URL", "http://gateway"},
              {"PORTOLAN_KEY", "k"},
              {"HOME", "/"},
              {"portolan_http", ":80"},
              {"XPORTOLAN_HTTP", ":80"}},
             {"OPENAI_API_KEY"}),
      ElementsAre(Pair("PORTOLAN_", ::testing::_), Pair("PORTOLAN_CALLER_KEY", "PORTOLAN_CALLER_KEYS"),
                  Pair("PORTOLAN_GRPC_ADDR", "PORTOLAN_GRPC"),
                  Pair("PORTOLAN_LOGLEVEL", "PORTOLAN_LOG_LEVEL"),
                  Pair("PORTOLAN_OPENAI_API_KEY", "OPENAI_API_KEY")));
}

TEST(StrayVariables, AreNotWhatTheConfigFileRefersTo) {
  EXPECT_THAT(Strays({{"PORTOLAN_LAB_KEY", "k"}}, {"PORTOLAN_LAB_KEY"}), IsEmpty());
  EXPECT_THAT(Strays({{"PORTOLAN_LAB_KEY", "k"}}), ElementsAre(Pair("PORTOLAN_LAB_KEY", ::testing::_)));
}

// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables, for services called
// portolan, portolan-grpc and portolan-admin-eu.
TEST(StrayVariables, AreNotWhatKubernetesSetsForServices) {
  Variables variables;
  for (const std::string service : {"PORTOLAN", "PORTOLAN_GRPC", "PORTOLAN_ADMIN_EU"}) {
    variables[service + "_SERVICE_HOST"] = "10.0.0.11";
    variables[service + "_SERVICE_PORT"] = "8787";
    variables[service + "_SERVICE_PORT_HTTP"] = "8787";
    variables[service + "_SERVICE_PORT_HTTP_ALT"] = "8787";
    variables[service + "_PORT"] = "tcp://10.0.0.11:8787";
    for (const std::string protocol : {"TCP", "UDP", "SCTP"}) {
      const std::string port = service + "_PORT_8787_" + protocol;
      variables[port] = "tcp://10.0.0.11:8787";
      variables[port + "_PROTO"] = "tcp";
      variables[port + "_PORT"] = "8787";
      variables[port + "_ADDR"] = "10.0.0.11";
    }
  }
  EXPECT_THAT(Strays(variables), IsEmpty());
}

// How one might think that a port is set.
TEST(StrayVariables, AreWhatOnlyLooksLikeKubernetes) {
  EXPECT_THAT(
      Strays({{"PORTOLAN_HTTP_PORT", "8787"},
              {"PORTOLAN_PORT", "8787"},
              {"PORTOLAN_PORT_HTTP", "8787"},
              {"PORTOLAN_PORT_8787", "x"},
              {"PORTOLAN_PORT_8787_TCP_HOST", "x"},
              {"PORTOLAN_SERVICE_NAME", "x"},
              {"PORTOLAN_REPORT", "tcp://x"}}),
      ElementsAre(Pair("PORTOLAN_HTTP_PORT", ::testing::_), Pair("PORTOLAN_PORT", ::testing::_),
                  Pair("PORTOLAN_PORT_8787", ::testing::_), Pair("PORTOLAN_PORT_8787_TCP_HOST", ::testing::_),
                  Pair("PORTOLAN_PORT_HTTP", ::testing::_), Pair("PORTOLAN_REPORT", ::testing::_),
                  Pair("PORTOLAN_SERVICE_NAME", ::testing::_)));
}

TEST(QuotedKeys, AreSeenAloneAndInLists) {
  const auto quoted = [](const std::string& value) {
    return HoldsQuotedKey(FakeEnvironment({{"K", value}}), "K");
  };
  for (const char* value :
       {"\"sk-1\"", "'sk-1'", "`sk-1`", " \"sk-1\"\n", "\"a,b\"", "a, 'b'", "'a',b", "\"\""})
    EXPECT_TRUE(quoted(value)) << value;
  for (const char* value : {"", "sk-1", "\"", "\"sk-1", "sk-1'", "\"sk-1'", "a\"b\"c", "a,b", "a',b'"})
    EXPECT_FALSE(quoted(value)) << value;
  EXPECT_FALSE(HoldsQuotedKey(FakeEnvironment({}), "K"));
}

}  // namespace
}  // namespace portolan::config
