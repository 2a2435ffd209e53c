#include "server/upstream/proxy.h"

#include <gtest/gtest.h>

namespace portolan::upstream {
namespace {

TEST(ParseProxy, TakesTheUsualForms) {
  struct Case {
    const char* text;
    const char* host;
    uint16_t port;
    const char* authorization;
  };
  constexpr Case kCases[] = {
      {"http://proxy.corp:3128", "proxy.corp", 3128, ""},
      {"http://proxy.corp:3128/", "proxy.corp", 3128, ""},
      {"proxy.corp:3128", "proxy.corp", 3128, ""},
      {"http://proxy.corp", "proxy.corp", 80, ""},
      {" http://10.0.0.9:8080 ", "10.0.0.9", 8080, ""},
      {"http://[fd00::1]:3128", "fd00::1", 3128, ""},
      // RFC 7617's own examples.
      {"http://Aladdin:open%20sesame@p:1", "p", 1, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
      {"http://test:123%C2%A3@p:1", "p", 1, "Basic dGVzdDoxMjPCow=="},
      {"http://u@p:1", "p", 1, "Basic dTo="},
      {"http://u:p%40ss:w@p:1", "p", 1, "Basic dTpwQHNzOnc="},
  };
  for (const Case& c : kCases) {
    const auto proxy = ParseProxy(c.text, "HTTPS_PROXY");
    ASSERT_TRUE(proxy.ok()) << c.text << ": " << proxy.status();
    EXPECT_EQ(proxy->host, c.host);
    EXPECT_EQ(proxy->port, c.port);
    EXPECT_EQ(proxy->authorization.Reveal(), c.authorization) << c.text;
  }
}

TEST(ParseProxy, RefusesOthersWithoutRepeatingThePassword) {
  for (const char* text :
       {"https://u:hunter2@p:1", "socks5://u:hunter2@p:1", "http://u:hunter2@p:0", "http://u:hunter2@",
        "http://u:hunter2@p/path", "http://u:hunter2%zz@p:1", "http://u:hunter2%4@p:1"}) {
    const auto proxy = ParseProxy(text, "HTTPS_PROXY");
    ASSERT_FALSE(proxy.ok()) << text;
    EXPECT_EQ(proxy.status().message().find("HTTPS_PROXY: "), 0u) << proxy.status();
    EXPECT_EQ(proxy.status().message().find("hunter2"), absl::string_view::npos) << proxy.status();
  }
}

TEST(NoProxy, MatchesNamesSuffixesNetworksAndPorts) {
  struct Case {
    const char* list;
    const char* host;
    uint16_t port;
    bool matches;
  };
  constexpr Case kCases[] = {
      {"", "h.example", 443, false},
      {"*", "h.example", 443, true},
      {"a, *", "h.example", 443, true},
      {"h.example", "h.example", 443, true},
      {"H.Example", "h.example", 443, true},
      {"h.example", "x.h.example", 443, true},
      {"h.example", "xh.example", 443, false},
      {"h.example", "example", 443, false},
      {".example", "h.example", 443, true},
      {".example", "example", 443, true},
      {"*.example", "h.example", 443, true},
      {" a.example ,\tb.example", "b.example", 443, true},
      {",,a.example,", "a.example", 443, true},
      {"h.example:8443", "h.example", 443, false},
      {"h.example:8443", "h.example", 8443, true},
      {"10.0.0.1", "10.0.0.1", 80, true},
      {"10.0.0.1:80", "10.0.0.1", 80, true},
      {"10.0.0.1:80", "10.0.0.1", 81, false},
      {"0.0.1", "10.0.0.1", 80, false},
      {"10.0.0.0/8", "10.255.1.1", 80, true},
      {"10.0.0.0/8", "11.0.0.1", 80, false},
      {"10.0.0.0/8", "ten.example", 80, false},
      {"fd00::/8", "fd12::1", 80, true},
      {"fd00::/8", "fe80::1", 80, false},
      {"::1", "::1", 80, true},
      {"[::1]", "::1", 80, true},
      {"[fd00::1]:80", "fd00::1", 80, true},
      {"[fd00::1]:80", "fd00::1", 81, false},
      {"[fd00::1", "fd00::1", 80, false},
      {"h.example:", "h.example", 80, false},
      {"h.example:x", "h.example", 80, false},
      {"192.168.1.128/25", "192.168.1.127", 80, false},
      {"192.168.1.128/25", "192.168.1.128", 80, true},
      {"0.0.0.0/0", "8.8.8.8", 80, true},
      {"0.0.0.0/0", "2606:4700::1", 80, false},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(NoProxy(c.list).Matches(c.host, c.port), c.matches)
        << c.list << " and " << c.host << ":" << c.port;
  }
}

TEST(ProxySettings, ChoosesByScheme) {
  ClientOptions options;
  options.https_proxy = "http://secure.proxy:1";
  options.http_proxy = "http://plain.proxy:2";
  options.no_proxy = ".inner.example";
  const auto settings = ProxySettings::From(options);
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->For({true, "h.example", 443, false})->host, "secure.proxy");
  EXPECT_EQ(settings->For({false, "h.example", 80, false})->host, "plain.proxy");
  EXPECT_EQ(settings->For({true, "a.inner.example", 443, false}), nullptr);
  for (const char* host : {"localhost", "x.localhost", "127.0.0.1", "127.3.2.1", "::1"}) {
    EXPECT_EQ(settings->For({false, host, 80, false}), nullptr) << host;
    EXPECT_EQ(settings->For({true, host, 443, false}), nullptr) << host;
  }
  const auto none = ProxySettings::From(ClientOptions());
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->For({true, "h.example", 443, false}), nullptr);
}

}  // namespace
}  // namespace portolan::upstream
