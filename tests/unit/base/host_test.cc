#include "server/base/host.h"

#include <gtest/gtest.h>

#include "server/base/ip.h"

namespace portolan {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)

TEST(Host, HasOneSpelling) {
  const std::pair<std::string_view, std::string> good[] = {
      {"API.Example.COM", "api.example.com"},
      {"example.com.", "example.com"},
      {"localhost", "localhost"},
      {"my_host-1", "my_host-1"},
      {"1-2", "1-2"},
      {"1password.com", "1password.com"},
      {"127.0.0.1", "127.0.0.1"},
      {"::1", "::1"},
      {"[::1]", "::1"},
      {"2001:DB8:0:0::1", "2001:db8::1"},
      {"[::ffff:1.2.3.4]", "::ffff:1.2.3.4"},
  };
  for (const auto& [text, expected] : good) {
    std::string host;
    std::string problem;
    ASSERT_TRUE(ParseHost(text, &host, &problem)) << text << ": " << problem;
    EXPECT_EQ(host, expected) << text;
  }
  const std::string_view kBad[] = {"",
                                   ".",
                                   "a..b",
                                   ".a",
                                   "a b",
                                   "a,b",
                                   "a%2eb",
                                   "*.a",
                                   "a:80",
                                   "[a]",
                                   "[]",
                                   "[::1",
                                   "::g",
                                   "fe80::1%eth0",
                                   "127.1",
                                   "0x7f000001",
                                   "2130706433",
                                   "0177.0.0.1",
                                   "256.1.1.1",
                                   "a.0X7F",
                                   "a.1",
                                   "10.0.0.1\0x"sv,
                                   "b\u00fccher.example"};
  for (const std::string_view bad : kBad) {
    std::string host;
    std::string problem;
    EXPECT_FALSE(ParseHost(bad, &host, &problem)) << bad << " became " << host;
    EXPECT_FALSE(problem.empty()) << bad;
  }
}

// RFC 1035, section 2.3.4.
TEST(Host, HasLimits) {
  const std::string label(63, 'a');
  std::string host;
  std::string problem;
  EXPECT_TRUE(ParseHost(label, &host, &problem));
  EXPECT_FALSE(ParseHost(label + "a", &host, &problem));
  const std::string longest = label + "." + label + "." + label + "." + label.substr(0, 61);
  ASSERT_EQ(longest.size(), 253u);
  EXPECT_TRUE(ParseHost(longest, &host, &problem));
  EXPECT_TRUE(ParseHost(longest + ".", &host, &problem)) << "the final dot is no part of it";
  EXPECT_FALSE(ParseHost(longest + "a", &host, &problem));
}

TEST(Port, IsDigitsUpTo65535) {
  EXPECT_EQ(ParsePort("0"), 0);
  EXPECT_EQ(ParsePort("80"), 80);
  EXPECT_EQ(ParsePort("0080"), 80);
  EXPECT_EQ(ParsePort("65535"), 65535);
  for (const char* bad : {"", "65536", "-1", "-0", "+1", " 1", "1 ", "0x1", "1.0", "99999999999999999999"}) {
    EXPECT_EQ(ParsePort(bad), std::nullopt) << bad;
  }
}

TEST(HostPort, IsSplit) {
  struct Case {
    std::string_view text;
    std::string_view host;
    std::optional<std::string_view> port;
  };
  const Case good[] = {
      {"", "", std::nullopt},      {"a", "a", std::nullopt}, {"a:80", "a", "80"},
      {":80", "", "80"},           {"a:", "a", ""},          {"[::1]", "[::1]", std::nullopt},
      {"[::1]:80", "[::1]", "80"}, {"[::1]:", "[::1]", ""},  {"1.2.3.4:x", "1.2.3.4", "x"},
      {"[]:80", "[]", "80"},
  };
  for (const Case& c : good) {
    HostParts parts;
    std::string problem;
    ASSERT_TRUE(SplitHostPort(c.text, &parts, &problem)) << c.text << ": " << problem;
    EXPECT_EQ(parts.host, c.host) << c.text;
    EXPECT_EQ(parts.port, c.port) << c.text;
  }
  for (const char* bad : {"::1", "::1:80", "a:b:1", "[::1", "[::1:80", "[::1]80", "[::1]x:80", "["}) {
    HostParts parts;
    std::string problem;
    EXPECT_FALSE(SplitHostPort(bad, &parts, &problem)) << bad;
    EXPECT_FALSE(problem.empty()) << bad;
  }
}

TEST(ListenAddress, IsALiteralLocalhostOrAllAddresses) {
  struct Case {
    std::string_view text;
    std::string host;
    uint16_t port;
  };
  const Case good[] = {
      {"127.0.0.1:8787", "127.0.0.1", 8787},
      {"localhost:0", "localhost", 0},
      {"[::1]:65535", "::1", 65535},
      {"[::ffff:10.0.0.1]:1", "::ffff:10.0.0.1", 1},
      {"0.0.0.0:80", "0.0.0.0", 80},
      {":80", "", 80},
      {"[::]:80", "::", 80},
      {"[fe80::1]:80", "fe80::1", 80},
  };
  for (const Case& c : good) {
    ListenAddress address;
    std::string problem;
    ASSERT_TRUE(ParseListenAddress(c.text, &address, &problem)) << c.text << ": " << problem;
    EXPECT_EQ(address.host, c.host);
    EXPECT_EQ(address.port, c.port);
  }
  for (const char* bad : {"",
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
                          "[localhost]:80",
                          "example.com:80",
                          "LOCALHOST:80",
                          "127.0.0.1 :80",
                          "127.0.0.1:80 ",
                          "[]:80",
                          "0127.0.0.1:80",
                          "unix:/x",
                          "unix:/x:1",
                          "*:80"}) {
    ListenAddress address;
    std::string problem;
    EXPECT_FALSE(ParseListenAddress(bad, &address, &problem)) << bad;
    EXPECT_FALSE(problem.empty()) << bad;
  }
}

TEST(Ip, IsReadInItsOneSpelling) {
  EXPECT_EQ(ParseIp("10.1.2.3"), ParseIp("::ffff:10.1.2.3"));
  EXPECT_EQ(Ipv4Of(*ParseIp("10.1.2.3")), 0x0a010203u);
  EXPECT_TRUE(IsIpv4(*ParseIp("10.1.2.3")));
  EXPECT_FALSE(IsIpv4(*ParseIp("::1")));
  for (const std::string_view bad :
       std::initializer_list<std::string_view>{"", "10.1.2", "10.1.2.256", "010.1.2.3", "10.1.2.3 ", "[::1]",
                                               "::1%lo", ":", "1.2.3.4\0 5"sv, "10.1.2.3/32"}) {
    EXPECT_EQ(ParseIp(bad), std::nullopt) << bad;
  }
  for (const char* loopback : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(IsLoopback(*ParseIp(loopback))) << loopback;
  }
  for (const char* other : {"128.0.0.1", "0.0.0.0", "::", "::2", "::ffff:10.0.0.1", "::127.0.0.1"}) {
    EXPECT_FALSE(IsLoopback(*ParseIp(other))) << other;
  }
}

}  // namespace
}  // namespace portolan
