#include "server/telemetry/ids.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "server/base/text.h"

namespace portolan::telemetry {
namespace {

constexpr size_t kMaxTraceId = 256;

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

bool IsSaneTraceId(std::string_view id) {
  if (id.empty() || id.size() > kMaxTraceId || id.front() == ' ' || id.back() == ' ') return false;
  return std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

// The eight digits of `word`, the first in the lowest byte: all at once, a byte each.
uint64_t EightDigits(uint32_t word) {
  uint64_t nibbles = word;
  nibbles = (nibbles | nibbles << 16) & 0x0000FFFF0000FFFF;
  nibbles = (nibbles | nibbles << 8) & 0x00FF00FF00FF00FF;
  nibbles = (nibbles | nibbles << 4) & 0x0F0F0F0F0F0F0F0F;
  const uint64_t is_letter = ((nibbles + 0x0606060606060606) >> 4) & 0x0101010101010101;
  return __builtin_bswap64(nibbles + 0x3030303030303030 + is_letter * ('a' - '9' - 1));
}

void PutHex(uint64_t word, char* out) {
  static_assert(std::endian::native == std::endian::little);
  const uint64_t digits[] = {EightDigits(static_cast<uint32_t>(word >> 32)),
                             EightDigits(static_cast<uint32_t>(word))};
  std::memcpy(out, digits, sizeof digits);
}

}  // namespace

IdGenerator::IdGenerator() {
  if (getrandom(state_.data(), sizeof state_, 0) != sizeof state_) {
    // Only where the system call is forbidden. Time, process and address keep generators apart.
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    state_ = {static_cast<uint64_t>(now.tv_nsec), static_cast<uint64_t>(now.tv_sec),
              static_cast<uint64_t>(getpid()), reinterpret_cast<uintptr_t>(this)};
    for (int i = 0; i < 64; ++i) NextWord();
  }
  if (std::all_of(state_.begin(), state_.end(), [](uint64_t word) { return word == 0; })) state_[0] = 1;
}

// xoshiro256++ 1.0 by Blackman and Vigna, https://prng.di.unimi.it/xoshiro256plusplus.c (public domain).
uint64_t IdGenerator::NextWord() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

Id IdGenerator::Next() {
  std::array<uint64_t, 2> words;
  do {
    words = {NextWord(), NextWord()};
  } while (words[0] == 0 && words[1] == 0);
  Id id;
  PutHex(words[0], id.text_.data());
  PutHex(words[1], id.text_.data() + 16);
  return id;
}

bool IsSaneRequestId(std::string_view id) {
  if (id.empty() || id.size() > 128) return false;
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-'; });
}

std::string_view TraceIdOfTraceparent(std::string_view traceparent) {
  // version "-" trace-id "-" parent-id "-" flags; a later version may go on behind another dash.
  if (traceparent.size() < 55) return {};
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view trace_id = traceparent.substr(3, 32);
  const std::string_view parent_id = traceparent.substr(36, 16);
  const std::string_view flags = traceparent.substr(53, 2);
  if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return {};
  if (!IsLowerHex(version) || !IsLowerHex(trace_id) || !IsLowerHex(parent_id) || !IsLowerHex(flags))
    return {};
  if (version == "ff" || IsZero(trace_id) || IsZero(parent_id)) return {};
  if (traceparent.size() > 55 && (version == "00" || traceparent[55] != '-')) return {};
  return trace_id;
}

std::string ChooseTraceId(std::span<const HeaderView> headers, IdGenerator& ids) {
  std::string_view ours;
  std::string_view portkeys;
  std::string_view traceparent;
  for (const HeaderView& header : headers) {
    // The length tells nearly every header apart.
    if (header.name.size() == 19 && ours.empty() && header.name == "x-portolan-trace-id") ours = header.value;
    if (header.name.size() == 18 && portkeys.empty() && header.name == "x-portkey-trace-id")
      portkeys = header.value;
    if (header.name.size() == 11 && traceparent.empty() && header.name == "traceparent")
      traceparent = header.value;
  }
  if (IsSaneTraceId(ours)) return std::string(ours);
  if (IsSaneTraceId(portkeys)) return std::string(portkeys);
  if (const std::string_view id = TraceIdOfTraceparent(traceparent); !id.empty()) return std::string(id);
  return ids.Next().str();
}

}  // namespace portolan::telemetry
