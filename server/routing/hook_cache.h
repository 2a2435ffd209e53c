#pragma once

// Keeps the guardrails of headers, by the headers' text, as callers send the same ones again and again.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "server/base/error.h"
#include "server/guardrails/hooks.h"
#include "server/routing/request_headers.h"

namespace portolan::routing {

// Bounded. One per shard, not thread-safe.
class HookCache {
 public:
  // What one check counts for in a cache's bound, in bytes: a pattern takes many times its text.
  static constexpr size_t kBytesOfCheck = 8 << 10;

  // `guardrails` are those that headers may name; they must outlive the cache.
  explicit HookCache(const guardrails::NamedGuardrails& guardrails) : guardrails_(guardrails) {}

  // Gives what x-portolan-default-input-guardrails and -default-output-guardrails say; nullptr if that is
  // nothing. Fails with 400 invalid_config, whose param is the header.
  std::optional<Error> FromHeaders(const RequestHeaders& headers,
                                   std::shared_ptr<const guardrails::Hooks>* out);

 private:
  void Keep(std::string key, size_t checks, std::shared_ptr<const guardrails::Hooks> hooks);

  const guardrails::NamedGuardrails& guardrails_;
  std::unordered_map<std::string, std::shared_ptr<const guardrails::Hooks>> hooks_;
  size_t bytes_ = 0;  // of the keys, and what is made of them
};

}  // namespace portolan::routing
