// Messages of AWS's event stream from a hostile world. The first byte is the seed of the cuts; if the second
// is odd, the rest are headers and payloads that are framed here, with the right CRCs, as no fuzzer finds
// those. Properties: any split of the bytes gives the same events; what was given and what is pending are the
// input.

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/aws_event_stream.h"

namespace {

using portolan::http::AwsEventReader;
using portolan::http::StreamEvent;
using Result = portolan::http::EventReader::Result;

constexpr size_t kLimit = 4000;

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string Number(size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

std::string WithCrc(std::string bytes) {
  return bytes +
         Number(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

// A length for the headers, one for the payload, and these, again and again.
std::string Framed(std::string_view text) {
  std::string stream;
  while (text.size() > 2) {
    const size_t headers = std::min<size_t>(static_cast<unsigned char>(text[0]), text.size() - 2);
    const size_t payload = std::min<size_t>(static_cast<unsigned char>(text[1]), text.size() - 2 - headers);
    const std::string prelude = WithCrc(Number(16 + headers + payload) + Number(headers));
    stream += WithCrc(prelude + std::string(text.substr(2, headers + payload)));
    text.remove_prefix(2 + headers + payload);
  }
  return stream;
}

struct Outcome {
  std::vector<std::string> events;
  std::string raw;
  size_t pending = 0;
  Result end = Result::kNeedMore;
};

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
  Require(whole.events == cut.events && whole.end == cut.end && whole.raw == cut.raw);
  return 0;
}
