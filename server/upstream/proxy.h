#pragma once

// Forward proxies, as set by HTTPS_PROXY, HTTP_PROXY and NO_PROXY.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/ip.h"
#include "server/base/secret.h"
#include "server/upstream/client.h"

namespace portolan::upstream {

struct Proxy {
  std::string host;
  uint16_t port = 0;
  Secret authorization;  // the value of Proxy-Authorization, `Basic …`; empty: none
  std::string variable;  // the variable that names it: `HTTPS_PROXY`
};

// Parses `http://[user:password@]host[:port]`. The scheme may be left out, the port is 80 by default, user
// and password may be percent-encoded. The message of a failure begins with `variable` and does not quote the
// text, which may hold a password.
absl::StatusOr<Proxy> ParseProxy(std::string_view text, std::string_view variable);

// NO_PROXY: a comma list of host names, which stand for all names below them too (`example.com`,
// `.example.com`), addresses, networks, or `*` for everything. A host may have a `:port`.
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
  // Fails, naming the variable whose value is not a proxy, and why.
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
