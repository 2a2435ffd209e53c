#pragma once

// Forward proxies, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/secret.h"
#include "server/upstream/client.h"
#include "server/upstream/ip.h"

namespace portolan::upstream {

struct Proxy {
  std::string host;
  uint16_t port = 0;
  Secret authorization;  // `Basic …`, the value of Proxy-Authorization; empty: none
  std::string variable;  // that names it: `HTTPS_PROXY`
};

// `http://[user:password@]host[:port]`; the scheme may be left out, the port is 80 by default, user and
// password may be percent-encoded. The message of a failure begins with `variable` and does not repeat the
// text: it may hold a password.
absl::StatusOr<Proxy> ParseProxy(std::string_view text, std::string_view variable);

// NO_PROXY: comma list of host names (and all below them: `example.com`, `.example.com`), addresses,
// networks, each host with an optional `:port`, or `*` for everything.
class NoProxy {
 public:
  explicit NoProxy(std::string_view list);
  bool Matches(std::string_view host, uint16_t port) const;

 private:
  struct Name {
    std::string text;  // without a leading dot
    uint16_t port;     // 0: any
  };
  bool all_ = false;
  std::vector<Name> names_;
  std::vector<IpNetwork> networks_;
};

class ProxySettings {
 public:
  // Fails with the variable that holds no proxy, and why.
  static absl::StatusOr<ProxySettings> From(const ClientOptions& options);
  // The proxy to reach `origin` through, or null. Loopback is always reached directly.
  const Proxy* For(const Origin& origin) const;

 private:
  ProxySettings() : no_proxy_("") {}
  std::optional<Proxy> https_;
  std::optional<Proxy> http_;
  NoProxy no_proxy_;
};

}  // namespace portolan::upstream
