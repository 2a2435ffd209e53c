// Newline-delimited JSON from a hostile world. The first byte is the seed of the cuts. Properties: any split
// of the bytes gives the same lines; the raw bytes of all events and what is pending are the input; a plain
// cut at each LF gives the same data.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/ndjson.h"

namespace {

using portolan::http::NdjsonReader;
using portolan::http::StreamEvent;

constexpr size_t kLimit = 200;

void Require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::vector<std::string> lines;
  std::string last;
  bool too_large = false;
  bool operator==(const Outcome&) const = default;
};

Outcome Read(std::string_view text, uint32_t seed, bool whole) {
  Outcome outcome;
  std::string raw;
  NdjsonReader reader(kLimit);
  for (size_t taken = 0; taken < text.size() && !outcome.too_large;) {
    seed = seed * 1664525 + 1013904223;
    const size_t size = whole ? text.size() : std::min<size_t>(1 + (seed >> 20) % 24, text.size() - taken);
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy_n(text.data() + taken, size, copy.get());
    taken += size;
    reader.Push({copy.get(), size});
    StreamEvent event;
    NdjsonReader::Result result = reader.Next(&event);
    for (; result == NdjsonReader::Result::kEvent; result = reader.Next(&event)) {
      Require(event.name.empty() && event.has_data == !event.data.empty());
      raw.append(event.raw);
      if (event.has_data) outcome.lines.emplace_back(event.data);
    }
    outcome.too_large = result == NdjsonReader::Result::kTooLarge;
  }
  if (outcome.too_large) return outcome;
  const size_t pending = reader.pending();
  Require(raw.size() + pending == text.size() && text.starts_with(raw));
  StreamEvent last;
  Require(reader.TakeLast(&last) == (pending != 0));
  Require(last.raw == text.substr(raw.size()));
  outcome.last = last.data;
  return outcome;
}

std::string_view Trimmed(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = Read(text, 0, true);
  Outcome cut = Read(text, data[0], false);
  Require(whole.too_large == cut.too_large);
  if (whole.too_large) return 0;
  Require(whole == cut);
  Outcome plain;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    if (const std::string_view line = Trimmed(text.substr(0, end)); !line.empty())
      plain.lines.emplace_back(line);
    text.remove_prefix(end + 1);
  }
  plain.last = Trimmed(text);
  Require(whole == plain);
  return 0;
}
