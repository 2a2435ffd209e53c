// Messages of AWS's event stream from a hostile world. The first byte is the seed of the cuts; if the second
// is odd, the rest are headers and payloads that are framed here, with the right CRCs, as no fuzzer finds
// those. Held against the format's description, read plainly; any split of the bytes gives the same events;
// what was given and what is pending are the input.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/json_text.h"
#include "server/http/aws_event_stream.h"
#include "tests/fuzz/aws_frame.h"

namespace {

using portolan::fuzz::Crc;
using portolan::http::AwsEventReader;
using portolan::http::StreamEvent;
using Result = portolan::http::EventReader::Result;

constexpr size_t kLimit = 200;

void Require(bool holds) {
  if (!holds) std::abort();
}

// What the headers' length is said to be, that of headers and payload, and these, again and again.
std::string Framed(std::string_view text) {
  std::string stream;
  while (text.size() > 2) {
    const size_t headers = static_cast<unsigned char>(text[0]);
    const size_t size = std::min<size_t>(static_cast<unsigned char>(text[1]), text.size() - 2);
    stream += portolan::fuzz::AwsMessage(headers, text.substr(2, size));
    text.remove_prefix(2 + size);
  }
  return stream;
}

struct Outcome {
  std::vector<std::string> events;
  std::string raw;
  size_t pending = 0;
  Result end = Result::kNeedMore;
};

size_t NumberAt(std::string_view bytes, size_t place, size_t size) {
  size_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[place + i]);
  return value;
}

// Reads the headers of a message as the Smithy specification of the event stream has them ("Amazon Event
// Stream Specification", headers). False if they are not that.
bool ReadHeaders(std::string_view text, std::map<std::string, std::string>* headers) {
  constexpr size_t kSizes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};
  for (size_t place = 0; place < text.size();) {
    const size_t name = NumberAt(text, place++, 1);
    if (place + name + 1 > text.size()) return false;
    const std::string key(text.substr(place, name));
    place += name;
    const size_t type = NumberAt(text, place++, 1);
    if (type > 9) return false;
    size_t size = kSizes[type];
    if (type == 6 || type == 7) {
      if (place + 2 > text.size()) return false;
      size = NumberAt(text, place, 2);
      place += 2;
    }
    if (place + size > text.size()) return false;
    const std::string value = type == 7 ? std::string(text.substr(place, size)) : std::string();
    place += size;
    // Of those that name what came, the last counts.
    const bool names = key == ":event-type" || key == ":exception-type" || key == ":error-code";
    (*headers)[names ? "name" : key] = value;
  }
  return true;
}

// What the stream says, and how it ends.
Outcome Expected(std::string_view text) {
  Outcome expected;
  for (; text.size() >= 12; text.remove_prefix(NumberAt(text, 0, 4))) {
    const size_t total = NumberAt(text, 0, 4);
    const size_t headers_size = NumberAt(text, 4, 4);
    expected.end = Result::kBroken;
    if (Crc(text.substr(0, 8)) != NumberAt(text, 8, 4) || total < 16) return expected;
    expected.end = total > kLimit ? Result::kTooLarge : Result::kNeedMore;
    if (total > kLimit || text.size() < total) return expected;
    expected.end = Result::kBroken;
    if (Crc(text.substr(0, total - 4)) != NumberAt(text, total - 4, 4) || headers_size > total - 16) {
      return expected;
    }
    std::map<std::string, std::string> headers;
    if (!ReadHeaders(text.substr(12, headers_size), &headers)) return expected;
    std::string payload(text.substr(12 + headers_size, total - 16 - headers_size));
    if (payload.empty()) {
      payload = "{}";
      if (headers[":message-type"] == "error") {
        payload = "{\"message\":" + portolan::JsonString(headers[":error-message"]) + "}";
      }
    }
    const std::string& name = headers["name"];
    expected.events.push_back(name + "\n{" + portolan::JsonString(name) + ":" + payload + "}");
    expected.end = Result::kNeedMore;
  }
  return expected;
}

Outcome Read(std::string_view text, uint32_t seed, bool whole) {
  Outcome outcome;
  AwsEventReader reader(kLimit);
  size_t taken = 0;
  while (taken < text.size() && outcome.end == Result::kNeedMore) {
    seed = seed * 1664525 + 1013904223;
    const size_t size = whole ? text.size() : std::min<size_t>(1 + (seed >> 20) % 24, text.size() - taken);
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy_n(text.data() + taken, size, copy.get());
    taken += size;
    reader.Push({copy.get(), size});
    StreamEvent event;
    while ((outcome.end = reader.Next(&event)) == Result::kEvent) {
      outcome.raw.append(event.raw);
      outcome.events.push_back(std::string(event.name) + '\n' + std::string(event.data));
    }
  }
  outcome.pending = reader.pending();
  if (outcome.end == Result::kNeedMore) {
    Require(text.starts_with(outcome.raw) && outcome.raw.size() + outcome.pending == text.size());
  } else {
    // Final.
    StreamEvent event;
    Require(reader.Next(&event) != Result::kEvent);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string stream = (data[1] & 1) != 0 ? Framed(text) : std::string(text);
  const Outcome whole = Read(stream, 0, /*whole=*/true);
  const Outcome cut = Read(stream, data[0], /*whole=*/false);
  const Outcome expected = Expected(stream);
  Require(whole.events == expected.events && whole.end == expected.end);
  Require(whole.events == cut.events && whole.end == cut.end && whole.raw == cut.raw);
  return 0;
}
