// Metrics::Render: adds up what the shards counted and writes it out.

#include <map>
#include <tuple>

#include "server/telemetry/exposition.h"
#include "server/telemetry/metrics.h"
#include "server/telemetry/process_metrics.h"

namespace portolan::telemetry {

namespace {

struct HistogramTotal {
  std::array<uint64_t, kBuckets> counts{};
  double sum = 0;
  bool any = false;

  void Add(const HistogramCell& cell) {
    for (size_t i = 0; i < kBuckets; ++i) {
      counts[i] += cell.bucket(i);
      any = any || cell.bucket(i) != 0;
    }
    sum += static_cast<double>(cell.sum_nanos()) * 1e-9;
  }
};

using Id = LabelTable::Id;

}  // namespace

// The sums over the shards, in a stable order.
struct Totals {
  // Door, route, provider, model, status.
  std::map<std::tuple<uint16_t, Id, Id, Id, size_t>, uint64_t> requests;
  std::map<std::tuple<Id, Id, size_t>, uint64_t> tokens;                 // provider, model, kind
  std::map<std::tuple<Id, Id>, uint64_t> attempts;                       // provider, model
  std::map<std::tuple<Id, Id>, uint64_t> resends;                        // provider, model
  std::map<std::tuple<uint16_t, Id>, HistogramTotal> request_seconds;    // door, route
  std::map<std::tuple<Id, Id, Id>, HistogramTotal> upstream_seconds;     // route, provider, model
  std::map<std::tuple<Id, Id, Id>, HistogramTotal> first_token_seconds;  // route, provider, model
  std::map<std::tuple<uint16_t, Id, Id>, uint64_t> errors;               // class, provider, code
  std::array<uint64_t, kDoorCount> connections{};
  std::array<uint64_t, kDoorCount> open_connections{};
  std::array<uint64_t, kDoorCount> open_calls{};
  uint64_t open_streams = 0;
  std::array<uint64_t, 2> token_fetches{};
  std::map<std::tuple<uint16_t, Id, uint16_t>, HistogramTotal> checks;  // phase, check, verdict
  std::map<std::tuple<uint16_t, Id>, uint64_t> denials;                 // phase, guardrail
  HistogramTotal held;
  struct MiddlewareTotal {
    HistogramTotal seconds;
    uint64_t errors = 0;
    uint64_t dropped = 0;
  };
  std::map<std::tuple<Id, uint16_t>, MiddlewareTotal> middleware;  // name, hook

  void Add(const CallCell& cell);
  void Add(const ShardMetrics& shard);
};

void Totals::Add(const CallCell& cell) {
  const CallKey& key = cell.key;
  for (size_t slot = 0; slot < kStatusSlots; ++slot) {
    if (const uint64_t n = cell.statuses[slot].get(); n != 0) {
      requests[{key.door, key.route, key.provider, key.model, slot}] += n;
    }
  }
  for (size_t kind = 0; kind < kTokenKinds; ++kind) {
    if (const uint64_t n = cell.tokens[kind].get(); n != 0) tokens[{key.provider, key.model, kind}] += n;
  }
  if (const uint64_t n = cell.attempts.get(); n != 0) attempts[{key.provider, key.model}] += n;
  if (const uint64_t n = cell.resends.get(); n != 0) resends[{key.provider, key.model}] += n;
  request_seconds[{key.door, key.route}].Add(cell.request);
  upstream_seconds[{key.route, key.provider, key.model}].Add(cell.upstream);
  first_token_seconds[{key.route, key.provider, key.model}].Add(cell.first_token);
}

void Totals::Add(const ShardMetrics& shard) {
  for (const CallCell* cell = shard.first_cell_.load(std::memory_order_acquire); cell != nullptr;
       cell = cell->next) {
    Add(*cell);
  }
  for (const ErrorCell* cell = shard.first_error_.load(std::memory_order_acquire); cell != nullptr;
       cell = cell->next) {
    errors[{cell->key.error_class, cell->key.provider, cell->key.code}] += cell->errors.get();
  }
  for (const CheckCell* cell = shard.first_check_.load(std::memory_order_acquire); cell != nullptr;
       cell = cell->next) {
    checks[{cell->key.phase, cell->key.name, cell->key.verdict}].Add(cell->seconds);
  }
  for (const DenialCell* cell = shard.first_denial_.load(std::memory_order_acquire); cell != nullptr;
       cell = cell->next) {
    denials[{cell->key.phase, cell->key.name}] += cell->denials.get();
  }
  held.Add(shard.held_);
  for (const MiddlewareCell* cell = shard.first_middleware_.load(std::memory_order_acquire); cell != nullptr;
       cell = cell->next) {
    MiddlewareTotal& total = middleware[{cell->key.name, cell->key.hook}];
    total.seconds.Add(cell->seconds);
    total.errors += cell->errors.get();
    total.dropped += cell->dropped.get();
  }
  // The two ends of a gauge are read one after the other: what is over first, so that a difference never goes
  // below 0 (a relaxed reader may still see them out of order, hence the comparison).
  const auto open = [](const Count& begun, const Count& over) {
    const uint64_t ended = over.get();
    const uint64_t started = begun.get();
    return started > ended ? started - ended : 0;
  };
  for (size_t door = 0; door < kDoorCount; ++door) {
    connections[door] += shard.connections_[door].get();
    open_connections[door] += open(shard.connections_[door], shard.closed_connections_[door]);
    open_calls[door] += open(shard.calls_[door], shard.ended_calls_[door]);
  }
  open_streams += open(shard.streams_, shard.closed_streams_);
  for (size_t i = 0; i < token_fetches.size(); ++i) token_fetches[i] += shard.token_fetches_[i].get();
}

namespace {

void WriteByProvider(std::string_view name, std::string_view help,
                     const std::map<std::tuple<Id, Id>, uint64_t>& counts, const MetricLabels& labels,
                     Exposition* out) {
  out->Family(name, help, "counter");
  for (const auto& [key, n] : counts) {
    const auto& [provider, model] = key;
    const Label list[] = {{"provider", labels.providers.Name(provider)},
                          {"model", labels.models.Name(model)}};
    out->Sample(name, list, n);
  }
}

void WriteCounters(const Totals& totals, const MetricLabels& labels, Exposition* out) {
  out->Family("portolan_requests_total",
              "Calls that are over, by their HTTP status (or what it would be over HTTP).", "counter");
  for (const auto& [key, n] : totals.requests) {
    const auto& [door, route, provider, model, slot] = key;
    const Label list[] = {{"door", ToString(static_cast<Door>(door))},
                          {"route", labels.routes.Name(route)},
                          {"provider", labels.providers.Name(provider)},
                          {"model", labels.models.Name(model)},
                          {"status", StatusLabel(slot)}};
    out->Sample("portolan_requests_total", list, n);
  }
  out->Family("portolan_errors_total", "Calls that ended in an error, by who was at fault.", "counter");
  for (const auto& [key, n] : totals.errors) {
    const auto& [error_class, provider, code] = key;
    const Label list[] = {{"class", ToString(static_cast<ErrorClass>(error_class))},
                          {"provider", labels.providers.Name(provider)},
                          {"code", labels.codes.Name(code)}};
    out->Sample("portolan_errors_total", list, n);
  }
  WriteByProvider("portolan_upstream_attempts_total",
                  "Requests sent to providers, retries and resends included.", totals.attempts, labels, out);
  WriteByProvider("portolan_upstream_resends_total",
                  "Requests sent anew on a fresh connection because a kept one died at once.", totals.resends,
                  labels, out);
  static constexpr std::array<std::string_view, kTokenKinds> kKinds = {"input", "output", "cached",
                                                                       "reasoning"};
  out->Family("portolan_tokens_total",
              "Tokens as providers reported them; cached is part of input, reasoning part of output.",
              "counter");
  for (const auto& [key, n] : totals.tokens) {
    const auto& [provider, model, kind] = key;
    const Label list[] = {{"provider", labels.providers.Name(provider)},
                          {"model", labels.models.Name(model)},
                          {"kind", kKinds[kind]}};
    out->Sample("portolan_tokens_total", list, n);
  }
}

using ByModel = std::map<std::tuple<Id, Id, Id>, HistogramTotal>;

void WriteByModel(std::string_view name, std::string_view help, const ByModel& totals,
                  const MetricLabels& labels, Exposition* out) {
  out->Family(name, help, "histogram");
  for (const auto& [key, total] : totals) {
    if (!total.any) continue;
    const auto& [route, provider, model] = key;
    const Label list[] = {{"route", labels.routes.Name(route)},
                          {"provider", labels.providers.Name(provider)},
                          {"model", labels.models.Name(model)}};
    out->Histogram(name, list, kBucketText, total.counts, total.sum);
  }
}

void WriteHistograms(const Totals& totals, const MetricLabels& labels, Exposition* out) {
  out->Family("portolan_request_seconds", "Whole time of calls, from the first byte in to the last byte out.",
              "histogram");
  for (const auto& [key, total] : totals.request_seconds) {
    if (!total.any) continue;
    const auto& [door, route] = key;
    const Label list[] = {{"door", ToString(static_cast<Door>(door))}, {"route", labels.routes.Name(route)}};
    out->Histogram("portolan_request_seconds", list, kBucketText, total.counts, total.sum);
  }
  WriteByModel("portolan_upstream_seconds", "Time that calls spent with providers, all attempts together.",
               totals.upstream_seconds, labels, out);
  WriteByModel("portolan_time_to_first_token_seconds",
               "Streams: time until the first content left for the caller.", totals.first_token_seconds,
               labels, out);
}

void WriteByDoor(std::string_view name, std::string_view help, std::string_view type,
                 std::initializer_list<Door> doors, const std::array<uint64_t, kDoorCount>& values,
                 Exposition* out) {
  out->Family(name, help, type);
  for (const Door door : doors) {
    const Label list[] = {{"door", ToString(door)}};
    out->Sample(name, list, values[static_cast<size_t>(door)]);
  }
}

void WriteGuardrails(const Totals& totals, const MetricLabels& labels, Exposition* out) {
  out->Family("portolan_guardrail_checks_total", "Checks of guardrails that were run.", "counter");
  const auto labels_of = [&](const auto& key) {
    const auto& [phase, check, verdict] = key;
    return std::array<Label, 3>{
        {{"check", labels.checks.Name(check)}, {"phase", kPhases[phase]}, {"verdict", kVerdicts[verdict]}}};
  };
  for (const auto& [key, total] : totals.checks) {
    uint64_t runs = 0;
    for (const uint64_t count : total.counts) runs += count;
    out->Sample("portolan_guardrail_checks_total", labels_of(key), runs);
  }
  out->Family("portolan_guardrail_seconds", "How long checks of guardrails took.", "histogram");
  for (const auto& [key, total] : totals.checks) {
    out->Histogram("portolan_guardrail_seconds", labels_of(key), kBucketText, total.counts, total.sum);
  }
  out->Family("portolan_guardrail_denied_total", "Calls and attempts that guardrails have denied.",
              "counter");
  for (const auto& [key, n] : totals.denials) {
    const auto& [phase, guardrail] = key;
    const Label list[] = {{"guardrail", labels.guardrails.Name(guardrail)}, {"phase", kPhases[phase]}};
    out->Sample("portolan_guardrail_denied_total", list, n);
  }
  out->Family("portolan_guardrail_held_seconds",
              "Streams: how long guardrails held back the first of the answer.", "histogram");
  if (totals.held.any) {
    out->Histogram("portolan_guardrail_held_seconds", {}, kBucketText, totals.held.counts, totals.held.sum);
  }
}

void WriteMiddleware(const Totals& totals, const MetricLabels& labels, Exposition* out) {
  const auto labels_of = [&](const auto& key) {
    const auto& [name, hook] = key;
    return std::array<Label, 2>{{{"middleware", labels.middleware.Name(name)}, {"hook", kHooks[hook]}}};
  };
  out->Family("portolan_middleware_seconds", "How long middleware took to answer.", "histogram");
  for (const auto& [key, total] : totals.middleware) {
    out->Histogram("portolan_middleware_seconds", labels_of(key), kBucketText, total.seconds.counts,
                   total.seconds.sum);
  }
  out->Family("portolan_middleware_errors_total", "Times that a middleware did not answer, or not properly.",
              "counter");
  for (const auto& [key, total] : totals.middleware)
    out->Sample("portolan_middleware_errors_total", labels_of(key), total.errors);
  out->Family("portolan_middleware_dropped_total",
              "Times that a middleware beside calls was not asked, as too much was under way.", "counter");
  for (const auto& [key, total] : totals.middleware)
    out->Sample("portolan_middleware_dropped_total", labels_of(key), total.dropped);
}

}  // namespace

std::string Metrics::Render() const {
  Totals totals;
  for (const auto& shard : shards_) totals.Add(*shard);

  Exposition out;
  WriteCounters(totals, labels_, &out);
  WriteHistograms(totals, labels_, &out);
  WriteGuardrails(totals, labels_, &out);
  WriteMiddleware(totals, labels_, &out);
  // The gRPC library keeps its connections to itself.
  WriteByDoor("portolan_connections_total", "Connections accepted.", "counter", {Door::kHttp, Door::kAdmin},
              totals.connections, &out);
  WriteByDoor("portolan_open_connections", "Connections open now.", "gauge", {Door::kHttp, Door::kAdmin},
              totals.open_connections, &out);
  WriteByDoor("portolan_open_calls", "Calls under way.", "gauge", {Door::kHttp, Door::kGrpc},
              totals.open_calls, &out);
  out.Family("portolan_token_fetches_total",
             "Access tokens that were fetched for providers, or could not be had.", "counter");
  constexpr std::array<std::string_view, 2> kResults = {"ok", "failed"};
  for (size_t i = 0; i < kResults.size(); ++i) {
    const Label list[] = {{"result", kResults[i]}};
    out.Sample("portolan_token_fetches_total", list, totals.token_fetches[i]);
  }
  out.Family("portolan_open_streams", "Streamed answers under way.", "gauge");
  out.Sample("portolan_open_streams", {}, totals.open_streams);
  for (const Value& value : values_) {
    out.Family(value.name, value.help, value.type);
    if (value.read_label == nullptr) {
      out.Sample(value.name, {}, value.read());
      continue;
    }
    const std::string text = value.read_label();
    const Label label{value.label, text};
    out.Sample(value.name, {&label, 1}, value.read());
  }
  WriteProcessMetrics(&out);
  return out.Take();
}

}  // namespace portolan::telemetry
