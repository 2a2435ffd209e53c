#include "server/http/aws_event_stream.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <utility>
#include <vector>

namespace portolan::http {
namespace {

using std::string_literals::operator""s;
using Result = EventReader::Result;

std::string Number(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

uint32_t Crc(const std::string& bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

std::string Text(const std::string& name, const std::string& value) {
  return static_cast<char>(name.size()) + name + '\7' + static_cast<char>(value.size() >> 8) +
         static_cast<char>(value.size() & 255) + value;
}

std::string Message(const std::string& headers, const std::string& payload) {
  std::string bytes = Number(static_cast<uint32_t>(16 + headers.size() + payload.size()));
  bytes += Number(static_cast<uint32_t>(headers.size()));
  bytes += Number(Crc(bytes));
  bytes += headers + payload;
  return bytes + Number(Crc(bytes));
}

std::string Event(const std::string& type, const std::string& payload) {
  return Message(
      Text(":event-type", type) + Text(":content-type", "application/json") + Text(":message-type", "event"),
      payload);
}

struct Outcome {
  std::vector<std::pair<std::string, std::string>> events;  // names and data
  Result end = Result::kNeedMore;
  size_t pending = 0;
};

Outcome Read(const std::string& stream, size_t size, size_t limit = 16u << 20) {
  AwsEventReader reader(limit);
  Outcome outcome;
  for (size_t at = 0; at < stream.size() && outcome.end == Result::kNeedMore; at += size) {
    const std::string piece = stream.substr(at, size);
    reader.Push(piece);
    StreamEvent event;
    while ((outcome.end = reader.Next(&event)) == Result::kEvent) {
      EXPECT_TRUE(event.has_data);
      outcome.events.emplace_back(event.name, event.data);
    }
  }
  outcome.pending = reader.pending();
  return outcome;
}

// The encoded messages of botocore's tests.
TEST(AwsEventReader, ReadsWhatBotocoreReads) {
  const std::string empty = "\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2H\xeb}\x98\xc8\xff"s;
  const std::string payload = "\x00\x00\x00\x1d\x00\x00\x00\x00\xfdR\x8cZ{'foo':'bar'}\xc3\x65\x39\x36"s;
  const Outcome outcome = Read(empty + payload, 1000);
  ASSERT_EQ(outcome.events.size(), 2u);
  EXPECT_EQ(outcome.events[0].second, R"({"":{}})");
  EXPECT_EQ(outcome.events[1].second, R"({"":{'foo':'bar'}})");
}

TEST(AwsEventReader, NamesEventsExceptionsAndErrors) {
  const std::string stream =
      Event("contentBlockDelta", R"({"delta":{"text":"Hi"}})") +
      // Of every type of value, so that what follows is found.
      Message(
          "\1a\0\1b\1\1c\2x\1d\3xx\1e\4xxxx\1f\5xxxxxxxx\1g\6\0\2xx\1h\x08xxxxxxxx\1i\x09xxxxxxxxxxxxxxxx"s +
              Text(":message-type", "exception") + Text(":exception-type", "throttlingException"),
          R"({"message":"slow"})") +
      Message(Text(":message-type", "error") + Text(":error-code", "internal") +
                  Text(":error-message", "broken \"there\""),
              "");
  for (const size_t size : {size_t{1}, size_t{3}, size_t{13}, size_t{64}, size_t{100000}}) {
    const Outcome outcome = Read(stream, size);
    EXPECT_EQ(outcome.end, Result::kNeedMore);
    EXPECT_EQ(outcome.pending, 0u);
    ASSERT_EQ(outcome.events.size(), 3u);
    EXPECT_EQ(outcome.events[0].first, "contentBlockDelta");
    EXPECT_EQ(outcome.events[0].second, R"({"contentBlockDelta":{"delta":{"text":"Hi"}}})");
    EXPECT_EQ(outcome.events[1].second, R"({"throttlingException":{"message":"slow"}})");
    EXPECT_EQ(outcome.events[2].second, R"({"internal":{"message":"broken \"there\""}})");
  }
}

TEST(AwsEventReader, SaysThatAMessageWasCut) {
  const std::string stream = Event("a", "{}") + Event("b", R"({"x":1})");
  const size_t first = Event("a", "{}").size();
  for (size_t size = 0; size <= stream.size(); ++size) {
    const Outcome outcome = Read(stream.substr(0, size), 7);
    EXPECT_EQ(outcome.end, Result::kNeedMore);
    EXPECT_EQ(outcome.pending != 0, size != 0 && size != first && size != stream.size()) << size;
  }
}

// A bit that is wrong anywhere is noticed: both CRCs are looked at.
TEST(AwsEventReader, NoticesEveryWrongBit) {
  const std::string good = Event("contentBlockDelta", R"({"delta":{"text":"Hi"}})");
  for (size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string wrong = good;
      wrong[at] = static_cast<char>(wrong[at] ^ (1 << bit));
      for (const size_t size : {size_t{5}, wrong.size()}) {
        const Outcome outcome = Read(wrong + good, size);
        EXPECT_TRUE(outcome.events.empty()) << at;
        EXPECT_EQ(outcome.end, Result::kBroken) << at << " " << bit;
      }
    }
  }
}

TEST(AwsEventReader, BoundsWhatItHolds) {
  const std::string large = Event("a", "\"" + std::string(1000, 'x') + "\"");
  EXPECT_EQ(Read(large, 10, 500).end, Result::kTooLarge);
  EXPECT_EQ(Read(large, 10000, 500).end, Result::kTooLarge);
  EXPECT_EQ(Read(large, 10, 2000).events.size(), 1u);
}

TEST(AwsEventReader, NoticesHeadersThatDoNotFit) {
  for (const std::string& headers :
       {"\5ab"s, "\1a"s, "\1a\x0a"s, "\1a\7\0\5ab"s, "\1a\7\0"s, "\1a\4xx"s, "\1a\x7f"s}) {
    EXPECT_EQ(Read(Message(headers, "{}"), 1000).end, Result::kBroken);
  }
  std::string beyond = Number(20) + Number(900);
  beyond += Number(Crc(beyond)) + "abcd";
  EXPECT_EQ(Read(beyond + Number(Crc(beyond)), 1000).end, Result::kBroken);
}

}  // namespace
}  // namespace portolan::http
