#include "server/http/sse.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace portolan::http {
namespace {

struct Event {
  std::string name;
  std::string data;
  bool has_data;
  bool operator==(const Event&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Event& event) {
  return out << "{" << event.name << "|" << event.data << "|" << event.has_data << "}";
}

struct Outcome {
  std::vector<Event> events;  // with data or a name
  std::string raw;
  size_t pending = 0;
  bool too_large = false;
};

Outcome Read(const std::vector<std::string>& pieces, size_t limit = 1 << 20) {
  SseReader reader(limit);
  Outcome run;
  for (const std::string& piece : pieces) {
    reader.Push(piece);
    StreamEvent event;
    SseReader::Result result = reader.Next(&event);
    for (; result == SseReader::Result::kEvent; result = reader.Next(&event)) {
      run.raw.append(event.raw);
      if (event.has_data || !event.name.empty()) {
        run.events.push_back({std::string(event.name), std::string(event.data), event.has_data});
      }
    }
    run.too_large = result == SseReader::Result::kTooLarge;
    if (run.too_large) return run;
  }
  run.pending = reader.pending();
  return run;
}

struct Case {
  const char* name;
  std::string text;
  std::vector<Event> events;
  size_t pending = 0;
};

// The examples of WHATWG HTML section 9.2.6 are among them.
const std::vector<Case>& Cases() {
  static const auto* const cases = new std::vector<Case>{
      {"Plain", "data: {\"a\":1}\n\ndata: [DONE]\n\n", {{"", "{\"a\":1}", true}, {"", "[DONE]", true}}},
      {"Stocks", "data: YHOO\ndata: +2\ndata: 10\n\n", {{"", "YHOO\n+2\n10", true}}},
      {"FourBlocks",
       ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
       {{"", "first event", true}, {"", "second event", true}},
       19},
      {"TwoEmptyEvents", "data\n\ndata\ndata\n\ndata:", {{"", "", true}, {"", "\n", true}}, 5},
      {"SpaceAfterColon", "data:test\n\ndata: test\n\n", {{"", "test", true}, {"", "test", true}}},
      {"Named", "event: message_start\ndata: {}\n\n", {{"message_start", "{}", true}}},
      {"NameAfterData", "data: {}\nevent: a\nevent: b\n\n", {{"b", "{}", true}}},
      {"NameOnly", "event: ping\n\n", {{"ping", "", false}}},
      {"CrLf",
       "event: a\r\ndata: 1\r\n\r\ndata: 2\r\ndata: 3\r\n\r\n",
       {{"a", "1", true}, {"", "2\n3", true}}},
      {"CrOnly", "event: a\rdata: 1\r\rdata: 2\r\r", {{"a", "1", true}, {"", "2", true}}},
      {"MixedEnds", "data: 1\r\ndata: 2\rdata: 3\n\r\ndata: 4\n\n", {{"", "1\n2\n3", true}, {"", "4", true}}},
      {"LfThenCrLf", "data: 1\n\r\ndata: 2\n\n", {{"", "1", true}, {"", "2", true}}},
      {"ByteOrderMark",
       "\xEF\xBB\xBF"
       "data: 1\n\n\xEF\xBB\xBF"
       "data: 2\n\n",
       {{"", "1", true}}},
      {"CommentInside", ": OPENROUTER PROCESSING\ndata: 1\n: more\n\n", {{"", "1", true}}},
      {"UnknownFields", "id: 7\nretry: 10\nDATA: no\n data: no\ndata: yes\n\n", {{"", "yes", true}}},
      {"ManyBlankLines", "\n\n\r\n\rdata: 1\n\n\n\n", {{"", "1", true}}},
      {"ColonsInData", "data: a: b\n\n", {{"", "a: b", true}}},
      {"Unfinished", "data: 1\n\ndata: 2\n", {{"", "1", true}}, 8},
      {"Nothing", "", {}},
  };
  return *cases;
}

TEST(Sse, ReadsCases) {
  for (const Case& c : Cases()) {
    const Outcome run = Read({c.text});
    EXPECT_EQ(run.events, c.events) << c.name;
    EXPECT_EQ(run.pending, c.pending) << c.name;
    EXPECT_EQ(run.raw, c.text.substr(0, c.text.size() - c.pending)) << c.name;
  }
}

TEST(Sse, ReadsTheSameAtEverySplit) {
  for (const Case& c : Cases()) {
    for (size_t i = 0; i <= c.text.size(); ++i) {
      for (size_t j = i; j <= c.text.size(); ++j) {
        const Outcome run = Read({c.text.substr(0, i), c.text.substr(i, j - i), c.text.substr(j)});
        ASSERT_EQ(run.events, c.events) << c.name << " " << i << " " << j;
        ASSERT_EQ(run.pending, c.pending) << c.name << " " << i << " " << j;
        ASSERT_EQ(run.raw, c.text.substr(0, c.text.size() - c.pending)) << c.name << " " << i << " " << j;
      }
    }
    std::vector<std::string> bytes;
    for (char byte : c.text) bytes.emplace_back(1, byte);
    EXPECT_EQ(Read(bytes).events, c.events) << c.name;
  }
}

TEST(Sse, GivesAnEventEndedByCrWithoutWaitingForALf) {
  SseReader reader;
  StreamEvent event;
  reader.Push("data: 1\r\n\r");
  ASSERT_EQ(reader.Next(&event), SseReader::Result::kEvent);
  EXPECT_EQ(event.data, "1");
  EXPECT_EQ(reader.Next(&event), SseReader::Result::kNeedMore);
  EXPECT_EQ(reader.pending(), 0u);
}

TEST(Sse, CopiesNothingWhenAnEventIsInOnePush) {
  const std::string text = "data: 0\n\nevent: a\ndata: {\"x\":1}\n\n";
  SseReader reader;
  reader.Push(text);
  StreamEvent event;
  ASSERT_EQ(reader.Next(&event), SseReader::Result::kEvent);
  ASSERT_EQ(reader.Next(&event), SseReader::Result::kEvent);
  EXPECT_EQ(event.data.data(), text.data() + text.find("{"));
  EXPECT_EQ(event.raw.data(), text.data() + text.find("event"));
}

TEST(Sse, RefusesAnEventOverTheLimitHoweverItComes) {
  const std::string at_limit = "data: " + std::string(92, 'x') + "\n\n";
  ASSERT_EQ(at_limit.size(), 100u);
  const std::string over = "data: " + std::string(93, 'x') + "\n\n";
  for (size_t cut = 0; cut <= 100; ++cut) {
    EXPECT_EQ(Read({at_limit.substr(0, cut), at_limit.substr(cut)}, 100).events.size(), 1u) << cut;
    const Outcome run = Read({at_limit, over.substr(0, cut), over.substr(cut)}, 100);
    EXPECT_TRUE(run.too_large) << cut;
    EXPECT_EQ(run.events.size(), 1u) << cut;
  }
  SseReader reader(100);
  StreamEvent event;
  reader.Push(over);
  EXPECT_EQ(reader.Next(&event), SseReader::Result::kTooLarge);
  EXPECT_EQ(reader.Next(&event), SseReader::Result::kTooLarge);
}

TEST(Sse, AppendsData) {
  std::string out = "x";
  AppendSseData("{}", &out);
  EXPECT_EQ(out, "xdata: {}\n\n");
}

TEST(SseReader, AtTheEndAnEventMayLackItsBlankLine) {
  const struct {
    std::string_view stream;
    std::string_view data;
    bool pending;
  } cases[] = {{"data: a\n\n", "", false}, {"data: a\n", "a", true},
               {"data: a", "a", true},     {"data: a\r\n", "a", true},
               {"data: a\r", "a", true},   {"event: x\ndata: a\ndata: b", "a\nb", true},
               {"da", "", true},           {": comment", "", true}};
  for (const auto& c : cases) {
    for (const bool split : {false, true}) {
      SseReader reader;
      StreamEvent event;
      for (size_t at = 0; at < c.stream.size(); at += split ? 1 : c.stream.size()) {
        reader.Push(c.stream.substr(at, split ? 1 : c.stream.size()));
        while (reader.Next(&event) == SseReader::Result::kEvent) {
        }
      }
      EXPECT_EQ(reader.TakeLast(&event), c.pending) << c.stream;
      if (c.pending) {
        EXPECT_EQ(event.data, c.data) << c.stream;
      }
    }
  }
}

}  // namespace
}  // namespace portolan::http
