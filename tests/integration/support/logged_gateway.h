#pragma once

// A gateway in this process that logs every call, where the test can read its log and its metrics.

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/gateway.h"
#include "tests/integration/support/error_output.h"
#include "tests/support/gateway_fixture.h"
#include "tests/unit/telemetry/exposition_check.h"

namespace portolan::test {

// Takes the process's standard error: one at a time.
class LoggedGateway {
 public:
  LoggedGateway() {
    config::ServeOptions options;
    options.http = options.grpc = options.admin = "127.0.0.1:0";
    options.threads = 1;
    options.log_level = telemetry::LogLevel::kInfo;
    auto gateway = Gateway::Start(options, [](const char*) -> const char* { return nullptr; });
    if (!gateway.ok()) throw std::runtime_error(gateway.status().ToString());
    gateway_ = *std::move(gateway);
  }

  std::string http_address() const { return gateway_->http_address(); }

  // The value of the only sample with this name and these labels; -1 if there is not exactly one. A caller
  // may be quicker than the count.
  double Count(const std::string& name, const std::map<std::string, std::string>& labels) const {
    const TestAnswer answer = TestClient(gateway_->admin_address()).Get("/metrics");
    return telemetry::ParseExposition(answer.body).Value(name, labels);
  }

  // Ends the gateway, once all calls have. Its log.
  std::string End() {
    gateway_->Drain();
    gateway_.reset();
    return output_.Restore();
  }

 private:
  ErrorOutput output_;
  std::unique_ptr<Gateway> gateway_;
};

// The line of the call with this id; empty if there is not exactly one.
inline std::string LineOfCall(const std::string& log, const std::string& request_id) {
  const std::vector<std::string> lines = LinesWith(log, "\"request_id\":\"" + request_id + "\"");
  return lines.size() == 1 ? lines[0] : "";
}

}  // namespace portolan::test
