#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/base/header.h"

namespace portolan::telemetry {

// 128 random bits as 32 lower-case hexadecimal digits, never all zero: also a valid W3C trace id.
class Id {
 public:
  std::string_view view() const { return {text_.data(), text_.size()}; }
  std::string str() const { return std::string(view()); }

 private:
  friend class IdGenerator;
  std::array<char, 32> text_;
};

// Makes unique ids without a system call for each, by xoshiro256++ seeded by the kernel. Ids are names, not
// secrets. Not thread-safe: one per shard.
class IdGenerator {
 public:
  IdGenerator();  // seeds with getrandom(2)
  explicit IdGenerator(std::array<uint64_t, 4> seed) : state_(seed) {}

  Id Next();

 private:
  uint64_t NextWord();

  std::array<uint64_t, 4> state_;
};

// Whether a caller's x-request-id may be used as the call's: [A-Za-z0-9._-]{1,128}.
bool IsSaneRequestId(std::string_view id);

// The trace id of a call. The first of: the caller's x-portolan-trace-id or x-portkey-trace-id as it is, if
// it has 1 to 256 visible ASCII characters or inner spaces; the trace id of a valid `traceparent`
// (https://www.w3.org/TR/trace-context/#traceparent-header); a new one.
std::string ChooseTraceId(std::span<const HeaderView> headers, IdGenerator& ids);

// The trace id in a traceparent header; empty if the header is not valid.
std::string_view TraceIdOfTraceparent(std::string_view traceparent);

}  // namespace portolan::telemetry
