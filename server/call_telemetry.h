#pragma once

// From what the service knows of a finished call to its log line and its metrics.

#include "server/core/record.h"
#include "server/telemetry/access_log.h"
#include "server/telemetry/metrics.h"

namespace portolan {

// One a shard, for its thread.
class CallTelemetry final : public core::CallObserver {
 public:
  CallTelemetry(telemetry::ShardMetrics& metrics, telemetry::AccessLog log) : metrics_(metrics), log_(log) {}

  void OnCallFinished(const core::CallRecord& record) override;
  void OnStreamOpened() override { metrics_.StreamOpened(); }
  void OnStreamClosed() override { metrics_.StreamClosed(); }

 private:
  telemetry::ShardMetrics& metrics_;
  telemetry::AccessLog log_;
};

}  // namespace portolan
