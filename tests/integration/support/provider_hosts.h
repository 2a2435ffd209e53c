#pragma once

// Stand-ins for the providers at their real names: TLS servers with certificates of a test authority, which
// the gateway reaches through a forward proxy. So tests see what goes to api.openai.com itself, and not only
// to a host that a request names.

#include <algorithm>
#include <map>
#include <string>

#include "server/config/options.h"
#include "tests/support/fake_upstream.h"

namespace portolan::test {

class ProviderHosts {
 public:
  explicit ProviderHosts(const FakeUpstream::Handler& handler)
      : openai(handler, Tls("api.openai.com")),
        anthropic(handler, Tls("api.anthropic.com")),
        proxy_([this](const SeenRequest& connect) {
          const bool is_openai = connect.target == "api.openai.com:443";
          return Script()
              .Send("HTTP/1.1 200 Connection established\r\n\r\n")
              .Tunnel(is_openai ? openai.port() : anthropic.port());
        }) {}

  // Options that make a gateway find the stand-ins.
  config::ServeOptions Options() const {
    config::ServeOptions options;
    options.https_proxy = "http://" + proxy_.host_port();
    options.upstream_ca = authority_.ca_file();
    return options;
  }

 private:
  FakeUpstream::Options Tls(const std::string& name) const {
    FakeUpstream::Options options;
    options.tls = authority_.Issue({{name}, {}, false});
    return options;
  }

  TestAuthority authority_;

 public:
  FakeUpstream openai;
  FakeUpstream anthropic;

 private:
  FakeUpstream proxy_;
};

inline std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

// Every header of a request but those that frame it and name the gateway. A repeated one is joined by `|`.
inline std::map<std::string, std::string> MeaningfulHeaders(const SeenRequest& request) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : request.headers) {
    const std::string key = LowerCase(name);
    if (key == "host" || key == "content-length" || key == "user-agent") continue;
    std::string& slot = out[key];
    slot += (slot.empty() ? "" : "|") + value;
  }
  return out;
}

}  // namespace portolan::test
