#include "server/rest/browser_guard.h"

#include <gtest/gtest.h>

namespace portolan::rest {
namespace {

TEST(IsLoopbackHost, KnowsLoopbackNamesAndNothingThatLooksLikeThem) {
  for (const char* host :
       {"localhost", "localhost:8787", "LOCALHOST", "app.localhost:1", "127.0.0.1", "127.0.0.1:8787",
        "127.255.255.254", "[::1]", "[::1]:8787", "localhost.", "localhost.:8787", "LocalHost.",
        "app.localhost.:1", "127.0.0.1.", "127.0.0.1.:80", "[0:0:0:0:0:0:0:1]:80", "[::ffff:127.0.0.1]"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host : {"",
                           "evil.example",
                           "127.0.0.1.evil.example",
                           "localhost.evil.example",
                           "1127.0.0.1",
                           "128.0.0.1",
                           "127.0.0",
                           "[::2]",
                           "[::1",
                           "notlocalhost",
                           "127.0.0.1@evil.example",
                           ".",
                           "localhost..",
                           "127.0.0.1..",
                           "localhost.evil.example.",
                           ".:80",
                           "127.0.0..1",
                           "[::1]x",
                           "[127.0.0.1]",
                           "[localhost]",
                           "::1",
                           "127.0.0.1:80:80",
                           "127.1",
                           "127.0.0.256",
                           "127.0.0.01",
                           "[::1.]"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

struct Case {
  const char* desc;
  const char* host;
  const char* origin;
  const char* code;  // "" if allowed
};

TEST(CheckBrowser, KeepsPagesOfOtherSitesOutOnLoopback) {
  const BrowserPolicy policy{.cors_origins = {"https://app.example"},
                             .allowed_hosts = {"gateway.test", "whole.test."},
                             .on_loopback = true};
  const Case cases[] = {
      {"an SDK", "127.0.0.1:8787", "", ""},
      {"no host at all (HTTP/1.0)", "", "", ""},
      {"DNS rebinding", "evil.example:8787", "", "host_not_allowed"},
      {"allowed host", "Gateway.test:8787", "", ""},
      {"allowed host with its final dot", "gateway.test.", "", ""},
      {"allowed host with its final dot and a port", "Gateway.Test.:8787", "", ""},
      {"host allowed with its final dot", "whole.test:8787", "", ""},
      {"host allowed with its final dot, asked for so", "whole.test.:8787", "", ""},
      {"localhost with its final dot", "localhost.:8787", "", ""},
      {"DNS rebinding with a final dot", "evil.example.", "", "host_not_allowed"},
      {"a dot alone", ".", "", "host_not_allowed"},
      {"page of a local server with a final dot", "localhost:8787", "http://localhost.:3000", ""},
      {"page of another site", "localhost:8787", "https://evil.example", "origin_not_allowed"},
      {"sandboxed page", "localhost:8787", "null", "origin_not_allowed"},
      {"page of a local server", "localhost:8787", "http://localhost:3000", ""},
      {"allowed origin", "localhost:8787", "https://APP.example", ""},
      {"an origin that contains an allowed one", "localhost:8787", "https://app.example.evil",
       "origin_not_allowed"},
      {"another scheme", "localhost:8787", "http://app.example", "origin_not_allowed"},
  };
  for (const Case& test : cases) {
    const auto error = CheckBrowser(policy, test.host, test.origin);
    EXPECT_EQ(error ? error->code : "", test.code) << test.desc;
    if (error) {
      EXPECT_EQ(error->http_status, 403);
    }
  }
}

// --allowed-host takes addresses, so they must be known again: with brackets, with a port, however written.
TEST(CheckBrowser, KnowsAllowedAddresses) {
  const BrowserPolicy policy{
      .cors_origins = {}, .allowed_hosts = {"2001:db8::1", "10.0.0.5"}, .on_loopback = true};
  for (const char* host : {"[2001:db8::1]", "[2001:db8::1]:8787", "[2001:DB8:0::1]:80", "10.0.0.5:80"}) {
    EXPECT_FALSE(CheckBrowser(policy, host, "")) << host;
  }
  for (const char* host : {"[2001:db8::2]", "2001:db8::1", "10.0.0.6", "10.0.0.5.evil.example"}) {
    EXPECT_TRUE(CheckBrowser(policy, host, "")) << host;
  }
}

TEST(CheckBrowser, LeavesOtherListenersAlone) {
  const BrowserPolicy policy{.cors_origins = {}, .allowed_hosts = {}, .on_loopback = false};
  EXPECT_FALSE(CheckBrowser(policy, "gateway.example", "https://app.example"));
  EXPECT_FALSE(CorsAllowed(policy, "https://app.example"));
}

}  // namespace
}  // namespace portolan::rest
