#include "server/config/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/nearest.h"
#include "tests/unit/base/address_rules.h"
#include "tests/unit/config/fake_environment.h"

namespace portolan::config {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Variables = std::map<std::string, std::string>;

absl::StatusOr<ServeOptions> Parse(std::vector<std::string_view> arguments, Variables variables = {}) {
  return ParseServeFlags(arguments, FakeEnvironment(std::move(variables)));
}

ServeOptions Serve(std::vector<std::string_view> flags, Variables variables = {}) {
  const absl::StatusOr<ServeOptions> options = Parse(std::move(flags), std::move(variables));
  EXPECT_TRUE(options.ok()) << options.status();
  return options.ok() ? *options : ServeOptions();
}

std::string Problem(std::vector<std::string_view> flags, Variables variables = {}) {
  const absl::StatusOr<ServeOptions> options = Parse(std::move(flags), std::move(variables));
  EXPECT_FALSE(options.ok());
  return std::string(options.status().message());
}

TEST(Flags, HaveTheDecidedDefaults) {
  const ServeOptions options = Serve({});
  EXPECT_EQ(options.http, "127.0.0.1:8787");
  EXPECT_EQ(options.grpc, "127.0.0.1:50051");
  EXPECT_EQ(options.admin, "127.0.0.1:8788");
  EXPECT_EQ(options.threads, 0);
  EXPECT_EQ(options.log_level, telemetry::LogLevel::kInfo);
  EXPECT_EQ(options.default_provider, "");
  EXPECT_FALSE(options.direct_keys);
  EXPECT_TRUE(options.count_streams);
  EXPECT_FALSE(options.allow_unauthenticated);
  EXPECT_FALSE(options.no_splice);
  EXPECT_EQ(options.max_body, 64u * 1024 * 1024);
  EXPECT_EQ(options.connect_timeout, milliseconds(5'000));
  EXPECT_EQ(options.first_byte_timeout, milliseconds(600'000));
  EXPECT_EQ(options.idle_timeout, milliseconds(300'000));
  EXPECT_EQ(options.heartbeat, milliseconds(15'000));
  EXPECT_EQ(options.keep_alive, milliseconds(75'000));
  EXPECT_EQ(options.grpc_max_connection_age, milliseconds(0));
  EXPECT_EQ(options.drain_delay, milliseconds(0));
  EXPECT_EQ(options.grace, milliseconds(30'000));
  EXPECT_THAT(options.caller_keys, IsEmpty());
  EXPECT_TRUE(options.admin_key.empty());
  EXPECT_THAT(options.cors_origins, IsEmpty());
  EXPECT_THAT(options.allowed_hosts, IsEmpty());
  EXPECT_THAT(options.allow_upstream, IsEmpty());
}

TEST(Flags, AreReadInBothSpellings) {
  const ServeOptions options = Serve({"--http",
                                      ":80",
                                      "--grpc=[::1]:1",
                                      "--admin",
                                      "localhost:2",
                                      "--threads=3",
                                      "--log-level",
                                      "debug",
                                      "--default-provider=anthropic",
                                      "--direct-keys",
                                      "--usage-streams=asked",
                                      "--allow-unauthenticated=true",
                                      "--upstream-ca",
                                      "/etc/ca.pem",
                                      "--max-body=1MB",
                                      "--connect-timeout",
                                      "500ms",
                                      "--first-byte-timeout=2m",
                                      "--idle-timeout",
                                      "1h",
                                      "--heartbeat=0",
                                      "--keep-alive",
                                      "620s",
                                      "--grpc-max-connection-age=30m",
                                      "--grpc-max-connection-age-grace",
                                      "90s",
                                      "--drain-delay=5s",
                                      "--grace",
                                      "0s",
                                      "--no-splice"});
  EXPECT_EQ(options.http, ":80");
  EXPECT_EQ(options.grpc, "[::1]:1");
  EXPECT_EQ(options.admin, "localhost:2");
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.log_level, telemetry::LogLevel::kDebug);
  EXPECT_EQ(options.default_provider, "anthropic");
  EXPECT_TRUE(options.direct_keys);
  EXPECT_FALSE(options.count_streams);
  EXPECT_TRUE(options.allow_unauthenticated);
  EXPECT_EQ(options.upstream_ca, "/etc/ca.pem");
  EXPECT_EQ(options.max_body, 1u << 20);
  EXPECT_EQ(options.connect_timeout, milliseconds(500));
  EXPECT_EQ(options.first_byte_timeout, milliseconds(120'000));
  EXPECT_EQ(options.idle_timeout, milliseconds(3'600'000));
  EXPECT_EQ(options.heartbeat, milliseconds(0));
  EXPECT_EQ(options.keep_alive, milliseconds(620'000));
  EXPECT_EQ(options.grpc_max_connection_age, milliseconds(1'800'000));
  EXPECT_EQ(options.grpc_max_connection_age_grace, milliseconds(90'000));
  EXPECT_EQ(options.drain_delay, milliseconds(5'000));
  EXPECT_EQ(options.grace, milliseconds(0));
  EXPECT_TRUE(options.no_splice);
}

TEST(Flags, MayBeRepeatedWhereTheyAreLists) {
  const ServeOptions options =
      Serve({"--cors-origin", "https://A.example", "--cors-origin=http://localhost:3000", "--allowed-host",
             "Gate.example", "--allow-upstream", "10.0.0.0/8", "--allow-upstream", ".Internal"});
  EXPECT_THAT(options.cors_origins, ElementsAre("https://a.example", "http://localhost:3000"));
  EXPECT_THAT(options.allowed_hosts, ElementsAre("gate.example"));
  EXPECT_THAT(options.allow_upstream, ElementsAre(Rule("10.0.0.0/8"), Rule(".internal")));
}

TEST(Flags, BeatTheEnvironment) {
  const Variables variables = {{"PORTOLAN_HTTP", ":81"},
                               {"PORTOLAN_GRPC", ":82"},
                               {"PORTOLAN_DIRECT_KEYS", "1"},
                               {"PORTOLAN_NO_SPLICE", "true"},
                               {"PORTOLAN_CORS_ORIGIN", "https://a.example, https://b.example"},
                               {"PORTOLAN_ALLOWED_HOST", "a.example,b.example"}};
  const ServeOptions options =
      Serve({"--http", ":91", "--direct-keys=false", "--cors-origin", "https://c.example"}, variables);
  EXPECT_EQ(options.http, ":91");
  EXPECT_EQ(options.grpc, ":82");
  EXPECT_FALSE(options.direct_keys);
  EXPECT_TRUE(options.no_splice);
  EXPECT_THAT(options.cors_origins, ElementsAre("https://c.example"));
  EXPECT_THAT(options.allowed_hosts, ElementsAre("a.example", "b.example"));
}

TEST(Flags, LieOverVariablesAndBothOverTheFile) {
  ServeOptions file;
  file.http = ":71";
  file.grpc = ":72";
  file.admin = ":73";
  file.cors_origins = {"https://file.example"};
  file.allowed_hosts = {"file.example"};
  file.allow_upstream = Rules({"file.internal"});
  const Variables environment = {{"PORTOLAN_HTTP", ":81"},
                                 {"PORTOLAN_GRPC", ":82"},
                                 {"PORTOLAN_CORS_ORIGIN", "https://variable.example"},
                                 {"PORTOLAN_ALLOWED_HOST", "variable.example"}};
  const std::vector<std::string_view> arguments = {"--http", ":91", "--cors-origin", "https://flag.example"};
  const auto options = ParseServeFlags(arguments, FakeEnvironment(environment), file);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->http, ":91");
  EXPECT_EQ(options->grpc, ":82");
  EXPECT_EQ(options->admin, ":73");
  EXPECT_THAT(options->cors_origins, ElementsAre("https://flag.example"));
  EXPECT_THAT(options->allowed_hosts, ElementsAre("variable.example"));
  EXPECT_THAT(options->allow_upstream, ElementsAre(Rule("file.internal")));
}

TEST(Flags, NameTheConfigFile) {
  EXPECT_EQ(Serve({}).config_file, "");
  EXPECT_EQ(Serve({}, {{"PORTOLAN_CONFIG", "v.yaml"}}).config_file, "v.yaml");
  EXPECT_EQ(Serve({"--config=f.yaml"}, {{"PORTOLAN_CONFIG", "v.yaml"}}).config_file, "f.yaml");
}

TEST(Environment, HoldsTheKeys) {
  const ServeOptions options =
      Serve({}, {{"PORTOLAN_CALLER_KEYS", " key-1,key-2 ,\n"}, {"PORTOLAN_ADMIN_KEY", "root\n"}});
  ASSERT_EQ(options.caller_keys.size(), 2u);
  EXPECT_EQ(options.caller_keys[0].Reveal(), "key-1");
  EXPECT_EQ(options.caller_keys[1].Reveal(), "key-2");
  EXPECT_EQ(options.admin_key.Reveal(), "root");
}

TEST(Environment, AnEmptyVariableIsAsNotSet) {
  const ServeOptions options = Serve({}, {{"PORTOLAN_HTTP", ""}, {"PORTOLAN_CALLER_KEYS", " , "}});
  EXPECT_EQ(options.http, "127.0.0.1:8787");
  EXPECT_THAT(options.caller_keys, IsEmpty());
}

TEST(Environment, HoldsTheProxiesInBothSpellings) {
  const ServeOptions upper =
      Serve({}, {{"HTTPS_PROXY", "http://u:p@a:1"}, {"HTTP_PROXY", "http://b:2"}, {"NO_PROXY", "*"}});
  EXPECT_EQ(upper.https_proxy, "http://u:p@a:1");
  EXPECT_EQ(upper.http_proxy, "http://b:2");
  EXPECT_EQ(upper.no_proxy, "*");
  const ServeOptions both = Serve({}, {{"HTTPS_PROXY", "http://a:1"}, {"https_proxy", "http://c:3"}});
  EXPECT_EQ(both.https_proxy, "http://c:3");
  // Which of them it was.
  EXPECT_EQ(upper.https_proxy_variable, "HTTPS_PROXY");
  EXPECT_EQ(upper.http_proxy_variable, "HTTP_PROXY");
  EXPECT_EQ(both.https_proxy_variable, "https_proxy");
}

TEST(Errors, NameTheFlagTheValueAndWhatWouldDo) {
  struct Case {
    std::vector<std::string_view> flags;
    std::string_view expected;
  };
  const std::vector<Case> cases = {
      {{"--http", "8787"}, "--http \"8787\": an address is HOST:PORT, as in 127.0.0.1:8787"},
      {{"--threads=0"}, "--threads \"0\": it must be a whole number from 1 to 1024"},
      {{"--grace", "30"}, "--grace \"30\": a time is a number with its unit: 500ms, 30s, 2m or 1h"},
      {{"--connect-timeout=0s"}, "--connect-timeout \"0s\": it must be longer than nothing"},
      {{"--keep-alive=0s"}, "--keep-alive \"0s\": it must be longer than nothing"},
      {{"--max-body", "2GB"}, "--max-body \"2GB\": it must be from 1KB to 1GB"},
      {{"--log-level", "loud"}, "--log-level \"loud\": it must be error, warn, info or debug"},
      {{"--direct-keys=maybe"}, "--direct-keys \"maybe\": it must be true or false"},
      {{"--default-provider", "Open AI"},
       "--default-provider \"Open AI\": it must be a provider's name, as in openai"},
      {{"--grace"}, "--grace needs a value: --grace TIME"},
      {{"--grace", "--http", ":1"}, "--grace needs a value: --grace TIME"},
      {{"--http", ":1", "--http=:2"}, "--http is given twice"},
      {{"extra"}, "unexpected argument extra; `portolan serve` takes flags only"},
      {{"--direct-keys", "true"}, "unexpected argument true; `portolan serve` takes flags only"},
  };
  for (const Case& c : cases) EXPECT_EQ(Problem(c.flags), c.expected);
  EXPECT_EQ(Problem({}, {{"PORTOLAN_GRACE", "soon"}}),
            "PORTOLAN_GRACE \"soon\": a time is a number with its unit: 500ms, 30s, 2m or 1h");
}

TEST(Errors, SuggestTheNearestFlag) {
  const std::map<std::string_view, std::string_view> cases = {
      {"--htpp", "--http"},
      {"--thread=3", "--threads"},
      {"--cors-origins", "--cors-origin"},
      {"--allow-host", "--allowed-host"},
      {"--loglevel", "--log-level"},
      {"--hlep", "--help"},
      {"--graceperiod", "--grace"},
      {"--max_body", "--max-body"},
  };
  for (const auto& [typed, meant] : cases) {
    EXPECT_THAT(Problem({typed}), HasSubstr("did you mean " + std::string(meant) + "?")) << typed;
  }
  // A flag of any length costs no more than its first characters.
  EXPECT_LT(Problem({"--" + std::string(100'000, 'x')}).size(), 200u);
}

TEST(Errors, NeverHoldASecret) {
  for (const char* variable : {"PORTOLAN_CALLER_KEYS", "PORTOLAN_ADMIN_KEY"}) {
    EXPECT_THAT(Problem({}, {{variable, "hush hush"}}), AllOf(HasSubstr(variable), Not(HasSubstr("hush"))));
  }
}

TEST(Nearest, IsTheWordWithTheFewestChanges) {
  const std::vector<std::string_view> words = {"http", "https", "grpc"};
  EXPECT_EQ(Nearest("htpp", words), "http");
  EXPECT_EQ(Nearest("https", words), "https");
  EXPECT_EQ(Nearest("grcp", words), "grpc");
  EXPECT_EQ(Nearest("", words), "http");
  EXPECT_EQ(Nearest(std::string(1'000'000, 'x'), words), "http");
}

TEST(Nearest, WordsThatAreFarAreNotNear) {
  const std::vector<std::string_view> words = {"http", "https", "grpc", "together-ai"};
  EXPECT_EQ(NearWord("htpp", words), "http");
  EXPECT_EQ(NearWord("HTTP", words), "http");
  EXPECT_EQ(NearWord("together", words), "together-ai");
  EXPECT_EQ(NearWord("grpcurl", words), "grpc");
  EXPECT_EQ(NearWord("nobody", words), "");
  EXPECT_EQ(NearWord("h", words), "");
  EXPECT_EQ(NearWord("", words), "");
  EXPECT_EQ(NearWord("http", {}), "");
}

}  // namespace
}  // namespace portolan::config
