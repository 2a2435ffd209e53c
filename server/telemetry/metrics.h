#pragma once

// The gateway's metrics, counted by each shard and added up when they are asked for. docs/metrics.md lists
// them.

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/telemetry/call_record.h"
#include "server/telemetry/cells.h"
#include "server/telemetry/label_table.h"

namespace portolan::telemetry {

class Exposition;

// When guardrails look at a call, and what their checks come to.
inline constexpr std::array<std::string_view, 2> kPhases = {"input", "output"};
inline constexpr std::array<std::string_view, 3> kVerdicts = {"pass", "fail", "error"};

// When middleware are asked.
inline constexpr std::array<std::string_view, 5> kHooks = {"request", "attempt", "response", "chunk", "end"};

// The label values of all shards. Thread-safe.
struct MetricLabels {
  explicit MetricLabels(size_t max_models)
      : routes(64),
        providers(250),
        models(max_models),
        codes(200),
        checks(64),
        guardrails(200),
        middleware(200) {}

  LabelTable routes;
  LabelTable providers;
  LabelTable models;
  LabelTable codes;       // of errors
  LabelTable checks;      // of guardrails
  LabelTable guardrails;  // of the operator's file
  LabelTable middleware;  // likewise
};

// What one shard counts. For the shard's thread; Metrics reads it from another.
class alignas(64) ShardMetrics {
 public:
  explicit ShardMetrics(MetricLabels& labels) : labels_(labels) {}
  ~ShardMetrics();
  ShardMetrics(const ShardMetrics&) = delete;
  ShardMetrics& operator=(const ShardMetrics&) = delete;

  // Counts a finished call.
  void Record(const CallRecord& call);

  void ConnectionOpened(Door door) { connections_[static_cast<size_t>(door)].Add(1); }
  void ConnectionClosed(Door door) { closed_connections_[static_cast<size_t>(door)].Add(1); }
  void CallStarted(Door door) { calls_[static_cast<size_t>(door)].Add(1); }
  void CallEnded(Door door) { ended_calls_[static_cast<size_t>(door)].Add(1); }
  void TokenFetched(bool ok) { token_fetches_[ok ? 0 : 1].Add(1); }
  // `phase`, `verdict`: as kPhases and kVerdicts have them.
  void CheckRan(size_t phase, std::string_view check, size_t verdict, std::chrono::nanoseconds took);
  void GuardrailDenied(size_t phase, std::string_view guardrail);
  // `hook`: as kHooks has them.
  void MiddlewareAsked(size_t hook, std::string_view name, bool failed, std::chrono::nanoseconds took);
  void MiddlewareDropped(size_t hook, std::string_view name);
  void StreamHeld(std::chrono::nanoseconds took) { held_.Observe(took); }
  void StreamOpened() { streams_.Add(1); }
  void StreamClosed() { closed_streams_.Add(1); }

 private:
  friend class Metrics;
  friend struct Totals;

  // How many combinations of door, route, provider and model a shard counts apart. Then the model becomes
  // `other`, and at twice as many the route and the provider as well.
  static constexpr size_t kMaxCells = 2000;
  static constexpr size_t kMaxErrorCells = 1000;

  // The successful call that was counted last, whose cell the next call most often shares.
  struct Last {
    CallCell* cell = nullptr;
    Door door = Door::kHttp;
    std::string route;
    std::string provider;
    std::string model;
    bool Matches(const CallRecord& call) const;
  };

  CallCell& CellFor(const CallRecord& call);
  CallCell& FindCell(const CallRecord& call);
  MiddlewareCell& CellOf(size_t hook, std::string_view middleware);
  void RecordError(const CallRecord& call);

  MetricLabels& labels_;
  Last last_;
  std::unordered_map<uint64_t, CallCell*> cells_;  // the cells of first_cell_'s list, for the shard to find
  std::unordered_map<uint64_t, ErrorCell*> error_cells_;
  std::atomic<CallCell*> first_cell_{nullptr};
  std::atomic<ErrorCell*> first_error_{nullptr};
  std::unordered_map<uint64_t, CheckCell*> check_cells_;
  std::unordered_map<uint64_t, DenialCell*> denial_cells_;
  std::atomic<CheckCell*> first_check_{nullptr};
  std::atomic<DenialCell*> first_denial_{nullptr};
  std::unordered_map<uint64_t, MiddlewareCell*> middleware_cells_;
  std::atomic<MiddlewareCell*> first_middleware_{nullptr};
  HistogramCell held_;  // streams held back for guardrails
  std::array<Count, kDoorCount> connections_;
  std::array<Count, kDoorCount> closed_connections_;
  std::array<Count, kDoorCount> calls_;
  std::array<Count, kDoorCount> ended_calls_;
  std::array<Count, 2> token_fetches_;  // that succeeded, that failed
  Count streams_;
  Count closed_streams_;
};

class Metrics {
 public:
  struct Options {
    size_t shards = 1;
    size_t max_models = 200;  // model names with a label of their own; the rest become `other`
  };
  explicit Metrics(Options options);
  ~Metrics();

  // REQUIRES: i < options.shards.
  ShardMetrics& shard(size_t i) { return *shards_[i]; }

  // Adds a value that another part keeps; `read` is called by each Render(), on its thread. Call this before
  // the first Render(). `type` is `counter` or `gauge`. All views must outlive this object.
  void AddValue(std::string_view name, std::string_view help, std::string_view type,
                std::function<double()> read);

  // Adds a text that another part keeps, as the value of `label` of a gauge that is always 1. Otherwise like
  // AddValue().
  void AddText(std::string_view name, std::string_view help, std::string_view label,
               std::function<std::string()> read);

  // All metrics in Prometheus' text format (Exposition::kContentType). Thread-safe. Takes 10 ms and more with
  // many thousands of series or open descriptors.
  std::string Render() const;

 private:
  struct Value {
    std::string_view name;
    std::string_view help;
    std::string_view type;
    std::function<double()> read;
    std::string_view label = {};
    std::function<std::string()> read_label = {};
  };

  MetricLabels labels_;
  std::vector<std::unique_ptr<ShardMetrics>> shards_;
  std::vector<Value> values_;
};

}  // namespace portolan::telemetry
