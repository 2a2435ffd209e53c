// Server-sent events from a hostile world. The first byte is the seed of the cuts. Properties: any split of
// the bytes gives the same events; the raw bytes of all events and what is pending are the input; a plain
// reading of the standard's text, line by line, gives the same data.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/sse.h"

namespace {

using portolan::http::SseReader;
using portolan::http::StreamEvent;

constexpr size_t kLimit = 2000;

void Require(bool holds) {
  if (!holds) std::abort();
}

struct Event {
  std::string name;
  std::string data;
  bool has_data = false;
  bool operator==(const Event&) const = default;
};

struct Outcome {
  std::vector<Event> events;
  std::string raw;
  Event last;  // that the text leaves open
  bool too_large = false;
};

Outcome Read(std::string_view text, uint32_t seed, bool whole) {
  Outcome outcome;
  SseReader reader(kLimit);
  size_t taken = 0;
  while (taken < text.size() && !outcome.too_large) {
    seed = seed * 1664525 + 1013904223;
    const size_t size = whole ? text.size() : std::min<size_t>(1 + (seed >> 20) % 24, text.size() - taken);
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy_n(text.data() + taken, size, copy.get());
    taken += size;
    reader.Push({copy.get(), size});
    StreamEvent event;
    SseReader::Result result = reader.Next(&event);
    for (; result == SseReader::Result::kEvent; result = reader.Next(&event)) {
      outcome.raw.append(event.raw);
      // A sign of life has no data that anybody wants.
      if (portolan::http::IsIdleEvent(event)) Require(event.name == "ping" || !event.has_data);
      if (!event.has_data && event.name.empty()) continue;
      outcome.events.push_back({std::string(event.name), std::string(event.data), event.has_data});
    }
    outcome.too_large = result == SseReader::Result::kTooLarge;
  }
  if (!outcome.too_large) {
    const size_t pending = reader.pending();
    Require(outcome.raw.size() + pending == text.size());
    Require(text.starts_with(outcome.raw));
    StreamEvent last;
    const bool taken_last = reader.TakeLast(&last);
    Require(taken_last == (pending != 0) || pending + 2 > kLimit);
    outcome.last = {std::string(last.name), std::string(last.data), last.has_data};
  }
  return outcome;
}

// WHATWG HTML section 9.2.6, as it is written there.
std::vector<Event> ReadAsTheStandardSays(std::string_view text) {
  std::vector<Event> events;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Event event;
  while (true) {
    const size_t end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) return events;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
    if (line.empty()) {
      if (event.has_data) event.data.pop_back();
      if (event.has_data || !event.name.empty()) events.push_back(event);
      event = Event();
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == 0) continue;
    const std::string_view field = line.substr(0, colon);
    std::string_view value;
    if (colon != std::string_view::npos) value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") event.name = value;
    if (field == "data") {
      event.data.append(value).push_back('\n');
      event.has_data = true;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = Read(text, 0, true);
  const Outcome cut = Read(text, data[0], false);
  Require(whole.too_large == cut.too_large);
  Require(whole.events == cut.events);
  if (whole.too_large) return 0;
  Require(whole.events == ReadAsTheStandardSays(text));
  Require(whole.last == cut.last);
  // What is left open is what a blank line would end.
  std::vector<Event> closed = ReadAsTheStandardSays(std::string(text) + "\n\n");
  if (whole.last.has_data || !whole.last.name.empty()) {
    Require(!closed.empty() && closed.back() == whole.last);
  }
  return 0;
}
