#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/base/header.h"

namespace portolan::telemetry {

// 128 random bits as 32 lower-case hex digits; never all zero, so also a valid W3C trace id.
class Id {
 public:
  std::string_view view() const { return {text_.data(), text_.size()}; }
  std::string str() const { return std::string(view()); }

 private:
  friend class IdGenerator;
  std::array<char, 32> text_;
};

// Makes unique ids, without a system call each: xoshiro256++ seeded by the kernel. They are names, not
// secrets. One a shard; not thread-safe.
class IdGenerator {
 public:
  IdGenerator();  // seeds with getrandom(2)
  explicit IdGenerator(std::array<uint64_t, 4> seed) : state_(seed) {}

  Id Next();

 private:
  uint64_t NextWord();

  std::array<uint64_t, 4> state_;
};

// A caller's x-request-id that is good enough to become ours: [A-Za-z0-9._-]{1,128}.
bool IsSaneRequestId(std::string_view id);

// The trace id of a call: the caller's x-portolan-trace-id or x-portkey-trace-id as it is (1 to 256 visible
// ASCII characters or inner spaces; anything else counts as absent), else the trace id of a valid
// `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header), else a new one.
std::string ChooseTraceId(std::span<const HeaderView> headers, IdGenerator& ids);

// The trace id in a traceparent header; empty if it is not valid.
std::string_view TraceIdOfTraceparent(std::string_view traceparent);

}  // namespace portolan::telemetry
