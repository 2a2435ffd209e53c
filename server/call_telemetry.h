#pragma once

// Turns what the service knows of a finished call into its log line and its metrics.

#include "server/core/record.h"
#include "server/telemetry/access_log.h"
#include "server/telemetry/metrics.h"

namespace portolan {

// One per shard, for its thread.
class CallTelemetry final : public core::CallObserver {
 public:
  CallTelemetry(telemetry::ShardMetrics& metrics, telemetry::AccessLog log) : metrics_(metrics), log_(log) {}

  void OnCallFinished(const core::CallRecord& record) override;
  bool WantsSteps() const override { return log_.TellsSteps(); }
  void OnStep(std::string_view request_id, std::string_view step,
              std::initializer_list<core::StepMember> members) override;
  void OnCallStarted(core::Door door) override { metrics_.CallStarted(DoorOf(door)); }
  void OnCallEnded(core::Door door) override { metrics_.CallEnded(DoorOf(door)); }
  void OnConnectionOpened(core::Door door) override { metrics_.ConnectionOpened(DoorOf(door)); }
  void OnConnectionClosed(core::Door door) override { metrics_.ConnectionClosed(DoorOf(door)); }
  void OnCheck(core::HookPhase phase, std::string_view check, core::CheckVerdict verdict,
               std::chrono::nanoseconds took) override {
    metrics_.CheckRan(static_cast<size_t>(phase), check, static_cast<size_t>(verdict), took);
  }
  void OnDenied(core::HookPhase phase, std::string_view guardrail) override {
    metrics_.GuardrailDenied(static_cast<size_t>(phase), guardrail.empty() ? "request" : guardrail);
  }
  void OnLateGuardrail(std::string_view request_id, std::string_view failed,
                       std::string_view feedback) override {
    log_.WriteGuardrail(request_id, failed, feedback);
  }
  void OnMiddleware(std::string_view name, middleware::Hook hook, bool failed,
                    std::chrono::nanoseconds took) override {
    metrics_.MiddlewareAsked(static_cast<size_t>(hook), name, failed, took);
  }
  void OnMiddlewareFailed(std::string_view request_id, std::string_view name, middleware::Hook hook,
                          std::string_view why) override {
    log_.WriteMiddleware(request_id, name, middleware::NameOf(hook), why);
  }
  void OnMiddlewareDropped(std::string_view name, middleware::Hook hook) override {
    metrics_.MiddlewareDropped(static_cast<size_t>(hook), name);
  }
  void OnHeld(std::chrono::nanoseconds took) override { metrics_.StreamHeld(took); }
  void OnTokenFetched(bool ok) override { metrics_.TokenFetched(ok); }
  void OnStreamOpened() override { metrics_.StreamOpened(); }
  void OnStreamClosed() override { metrics_.StreamClosed(); }

 private:
  static telemetry::Door DoorOf(core::Door door) {
    return door == core::Door::kGrpc ? telemetry::Door::kGrpc : telemetry::Door::kHttp;
  }

  telemetry::ShardMetrics& metrics_;
  telemetry::AccessLog log_;
};

}  // namespace portolan
