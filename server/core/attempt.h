#pragma once

// One try at one target: where it goes and what it carries.

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
  const providers::Form& form;
  const providers::CallFacts& facts;
  std::span<const HeaderView> caller_headers;
  // Names of headers that go up besides those of header_table.h.
  std::span<const std::string> forward_headers;
  std::span<const std::string_view> body;  // empty for a GET
  http::BodySource* source = nullptr;      // in place of it
  upstream::UrlCache& urls;
  const upstream::Timeouts& timeouts;
  net::Wait wait;
  const providers::Tokens* tokens = nullptr;
};

// Whether a caller's header goes to the provider: the table has it or `forward_headers` names it, and the
// caller's `connection` does not keep it back.
bool GoesUpstream(std::string_view lower_name, std::span<const HeaderView> caller_headers,
                  std::span<const std::string> forward_headers);

// Puts the upstream request together. *sending, when awaited, sends it and waits for the head of the answer,
// with which it sets *exchange; upstream::Client::Send says what must stay valid until then. Otherwise
// nothing is sent: the target cannot be called (Error), or its auth lacks something (Need).
providers::Outcome BeginAttempt(upstream::Client& client, const AttemptRequest& request,
                                std::unique_ptr<upstream::Exchange>* exchange,
                                net::Task<upstream::Failure>* sending);

// Notes in *error which URL such an attempt calls, if a caller or the operator named the host, so that a
// mistake in the base URL (`/v1` forgotten, or written twice) is seen at once.
void TellUpstream(const providers::Target& target, const providers::Form& form,
                  const providers::CallFacts& facts, Error* error);

}  // namespace portolan::core
