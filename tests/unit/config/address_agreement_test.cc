// What a flag takes must mean something to who uses it: each spelling is given to the flag, and what the flag
// makes of it to the listener or the policy.

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "server/config/exposure.h"
#include "server/config/flags.h"
#include "server/net/address.h"
#include "server/upstream/address_policy.h"
#include "server/upstream/url.h"
#include "tests/unit/config/fake_environment.h"

namespace portolan::config {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)

std::optional<ServeOptions> Take(std::string_view flag, std::string_view value) {
  const std::vector<std::string_view> arguments = {flag, value};
  const auto options = ParseServeFlags(arguments, FakeEnvironment({}), {});
  return options.ok() ? std::optional(*options) : std::nullopt;
}

TEST(ListenAddress, AgreesWithTheListener) {
  const char* const kTexts[] = {"127.0.0.1:8787",
                                "127.9.9.9:1",
                                "localhost:0",
                                "[::1]:65535",
                                "0.0.0.0:80",
                                ":80",
                                "[::]:80",
                                "10.0.0.1:80",
                                "[fe80::1]:80",
                                "[::ffff:127.0.0.1]:1",
                                "[::ffff:10.0.0.1]:1",
                                ":",
                                "8787",
                                "127.0.0.1",
                                "127.0.0.1:",
                                "127.0.0.1:65536",
                                "127.0.0.1:-1",
                                "127.0.0.1:+1",
                                "127.1:80",
                                "::1:80",
                                "[::1]",
                                "[::1:80",
                                "[127.0.0.1]:80",
                                "example.com:80",
                                "LOCALHOST:80",
                                "127.0.0.1 :80",
                                "127.0.0.1:80 ",
                                "[]:80",
                                "0127.0.0.1:80",
                                "unix:/x:1"};
  for (const char* text : kTexts) {
    const auto options = Take("--http", text);
    const auto address = net::ParseAddress(text);
    ASSERT_EQ(options.has_value(), address.ok()) << text << ": " << address.status();
    if (!options) continue;
    EXPECT_EQ(IsLoopbackAddress(options->http), address->is_loopback()) << text;
  }
}

// For each good spelling, what it must permit and what it must not: a host (as a URL names it) and an address
// that the host has.
TEST(AllowUpstream, MeansToThePolicyWhatTheFlagTakes) {
  struct Place {
    const char* host;
    const char* ip;
  };
  struct Case {
    std::string_view rule;
    Place permitted;
    Place refused;
  };
  const Case good[] = {
      {"10.0.0.0/8", {"h", "10.255.0.1"}, {"h", "192.168.0.1"}},
      {"10.1.2.3/8", {"h", "10.9.9.9"}, {"10.1.2.3", "192.168.0.1"}},
      {"10.1.2.3", {"h", "10.1.2.3"}, {"h", "10.1.2.4"}},
      {"10.1.2.3/32", {"h", "10.1.2.3"}, {"h", "10.1.2.2"}},
      {"0.0.0.0/0", {"h", "169.254.169.254"}, {"h", "fd00::1"}},
      {"fd00::/8", {"h", "fdff::1"}, {"h", "fc00::1"}},
      {"FD12::/16", {"h", "fd12::5"}, {"h", "fd13::5"}},
      {"::/0", {"h", "10.0.0.1"}, {"", ""}},
      {"::1", {"h", "::1"}, {"h", "127.0.0.1"}},
      {"::ffff:10.0.0.0/104", {"h", "10.9.9.9"}, {"h", "172.16.0.1"}},
      {"llm.internal", {"llm.internal", "10.0.0.1"}, {"x.llm.internal", "10.0.0.1"}},
      {"LLM.Internal", {"llm.internal", "10.0.0.1"}, {"internal", "10.0.0.1"}},
      {"llm.internal.", {"llm.internal", "10.0.0.1"}, {"llm.internal.evil", "10.0.0.1"}},
      {".internal", {"a.b.internal", "10.0.0.1"}, {"internal", "10.0.0.1"}},
      {".Internal.", {"a.internal", "10.0.0.1"}, {"ainternal", "10.0.0.1"}},
      {"localhost", {"localhost", "127.0.0.1"}, {"my.localhost", "127.0.0.1"}},
      {"my_host", {"my_host", "10.0.0.1"}, {"my-host", "10.0.0.1"}},
      // Names without a letter.
      {"1-2", {"1-2", "10.0.0.1"}, {"12", "10.0.0.1"}},
      {"10-0-0-1", {"10-0-0-1", "10.0.0.1"}, {"h", "10.0.0.1"}},
      {"7_8", {"7_8", "10.0.0.1"}, {"7-8", "10.0.0.1"}},
      {".1-2", {"9.1-2", "10.0.0.1"}, {"1-2", "10.0.0.1"}},
      {"1.2-3", {"1.2-3", "10.0.0.1"}, {"2-3", "10.0.0.1"}},
  };
  const auto address_of = [](const char* ip) {
    net::SocketAddress address;
    EXPECT_TRUE(net::SocketAddress::Parse(ip, 80, &address)) << ip;
    return address;
  };
  for (const Case& c : good) {
    const auto options = Take("--allow-upstream", c.rule);
    ASSERT_TRUE(options) << c.rule;
    const upstream::AddressPolicy policy = upstream::MakeAddressPolicy(false, options->allow_upstream);
    // Hosts come to the policy as URLs give them.
    upstream::Origin origin;
    std::string path;
    std::string problem;
    const std::string url = "http://" + std::string(c.permitted.host);
    ASSERT_TRUE(upstream::ParseUrl(url, &origin, &path, &problem)) << url << ": " << problem;
    EXPECT_TRUE(policy(origin.host, address_of(c.permitted.ip))) << c.rule;
    if (*c.refused.ip != '\0') {
      EXPECT_FALSE(policy(c.refused.host, address_of(c.refused.ip))) << c.rule;
    }
  }
}

TEST(AllowUpstream, TakesNothingThatNoHostOrAddressCouldMatch) {
  const std::string_view bad[] = {"", ".", "..a", "a..b", "10.0.0.0/33", "fd00::/129", "10.0.0/8", "a/8",
                                  "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-0", "10.0.0.0/-1", "10.0.0.0/+8",
                                  "10.0.0.0/8/8", "/8", "http://a", "a b", "*", "*.example", "a:80", "[::1]",
                                  ".10.0.0.1", ".::1",
                                  // No URL has such a host: they would be addresses.
                                  "10.0.0", "10.0.0.256", "0x7f000001", "a.1", ".1", "10.0.0.1\0x"sv};
  for (const std::string_view text : bad) EXPECT_FALSE(Take("--allow-upstream", text)) << text;
  const std::string label(64, 'a');
  EXPECT_FALSE(Take("--allow-upstream", label));
}

}  // namespace
}  // namespace portolan::config
