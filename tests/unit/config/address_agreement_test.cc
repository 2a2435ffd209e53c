// The settings check addresses and rules before anybody uses them: they must agree with the users' own
// reading.

#include <gtest/gtest.h>

#include "server/config/address.h"
#include "server/net/listener.h"
#include "server/upstream/address_policy.h"

namespace portolan::config {
namespace {

TEST(HostPort, AgreesWithTheListener) {
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
                                "",
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
    HostPort parsed;
    std::string problem;
    const bool accepted = ParseHostPort(text, &parsed, &problem);
    const auto address = net::ParseAddress(text);
    ASSERT_EQ(accepted, address.ok()) << text << ": " << address.status();
    if (!accepted) continue;
    EXPECT_EQ(parsed.port, address->port()) << text;
    EXPECT_EQ(IsLoopbackAddress(text), address->is_loopback()) << text;
  }
}

TEST(UpstreamRule, AgreesWithTheAddressPolicy) {
  const char* const kTexts[] = {
      "10.0.0.0/8",   "10.1.2.3/8",  "fd00::/8",   "0.0.0.0/0", "::/0",  "10.1.2.3",  "::1",
      "llm.internal", ".internal",   "localhost",  "my_host",   "a-b.c", "",          ".",
      "..a",          "10.0.0.0/33", "fd00::/129", "10.0.0/8",  "a/8",   "10.0.0.0/", "10.0.0.0/x",
      "10.0.0.0/-1",  "http://a",    "a b",        "*.example", "a:80",  "10.0.0",    "10.0.0.256",
      "[::1]",        "/8"};
  for (const char* text : kTexts) {
    std::string problem;
    EXPECT_EQ(IsUpstreamRule(text, &problem), upstream::CheckAllowEntry(text).empty()) << text;
  }
}

}  // namespace
}  // namespace portolan::config
