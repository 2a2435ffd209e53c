// What a container writes into a stream of SageMaker's, from a hostile world. The first byte is the seed of
// the cuts; the second says how the stream ends, and, if its highest bit is set, that the rest is the stream
// itself. Properties: what comes out is what was written, or its lines as events, read plainly, however it is
// cut into parts and reads; an exception comes out as an event of its own, behind whole ones alone.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/codec/json_reader.h"
#include "server/core/aws_payload.h"
#include "server/core/stream_pipeline.h"
#include "server/http/sse.h"
#include "tests/fuzz/aws_frame.h"

namespace {

using portolan::core::AwsPayloadReader;
using portolan::core::StreamBatch;

void Require(bool holds) {
  if (!holds) std::abort();
}

// A number below `bound`, and the next seed.
size_t Draw(uint32_t* seed, size_t bound) {
  *seed = *seed * 1664525 + 1013904223;
  return (*seed >> 16) % bound;
}

std::string Header(std::string_view name, std::string_view value) {
  std::string header(1, static_cast<char>(name.size()));
  header.append(name);
  header += '\7';
  header += static_cast<char>(value.size() >> 8);
  header += static_cast<char>(value.size() & 255);
  return header.append(value);
}

std::string Message(const std::string& headers, std::string_view payload) {
  return portolan::fuzz::AwsMessage(headers.size(), headers + std::string(payload));
}

std::string Part(std::string_view bytes) {
  return Message(Header(":message-type", "event") + Header(":event-type", "PayloadPart"), bytes);
}

std::string Framed(std::string_view text, uint32_t seed, bool whole) {
  std::string stream;
  while (!text.empty()) {
    const size_t size = whole ? text.size() : std::min(1 + Draw(&seed, 24), text.size());
    stream += Part(text.substr(0, size));
    text.remove_prefix(size);
  }
  return stream;
}

struct Outcome {
  std::string out;
  bool good = true;
  bool operator==(const Outcome&) const = default;
};

// Passes on what it is fed, and uses its memory again.
class Passed final : public portolan::core::StreamPipeline {
 public:
  void Feed(std::string_view bytes, StreamBatch* batch) override {
    bytes_ = bytes;
    batch->pieces.push_back(bytes_);
  }
  void End(StreamBatch*) override { std::fill(bytes_.begin(), bytes_.end(), '?'); }
  portolan::providers::TokenUsage usage() const override { return {}; }

 private:
  std::string bytes_;
};

// The same through the pipeline, which is to give what the reader does.
void TryPipeline(std::string_view stream, const Outcome& outcome, uint32_t seed) {
  const auto pipeline = portolan::core::UnwrapAwsPayload(std::make_unique<Passed>());
  std::string out;
  bool failed = false;
  const auto take = [&](const StreamBatch& batch) {
    for (const std::string_view piece : batch.pieces) out.append(piece);
    failed = batch.error.has_value();
  };
  while (!stream.empty() && !failed) {
    const size_t size = std::min(1 + Draw(&seed, 40), stream.size());
    const std::string copy(stream.substr(0, size));
    stream.remove_prefix(size);
    StreamBatch batch;
    pipeline->Feed(copy, &batch);
    take(batch);
  }
  if (!failed) {
    StreamBatch batch;
    pipeline->End(&batch);
    take(batch);
  }
  Require(failed != outcome.good && out == outcome.out);
  Require(pipeline->usage().input == -1);
}

Outcome Read(std::string_view stream, uint32_t seed, bool whole) {
  const std::string_view all = stream;
  const uint32_t seed_of_cuts = seed;
  Outcome outcome;
  AwsPayloadReader reader;
  while (!stream.empty() && outcome.good) {
    const size_t size = whole ? stream.size() : std::min(1 + Draw(&seed, 40), stream.size());
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy_n(stream.data(), size, copy.get());
    stream.remove_prefix(size);
    outcome.good = reader.Read({copy.get(), size}, &outcome.out);
  }
  if (outcome.good) outcome.good = reader.Finish(&outcome.out);
  if (!whole) TryPipeline(all, outcome, seed_of_cuts);
  return outcome;
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// Of each line that says something, the data of an event; without what has no end, if `cut`.
std::string LinesOf(std::string_view text, bool cut) {
  std::string out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos && cut) break;
    const std::string_view line = Trimmed(text.substr(0, end));
    if (!line.empty()) out.append("data: ").append(line).append("\n\n");
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

// The names and data of the events that a reader of them finds, without what has no end.
std::vector<std::string> EventsOf(std::string_view text) {
  portolan::http::SseReader reader;
  reader.Push(text);
  std::vector<std::string> events;
  portolan::http::StreamEvent event;
  while (reader.Next(&event) == portolan::http::EventReader::Result::kEvent) {
    if (event.has_data) events.push_back(std::string(event.name) + '\n' + std::string(event.data));
  }
  return events;
}

std::string ErrorName(uint8_t how) { return how % 2 == 0 ? "ModelStreamError" : "bad\"name"; }

// An exception, with a payload of the input's own, or an error, which has none.
std::string Failure(std::string_view payload, uint8_t how) {
  if ((how & 4) != 0) {
    return Message(Header(":message-type", "error") + Header(":error-code", ErrorName(how)) +
                       Header(":error-message", payload.substr(0, 200)),
                   {});
  }
  return Message(Header(":message-type", "exception") + Header(":exception-type", ErrorName(how)), payload);
}

void TryWhole(std::string_view text, uint8_t seed) {
  const Outcome whole = Read(Framed(text, 0, true), 0, true);
  Require(whole.good);
  Require(Read(Framed(text, seed, false), seed, false) == whole);
  Require(whole.out == (Trimmed(text).starts_with('{') ? LinesOf(text, false) : text));
}

void TryFailure(std::string_view text, uint8_t seed, uint8_t how) {
  const std::string failure = Failure(text.substr(0, seed), how);
  const Outcome whole = Read(Framed(text, 0, true) + failure, 0, true);
  const Outcome cut = Read(Framed(text, seed, false) + failure, seed, false);
  // Empty lines alone may differ.
  Require(whole.good && cut.good && EventsOf(cut.out) == EventsOf(whole.out));
  std::vector<std::string> expected =
      EventsOf(Trimmed(text).starts_with('{') ? LinesOf(text, /*cut=*/true) : text);
  std::vector<std::string> events = EventsOf(whole.out);
  Require(events.size() == expected.size() + 1);
  const std::string error = events.back();
  events.pop_back();
  Require(events == expected && error.starts_with("\n{\"error\":{"));
  Require(portolan::codec::IsJson(std::string_view(error).substr(1)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  if ((data[1] & 128) != 0) {
    Require(Read(text, 0, true) == Read(text, data[0], false));
  } else if ((data[1] & 1) == 0) {
    TryWhole(text, data[0]);
  } else {
    TryFailure(text, data[0], static_cast<uint8_t>(data[1] >> 1));
  }
  return 0;
}
