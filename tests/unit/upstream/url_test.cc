#include "server/upstream/url.h"

#include <gtest/gtest.h>

namespace portolan::upstream {
namespace {

struct Good {
  const char* url;
  bool tls;
  const char* host;
  uint16_t port;
  const char* path;
  const char* host_header;
};

TEST(ParseUrl, TakesWhatABaseUrlMayBe) {
  constexpr Good kCases[] = {
      {"https://api.openai.com/v1", true, "api.openai.com", 443, "/v1", "api.openai.com"},
      {"https://api.openai.com/v1/", true, "api.openai.com", 443, "/v1", "api.openai.com"},
      {"http://localhost:8080", false, "localhost", 8080, "", "localhost:8080"},
      {"http://localhost:80/", false, "localhost", 80, "", "localhost"},
      {"https://h:80", true, "h", 80, "", "h:80"},
      {"HTTPS://API.Example.COM/V1", true, "api.example.com", 443, "/V1", "api.example.com"},
      {"https://example.com./v1", true, "example.com", 443, "/v1", "example.com"},
      {"http://10.0.0.1:11434/a/b//", false, "10.0.0.1", 11434, "/a/b", "10.0.0.1:11434"},
      {"http://[::1]:8000/v1", false, "::1", 8000, "/v1", "[::1]:8000"},
      {"https://[2001:DB8:0:0::1]", true, "2001:db8::1", 443, "", "[2001:db8::1]"},
      {"http://[::ffff:1.2.3.4]", false, "::ffff:1.2.3.4", 80, "", "[::ffff:1.2.3.4]"},
      {"https://my_host-1.internal/x%20y;z=1", true, "my_host-1.internal", 443, "/x%20y;z=1",
       "my_host-1.internal"},
      {"https://1password.com", true, "1password.com", 443, "", "1password.com"},
      {"https://xn--bcher-kva.example", true, "xn--bcher-kva.example", 443, "", "xn--bcher-kva.example"},
  };
  for (const Good& c : kCases) {
    Origin origin;
    std::string path;
    std::string problem;
    ASSERT_TRUE(ParseUrl(c.url, &origin, &path, &problem)) << c.url << ": " << problem;
    EXPECT_EQ(origin.tls, c.tls) << c.url;
    EXPECT_EQ(origin.host, c.host) << c.url;
    EXPECT_EQ(origin.port, c.port) << c.url;
    EXPECT_EQ(path, c.path) << c.url;
    TextBuffer header;
    AppendHostHeader(origin, &header);
    EXPECT_EQ(header.view(), c.host_header);
  }
}

TEST(ParseUrl, RefusesWhatCouldLeadElsewhere) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "http"},
      {"api.openai.com/v1", "http"},
      {"ftp://h/", "http"},
      {"file:///etc/passwd", "http"},
      {"https:/h", "http"},
      {"https://", "missing"},
      {"https:///v1", "missing"},
      {"https://.", "missing"},
      {"https://:443", "missing"},
      {"https://user@h/", "user information"},
      {"https://user:pw@h/", "user information"},
      {"https://good.example@evil.example/", "user information"},
      {"https://h/v1?x=1", "query"},
      {"https://h?x=1", "query"},
      {"https://h/v1#f", "fragment"},
      {"https://h#f", "fragment"},
      {"https://evil.example/#.openai.azure.com", "fragment"},
      {"https://h\\@evil.example/", "percent-encoded"},
      {"https://h\\evil", "percent-encoded"},
      {"https://h/a b", "percent-encoded"},
      {"https://h/a\r\nx: y", "percent-encoded"},
      {"https://h/\xc3\xbc", "percent-encoded"},
      {"https://h h/", "character"},
      {"https://h\r\n/", "character"},
      {"https://h%2eexample/", "character"},
      {"https://b\xc3\xbc"
       "cher.example/",
       "character"},
      {"https://a..b/", "empty label"},
      {"https://.b/", "empty label"},
      {"https://a,b/", "character"},
      {"https://*.example/", "character"},
      {"https://h:0/", "port"},
      {"https://h:/", "port"},
      {"https://h:65536/", "port"},
      {"https://h:-1/", "port"},
      {"https://h:80x/", "port"},
      {"https://::1/", "brackets"},
      {"https://[::1/", "IPv6"},
      {"https://[::1]x/", ""},
      {"https://[::1%25eth0]/", "IPv6"},
      {"https://[fe80::1%eth0]/", "IPv6"},
      {"https://[1.2.3.4]/", "IPv6"},
      {"https://[]/", "IPv6"},
      {"https://[::ffff:127.1]/", "IPv6"},
      // One address, spelled in ways that some resolvers take.
      {"http://2130706433/", "dotted decimal"},
      {"http://0x7f000001/", "dotted decimal"},
      {"http://0x7f.1/", "dotted decimal"},
      {"http://127.1/", "dotted decimal"},
      {"http://127.0.1/", "dotted decimal"},
      {"http://0177.0.0.1/", "dotted decimal"},
      {"http://127.0.0.01/", "dotted decimal"},
      {"http://127.0.0.0x1/", "dotted decimal"},
      {"http://256.1.1.1/", "dotted decimal"},
      {"http://1.2.3.4.5/", "dotted decimal"},
      {"http://0/", "dotted decimal"},
      {"http://a.b.0X7F/", "dotted decimal"},
  };
  for (const auto& [url, why] : kCases) {
    Origin origin;
    std::string path;
    std::string problem;
    EXPECT_FALSE(ParseUrl(url, &origin, &path, &problem)) << url << " became " << origin.host;
    EXPECT_NE(problem.find(why), std::string::npos) << url << ": " << problem;
  }
}

// The C library reads as far as a NUL.
TEST(ParseUrl, RefusesWhatStandsBehindANul) {
  using namespace std::string_literals;  // NOLINT(google-build-using-namespace)
  for (const std::string& url :
       {"http://10.0.0.1\0 5/"s, "http://[fd00::\0evil]/"s, "http://h\0/"s, "http://h/\0"s}) {
    Origin origin;
    std::string path;
    std::string problem;
    EXPECT_FALSE(ParseUrl(url, &origin, &path, &problem)) << url;
  }
}

TEST(ParseRequestUrl, TakesAUrlAsItStands) {
  struct Case {
    const char* url;
    const char* target;  // null: it is refused
  };
  for (const Case& c :
       {Case{"https://a.example", "/"}, Case{"http://a.example/", "/"},
        Case{"https://a.example/b/?c=d/e#f", "/b/?c=d/e"}, Case{"https://a.example?q=1", "/?q=1"},
        Case{"https://a.example/%C3%A9", "/%C3%A9"}, Case{"https://a.example/\xC3\xA9", nullptr},
        Case{"https://a.example/b c", nullptr}, Case{"https://a.example/\r\nx: y", nullptr},
        Case{"https://u@a.example/", nullptr}, Case{"ftp://a.example/", nullptr},
        Case{"a.example/b", nullptr}, Case{"https://a.example\\@b.example/", nullptr}}) {
    Origin origin;
    std::string target;
    std::string problem;
    EXPECT_EQ(ParseRequestUrl(c.url, &origin, &target, &problem), c.target != nullptr) << c.url;
    if (c.target == nullptr) {
      EXPECT_NE(problem, "") << c.url;
    } else {
      EXPECT_EQ(target, c.target);
      EXPECT_EQ(origin.host, "a.example");
    }
  }
}

TEST(ParseUrl, BoundsLengths) {
  Origin origin;
  std::string path;
  std::string problem;
  const std::string label(63, 'a');
  EXPECT_TRUE(ParseUrl("https://" + label + ".example", &origin, &path, &problem));
  EXPECT_FALSE(ParseUrl("https://a" + label + ".example", &origin, &path, &problem));
  EXPECT_FALSE(
      ParseUrl("https://" + label + "." + label + "." + label + "." + label, &origin, &path, &problem));
  EXPECT_FALSE(ParseUrl("https://h/" + std::string(5000, 'a'), &origin, &path, &problem));
}

TEST(OriginHash, EqualOriginsHashEqually) {
  const Origin a{true, "h", 443, false};
  EXPECT_EQ(OriginHash()(a), OriginHash()(Origin{true, "h", 443, false}));
  EXPECT_NE(OriginHash()(a), OriginHash()(Origin{true, "h", 443, true}));
}

}  // namespace
}  // namespace portolan::upstream
