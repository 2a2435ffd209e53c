// Compressed bodies from a hostile world: answers, which are inflated piece by piece, and requests, which are
// whole. The first byte is the seed of the cuts. If the second is odd, the rest is compressed here, as one
// member or several, and damaged in a bit if the second says so: no fuzzer finds a checksum. Properties: any
// split of the bytes, into any room, gives the same; both inflaters say the same; what was compressed comes
// back, and nothing of it is whole before its last byte.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/gunzip.h"
#include "server/upstream/gunzip.h"
#include "tests/support/gzip.h"

namespace {

using portolan::http::GunzipResult;
using Result = portolan::upstream::Gunzip::Result;

constexpr size_t kMost = 1u << 20;

void Require(bool holds) {
  if (!holds) std::abort();
}

size_t Draw(uint32_t* seed, size_t bound) {
  *seed = *seed * 1664525 + 1013904223;
  return (*seed >> 16) % bound;
}

struct Outcome {
  std::string text;
  bool bad = false;
  bool complete = false;
  bool too_large = false;
  bool operator==(const Outcome&) const = default;
};

// Takes what there is of the bytes that were pushed.
void Drain(portolan::upstream::Gunzip& gunzip, size_t room, Outcome* outcome) {
  const std::unique_ptr<char[]> out(new char[room]);
  while (!outcome->too_large) {
    size_t size = 0;
    const Result result = gunzip.Next({out.get(), room}, &size);
    outcome->bad = result == Result::kBad;
    if (result != Result::kData) return;
    Require(size >= 1 && size <= room);
    outcome->text.append(out.get(), size);
    outcome->too_large = outcome->text.size() > kMost;
  }
}

Outcome Inflate(std::string_view bytes, uint32_t seed, bool whole) {
  Outcome outcome;
  const auto gunzip = portolan::upstream::Gunzip::Create();
  Require(gunzip != nullptr);
  const size_t room = whole ? 1 << 16 : 1 + Draw(&seed, 1 << 12);
  while (!bytes.empty() && !outcome.bad && !outcome.too_large) {
    const size_t size = whole ? bytes.size() : std::min(1 + Draw(&seed, 40), bytes.size());
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy_n(bytes.data(), size, copy.get());
    bytes.remove_prefix(size);
    gunzip->Push({copy.get(), size});
    Drain(*gunzip, room, &outcome);
  }
  outcome.complete = !outcome.bad && !outcome.too_large && gunzip->complete();
  return outcome;
}

void Try(std::string_view bytes, uint8_t seed) {
  const Outcome whole = Inflate(bytes, 0, true);
  const Outcome cut = Inflate(bytes, seed, false);
  Require(whole.too_large == cut.too_large);
  std::string text;
  const GunzipResult result = portolan::http::Gunzip(bytes, kMost, &text);
  if (whole.too_large) {
    Require(result != GunzipResult::kOk);  // it may be damaged there besides
    return;
  }
  Require(whole == cut);
  Require((result == GunzipResult::kOk) == whole.complete);
  Require(!whole.complete || text == whole.text);
}

void TryGood(std::string_view text, uint8_t seed) {
  std::string bytes;
  std::vector<size_t> ends;
  uint32_t next = seed;
  for (std::string_view rest = text; !rest.empty() || ends.empty();) {
    const size_t size = (seed & 1) == 0 ? rest.size() : std::min(1 + Draw(&next, 200), rest.size());
    bytes += portolan::test::Gzip(rest.substr(0, size));
    ends.push_back(bytes.size());
    rest.remove_prefix(size);
  }
  const Outcome outcome = Inflate(bytes, seed, false);
  Require(outcome.complete && outcome.text == text);
  Try(bytes, seed);
  const size_t cut = Draw(&next, bytes.size());
  const bool at_end = std::find(ends.begin(), ends.end(), cut) != ends.end();
  Require(Inflate(std::string_view(bytes).substr(0, cut), seed, false).complete == at_end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  if ((data[1] & 1) == 0) {
    Try(text, data[0]);
  } else if ((data[1] & 2) == 0) {
    TryGood(text, data[0]);
  } else {
    std::string bytes = portolan::test::Gzip(text);
    bytes[data[1] / 4 % bytes.size()] ^= static_cast<char>(1 << (data[0] & 7));
    Try(bytes, data[0]);
  }
  return 0;
}
