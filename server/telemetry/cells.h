#pragma once

// What one shard counts. Only the shard's thread writes a number, and any thread may read it, so that adding
// needs neither a lock nor a locked instruction.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "server/telemetry/label_table.h"

namespace portolan::telemetry {

// A number that one thread writes and any thread reads.
class Count {
 public:
  void Add(uint64_t n) { value_.store(get() + n, std::memory_order_relaxed); }
  void Subtract(uint64_t n) { value_.store(get() - n, std::memory_order_relaxed); }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// The upper bounds of the histograms' buckets, in seconds and in milliseconds: from what the gateway itself
// takes to what a long answer takes.
inline constexpr std::array<std::string_view, 18> kBucketText = {
    "0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1",
    "2.5",   "5",     "10",   "20",    "30",   "60",  "120",  "300", "600"};
inline constexpr std::array<int64_t, 18> kBucketMillis = {
    1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 20000, 30000, 60000, 120000, 300000, 600000};
inline constexpr size_t kBuckets = kBucketMillis.size() + 1;  // the last is +Inf

class HistogramCell {
 public:
  void Observe(std::chrono::nanoseconds value) {
    size_t bucket = 0;
    while (bucket < kBucketMillis.size() && value.count() > kBucketMillis[bucket] * 1'000'000) ++bucket;
    buckets_[bucket].Add(1);
    sum_nanos_.Add(static_cast<uint64_t>(value.count()));
  }

  uint64_t bucket(size_t i) const { return buckets_[i].get(); }
  uint64_t sum_nanos() const { return sum_nanos_.get(); }

 private:
  std::array<Count, kBuckets> buckets_;
  Count sum_nanos_;
};

// The statuses with a label of their own; others are counted by their class (`4xx`).
inline constexpr std::array<uint16_t, 35> kStatuses = {
    200, 201, 202, 204, 246, 304, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412,
    413, 414, 415, 417, 422, 424, 429, 431, 446, 451, 499, 500, 501, 502, 503, 504, 529};
inline constexpr std::array<std::string_view, 6> kStatusClasses = {"other", "1xx", "2xx",
                                                                   "3xx",   "4xx", "5xx"};
inline constexpr size_t kStatusSlots = kStatuses.size() + kStatusClasses.size();

size_t StatusSlot(int status);
std::string_view StatusLabel(size_t slot);

enum TokenKind : uint8_t { kInputTokens, kOutputTokens, kCachedTokens, kReasoningTokens, kTokenKinds };

// The labels of a CallCell. Pack() puts them into 64 bits.
struct CallKey {
  uint16_t door = 0;
  LabelTable::Id route = LabelTable::kOther;
  LabelTable::Id provider = LabelTable::kOther;
  LabelTable::Id model = LabelTable::kOther;

  uint64_t Pack() const {
    return uint64_t{door} << 48 | uint64_t{route} << 32 | uint64_t{provider} << 16 | uint64_t{model};
  }
};

// The counts of calls with the same labels. Cells form a list that only grows: `next` is set before a cell is
// published.
struct CallCell {
  CallKey key;
  CallCell* next = nullptr;
  std::array<Count, kStatusSlots> statuses;
  std::array<Count, kTokenKinds> tokens;
  Count attempts;
  Count resends;
  HistogramCell request;
  HistogramCell upstream;
  HistogramCell first_token;
};

struct ErrorKey {
  uint16_t error_class = 0;
  LabelTable::Id provider = LabelTable::kOther;
  LabelTable::Id code = LabelTable::kOther;

  uint64_t Pack() const { return uint64_t{error_class} << 32 | uint64_t{provider} << 16 | uint64_t{code}; }
};

struct ErrorCell {
  ErrorKey key;
  ErrorCell* next = nullptr;
  Count errors;
};

// How often a check of guardrails came to a verdict, or a guardrail denied a call.
struct GuardrailKey {
  uint16_t phase = 0;
  LabelTable::Id name = LabelTable::kOther;  // of the check, or of the guardrail
  uint16_t verdict = 0;

  uint64_t Pack() const { return uint64_t{phase} << 32 | uint64_t{verdict} << 16 | uint64_t{name}; }
};

struct CheckCell {
  GuardrailKey key;
  CheckCell* next = nullptr;
  HistogramCell seconds;
};

struct DenialCell {
  GuardrailKey key;
  DenialCell* next = nullptr;
  Count denials;
};

// How a middleware has answered, or been told.
struct MiddlewareKey {
  uint16_t hook = 0;
  LabelTable::Id name = LabelTable::kOther;

  uint64_t Pack() const { return uint64_t{hook} << 16 | uint64_t{name}; }
};

struct MiddlewareCell {
  MiddlewareKey key;
  MiddlewareCell* next = nullptr;
  HistogramCell seconds;
  Count errors;
  Count dropped;
};

}  // namespace portolan::telemetry
