#include "server/telemetry/metrics.h"

#include <algorithm>

namespace portolan::telemetry {
namespace {

constexpr std::array<std::string_view, kDoorCount> kDoors = {"http", "grpc", "admin"};

// The slot of every status from 0 to 599.
constexpr std::array<uint8_t, 600> kSlotOfStatus = [] {
  std::array<uint8_t, 600> slots{};
  for (size_t status = 0; status < slots.size(); ++status) {
    slots[status] = static_cast<uint8_t>(kStatuses.size() + status / 100);
  }
  for (size_t i = 0; i < kStatuses.size(); ++i) slots[kStatuses[i]] = static_cast<uint8_t>(i);
  return slots;
}();

constexpr auto kStatusText = [] {
  std::array<std::array<char, 3>, kStatuses.size()> text{};
  for (size_t i = 0; i < kStatuses.size(); ++i) {
    text[i] = {static_cast<char>('0' + kStatuses[i] / 100), static_cast<char>('0' + kStatuses[i] / 10 % 10),
               static_cast<char>('0' + kStatuses[i] % 10)};
  }
  return text;
}();

template <typename Cell>
void DeleteList(Cell* cell) {
  while (cell != nullptr) {
    Cell* const next = cell->next;
    delete cell;
    cell = next;
  }
}

template <typename Cell, typename Key>
Cell* Publish(const Key& key, std::atomic<Cell*>* first) {
  Cell* const cell = new Cell;
  cell->key = key;
  cell->next = first->load(std::memory_order_relaxed);
  first->store(cell, std::memory_order_release);
  return cell;
}

// Whether an answer that began well broke, or told an error. Of the caller's own faults it tells only those
// that have a type: the gateway's own have none.
bool IsInAnswer(const CallRecord& call) {
  if (call.upstream_status == 0) return false;
  const Error& error = *call.error;
  return error.error_class == ErrorClass::kProvider ||
         (error.error_class == ErrorClass::kCaller && !error.type.empty());
}

}  // namespace

std::string_view ToString(Door door) { return kDoors[static_cast<size_t>(door)]; }

size_t StatusSlot(int status) {
  if (status < 0 || static_cast<size_t>(status) >= kSlotOfStatus.size()) return kStatuses.size();
  return kSlotOfStatus[static_cast<size_t>(status)];
}

std::string_view StatusLabel(size_t slot) {
  if (slot < kStatuses.size()) return {kStatusText[slot].data(), kStatusText[slot].size()};
  return kStatusClasses[slot - kStatuses.size()];
}

ShardMetrics::~ShardMetrics() {
  DeleteList(first_cell_.load(std::memory_order_relaxed));
  DeleteList(first_error_.load(std::memory_order_relaxed));
  DeleteList(first_check_.load(std::memory_order_relaxed));
  DeleteList(first_denial_.load(std::memory_order_relaxed));
  DeleteList(first_middleware_.load(std::memory_order_relaxed));
}

bool ShardMetrics::Last::Matches(const CallRecord& call) const {
  return cell != nullptr && call.model == model && call.route == route && call.provider == provider &&
         call.door == door && call.error == nullptr;
}

CallCell& ShardMetrics::CellFor(const CallRecord& call) {
  if (last_.Matches(call)) return *last_.cell;
  CallCell& cell = FindCell(call);
  if (call.error != nullptr || call.model.size() > LabelTable::kMaxBytes) return cell;
  last_ = {&cell, call.door, std::string(call.route), std::string(call.provider), std::string(call.model)};
  return cell;
}

CallCell& ShardMetrics::FindCell(const CallRecord& call) {
  CallKey key;
  key.door = static_cast<uint16_t>(call.door);
  key.route = labels_.routes.Intern(call.route);
  key.provider = labels_.providers.Intern(call.provider);
  // A name earns its place with the first call that succeeds: invented ones must not push out the real ones.
  key.model = call.error == nullptr ? labels_.models.Intern(call.model) : labels_.models.Find(call.model);
  if (const auto found = cells_.find(key.Pack()); found != cells_.end()) return *found->second;

  if (cells_.size() >= kMaxCells) key.model = LabelTable::kOther;
  if (cells_.size() >= 2 * kMaxCells) key.route = key.provider = LabelTable::kOther;
  CallCell*& cell = cells_[key.Pack()];
  if (cell == nullptr) cell = Publish(key, &first_cell_);
  return *cell;
}

void ShardMetrics::Record(const CallRecord& call) {
  CallCell& cell = CellFor(call);
  cell.statuses[StatusSlot(call.status)].Add(1);
  cell.attempts.Add(static_cast<uint64_t>(std::max(call.attempts, 0)));
  if (call.resends > 0) cell.resends.Add(static_cast<uint64_t>(call.resends));
  cell.tokens[kInputTokens].Add(call.tokens.input);
  cell.tokens[kOutputTokens].Add(call.tokens.output);
  cell.tokens[kCachedTokens].Add(call.tokens.cached);
  cell.tokens[kReasoningTokens].Add(call.tokens.reasoning);
  if (call.duration.count() >= 0) cell.request.Observe(call.duration);
  if (call.upstream.count() >= 0) cell.upstream.Observe(call.upstream);
  if (call.time_to_first_token.count() >= 0) cell.first_token.Observe(call.time_to_first_token);
  if (call.error != nullptr) RecordError(call);
}

void ShardMetrics::RecordError(const CallRecord& call) {
  ErrorKey key;
  key.error_class = static_cast<uint16_t>(call.error->error_class);
  key.provider = labels_.providers.Intern(call.provider);
  // A provider's own code could be anything: its status says enough.
  char text[] = "http_000";
  if (call.upstream_status >= 400 && call.upstream_status <= 599) {
    const std::string_view status = StatusLabel(StatusSlot(call.upstream_status));
    std::copy(status.begin(), status.end(), text + 5);
    key.code = labels_.codes.Intern(text);
  } else if (IsInAnswer(call)) {
    key.code = labels_.codes.Intern("in_answer");
  } else {
    key.code = labels_.codes.Intern(call.error->code);
  }
  if (error_cells_.size() >= kMaxErrorCells && !error_cells_.contains(key.Pack())) {
    key.provider = key.code = LabelTable::kOther;
  }
  ErrorCell*& cell = error_cells_[key.Pack()];
  if (cell == nullptr) cell = Publish(key, &first_error_);
  cell->errors.Add(1);
}

void ShardMetrics::CheckRan(size_t phase, std::string_view check, size_t verdict,
                            std::chrono::nanoseconds took) {
  const GuardrailKey key{static_cast<uint16_t>(phase), labels_.checks.Intern(check),
                         static_cast<uint16_t>(verdict)};
  CheckCell*& cell = check_cells_[key.Pack()];
  if (cell == nullptr) cell = Publish(key, &first_check_);
  cell->seconds.Observe(took);
}

void ShardMetrics::GuardrailDenied(size_t phase, std::string_view guardrail) {
  const GuardrailKey key{static_cast<uint16_t>(phase), labels_.guardrails.Intern(guardrail), 0};
  DenialCell*& cell = denial_cells_[key.Pack()];
  if (cell == nullptr) cell = Publish(key, &first_denial_);
  cell->denials.Add(1);
}

MiddlewareCell& ShardMetrics::CellOf(size_t hook, std::string_view middleware) {
  const MiddlewareKey key{static_cast<uint16_t>(hook), labels_.middleware.Intern(middleware)};
  MiddlewareCell*& cell = middleware_cells_[key.Pack()];
  if (cell == nullptr) cell = Publish(key, &first_middleware_);
  return *cell;
}

void ShardMetrics::MiddlewareAsked(size_t hook, std::string_view name, bool failed,
                                   std::chrono::nanoseconds took) {
  MiddlewareCell& cell = CellOf(hook, name);
  cell.seconds.Observe(took);
  if (failed) cell.errors.Add(1);
}

void ShardMetrics::MiddlewareDropped(size_t hook, std::string_view name) {
  CellOf(hook, name).dropped.Add(1);
}

Metrics::Metrics(Options options) : labels_(options.max_models) {
  shards_.reserve(options.shards);
  for (size_t i = 0; i < options.shards; ++i) shards_.push_back(std::make_unique<ShardMetrics>(labels_));
}

Metrics::~Metrics() = default;

void Metrics::AddValue(std::string_view name, std::string_view help, std::string_view type,
                       std::function<double()> read) {
  values_.push_back({name, help, type, std::move(read)});
}

void Metrics::AddText(std::string_view name, std::string_view help, std::string_view label,
                      std::function<std::string()> read) {
  values_.push_back({name, help, "gauge", [] { return 1.0; }, label, std::move(read)});
}

}  // namespace portolan::telemetry
