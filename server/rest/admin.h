#pragma once

// The admin listener: metrics, health and administration, for operators and their tools, never for callers.

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/secret.h"
#include "server/http/handler.h"
#include "server/net/loop.h"
#include "server/net/task.h"
#include "server/rest/browser_guard.h"
#include "server/telemetry/log_level.h"
#include "server/telemetry/metrics.h"

namespace portolan::rest {

// What an operator may ask of the running gateway. Called on the admin listener's thread, which may only be
// kept waiting for shards.
class AdminControl {
 public:
  virtual ~AdminControl() = default;
  // The state of the config file, as a JSON object.
  virtual std::string ConfigStatus() const = 0;
  // Reads the config file again, which takes a moment. Returns what is wrong if it was refused, nullopt if it
  // is in use.
  virtual net::Task<std::optional<std::string>> ReloadConfig(net::Wait wait) = 0;
  // Makes /readyz answer 503, and answers say `connection: close`. New connections are still accepted.
  virtual void BeginDrain() = 0;
};

class AdminFront final : public http::Handler {
 public:
  struct Parts {
    const telemetry::Metrics& metrics;
    const std::atomic<bool>& ready;
    telemetry::LogThreshold& log_threshold;
    AdminControl& control;
  };

  // If `key` is not empty, everything but health demands it as the bearer of Authorization. `key` and what
  // `parts` refers to must outlive the front.
  AdminFront(const Parts& parts, const Secret& key, BrowserPolicy browser)
      : parts_(parts), key_(key), browser_(std::move(browser)) {}

  net::Task<void> Handle(http::Request& request, http::ResponseWriter& writer) override;

 private:
  // nullopt if a reload is asked for.
  std::optional<http::Answer> Answer(const http::Request& request);
  http::Answer SetLogLevel(std::string_view body);
  net::Task<http::Answer> Reload(net::Wait wait);
  http::Answer Drain();
  std::optional<http::Answer> CheckOperator(const http::RequestHead& head) const;

  const Parts parts_;
  const Secret& key_;
  const BrowserPolicy browser_;
};

}  // namespace portolan::rest
