#pragma once

// The admin listener: metrics and health, for operators and their tools, never for callers.

#include <atomic>

#include "server/base/secret.h"
#include "server/http/handler.h"
#include "server/telemetry/metrics.h"

namespace portolan::rest {

class AdminFront final : public http::Handler {
 public:
  // With a key, everything but health asks for it as the bearer of Authorization.
  AdminFront(const telemetry::Metrics& metrics, const std::atomic<bool>& ready, const Secret& key)
      : metrics_(metrics), ready_(ready), key_(key) {}

  net::Task<void> Handle(http::Request& request, http::ResponseWriter& writer) override;

 private:
  http::Answer Answer(const http::RequestHead& head) const;

  const telemetry::Metrics& metrics_;
  const std::atomic<bool>& ready_;
  const Secret& key_;
};

}  // namespace portolan::rest
