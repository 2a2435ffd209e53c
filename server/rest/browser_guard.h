#pragma once

// Keeps web pages from spending the user's money. A gateway on loopback is reachable from every page that the
// user's browser shows, by name (DNS rebinding) or across origins; a page must not get through. Pure
// functions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::rest {

struct BrowserPolicy {
  std::vector<std::string> cors_origins;   // `https://app.example`, lower case; `*` allows every origin
  std::vector<std::string> allowed_hosts;  // host names, lower case, besides loopback's own
  bool on_loopback = true;                 // the listener's address
};

// Fails with 403 where the request comes from a web page that may not call: on loopback, an `Origin` of
// another site, or a `Host` that is neither a loopback name or address nor allowed. `host` and `origin` are
// header values, "" if absent.
std::optional<Error> CheckBrowser(const BrowserPolicy& policy, std::string_view host,
                                  std::string_view origin);

// The origin may read our answers.
bool CorsAllowed(const BrowserPolicy& policy, std::string_view origin);

// Adds the CORS headers of an answer to an allowed origin; with `preflight`, those that answer OPTIONS.
void AddCorsHeaders(std::string_view origin, bool preflight, std::string_view requested_headers,
                    HeaderBlock* out);

// `localhost`, `*.localhost`, 127.0.0.0/8, `[::1]`; with or without a port and a final dot.
bool IsLoopbackHost(std::string_view host);

}  // namespace portolan::rest
