#pragma once

// One try at one target: where it goes, what it carries, and the head of what came back.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "providers/provider.h"
#include "server/base/error.h"
#include "server/base/header.h"
#include "server/upstream/client.h"
#include "server/upstream/url_cache.h"

namespace portolan::core {

struct AttemptRequest {
  const providers::Target& target;
  const providers::CallFacts& facts;
  std::span<const HeaderView> caller_headers;
  std::span<const std::string> forward_headers;  // names of those that go up besides the table's
  std::span<const std::string_view> body;        // empty for a GET
  upstream::UrlCache& urls;
  const upstream::Timeouts& timeouts;
  net::Wait wait;
};

// Sends it and waits for the head of the answer. On failure *exchange is null and the Error says why; an
// answer with an error status is not a failure. *attempts is one more then, unless the target was refused
// before anything was tried: its URL or its address is not allowed.
net::Task<std::optional<Error>> SendAttempt(upstream::Client& client, AttemptRequest request,
                                            std::unique_ptr<upstream::Exchange>* exchange, int* attempts);

}  // namespace portolan::core
