#pragma once

// Keeps web pages from spending the user's money. Every page in the user's browser can reach a gateway on
// loopback, by name (DNS rebinding) or across origins; none may get through. Pure functions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::rest {

struct BrowserPolicy {
  std::vector<std::string> cors_origins;   // `https://app.example`, in lower case; `*` allows every origin
  std::vector<std::string> allowed_hosts;  // host names in lower case, besides loopback's own
  bool on_loopback = true;                 // whether the listener's address is loopback
};

// Fails with 403 if the request comes from a web page that may not call: on loopback, if `Origin` is another
// site, or `Host` is neither a loopback name or address nor an allowed host. `host` and `origin` are header
// values, "" if absent.
std::optional<Error> CheckBrowser(const BrowserPolicy& policy, std::string_view host,
                                  std::string_view origin);

// Whether pages of `origin` may read our answers.
bool CorsAllowed(const BrowserPolicy& policy, std::string_view origin);

// Adds the CORS headers of an answer to an allowed origin; with `preflight`, of the answer to OPTIONS.
void AddCorsHeaders(std::string_view origin, bool preflight, std::string_view requested_headers,
                    HeaderBlock* out);

// Whether `host` is `localhost`, `*.localhost`, in 127.0.0.0/8 or `[::1]`, with or without a port and a final
// dot.
bool IsLoopbackHost(std::string_view host);

}  // namespace portolan::rest
