// The events of a stream.

#include "tests/faults/fault.h"

namespace portolan::faults {
namespace {

using test::Chunk;
using test::Head;
using test::Script;

constexpr size_t kPiece = 64 << 10;
constexpr size_t kHugeEvent = 100u << 20;

// Events in good framing, ended in good order.
Script Typed(const std::string& bytes, const std::string& type) {
  test::Headers headers = {{"Content-Length", std::to_string(bytes.size())}};
  if (!type.empty()) headers.push_back({"Content-Type", type});
  return Script().Send(Head(200, headers) + bytes);
}
Script Events(const Setting& setting, const std::string& bytes) { return Typed(bytes, ContentType(setting)); }

// The first `count` events.
std::string First(Dialect dialect, size_t count) {
  std::vector<std::string> events = GoodEvents(dialect);
  events.resize(count);
  return Joined(events);
}

// The events but for the last.
std::string NoLast(Dialect dialect) { return First(dialect, GoodEvents(dialect).size() - 1); }

std::string ErrorEvent(Dialect dialect) { return In(dialect).troubles.at(Trouble::kOverload).event; }

}  // namespace

std::vector<Fault> StreamFaults() {
  const std::string group = "The events of a stream";
  std::vector<Fault> faults;
  const auto add = [&](std::string name, Outcome stream,
                       std::function<Script(const Setting&)> answer) -> Fault& {
    Fault fault{group, std::move(name), NotAsked(), std::move(stream), std::move(answer)};
    fault.reusable = true;
    faults.push_back(std::move(fault));
    return faults.back();
  };
  const auto breaks = [&](std::string name, const std::string& code,
                          std::function<Script(const Setting&)> answer) -> Fault& {
    return add(std::move(name), Breaks(code, grpc::UNAVAILABLE), std::move(answer));
  };

  breaks("ends after a part of the text", "upstream_truncated",
         [](const Setting& s) { return Events(s, UntilText(s.dialect)); });
  breaks("ends after all of the text, without a reason", "upstream_truncated",
         [](const Setting& s) { return Events(s, First(s.dialect, In(s.dialect).before_finish)); });
  breaks("ends in mid-event", "upstream_truncated", [](const Setting& s) {
    return Events(s, UntilText(s.dialect) + GoodEvents(s.dialect)[2].substr(0, 30));
  });
  const auto nothing = [](const Setting& s) { return Events(s, ""); };
  const auto idle = [](const Setting& s) { return Events(s, In(s.dialect).idle + In(s.dialect).idle); };
  const std::string only_idle = "sends nothing but comments, or events nobody knows";
  add("ends before the first event", BadGateway("upstream_truncated"), nothing).ButFor(Dialect::kGoogle);
  add(only_idle, BadGateway("upstream_truncated"), idle).ButFor(Dialect::kGoogle);
  // Its end has no event of its own, so that this is one, and nothing before it.
  add("ends before the first event", BadGateway("upstream_empty_answer"), nothing).Only({Dialect::kGoogle});
  add(only_idle, BadGateway("upstream_empty_answer"), idle).Only({Dialect::kGoogle});
  add("sends nothing but its last event", BadGateway("upstream_empty_answer"), [](const Setting& s) {
    return Events(s, GoodEvents(s.dialect).back());
  }).Only({Dialect::kOpenAi, Dialect::kAnthropic, Dialect::kCohere});
  // That one tells of tokens alone.
  add("sends nothing but its last event", BadGateway("upstream_truncated"), [](const Setting& s) {
    return Events(s, GoodEvents(s.dialect).back());
  }).Only({Dialect::kBedrock});
  add("puts blanks around `[DONE]`", Whole(), [](const Setting& s) {
    return Events(s, NoLast(s.dialect) + "data:  [DONE] \n\n");
  }).Only({Dialect::kOpenAi});
  const auto pings = [](const Setting& s) {
    std::string bytes;
    for (const std::string& event : GoodEvents(s.dialect)) bytes += "event: ping\ndata: hello\n\n" + event;
    return Events(s, bytes);
  };
  add("sends events named `ping`", Whole(), pings).Only({Dialect::kOpenAi, Dialect::kGoogle});
  // Where they are passed on they have to be JSON, as Anthropic's are.
  add("sends events named `ping`", Whole(), pings).Only({Dialect::kAnthropic}).messages_stream =
      BadGateway("upstream_invalid_answer");
  const auto as_json = [](const Setting& s) {
    return Typed(Joined(GoodEvents(s.dialect)), "application/json");
  };
  const auto untyped = [](const Setting& s) { return Typed(Joined(GoodEvents(s.dialect)), ""); };
  add("calls its events `application/json`", Whole(), as_json).ButFor(Dialect::kBedrock);
  add("says nothing of its type", Whole(), untyped).ButFor(Dialect::kBedrock);
  // What is no text is not guessed.
  add("calls its events `application/json`", BadGateway("upstream_invalid_answer"), as_json)
      .Only({Dialect::kBedrock});
  add("says nothing of its type", BadGateway("upstream_invalid_answer"), untyped).Only({Dialect::kBedrock});
  // `[DONE]`, `message_stop`, `metadata`: all has been said before.
  add("leaves the last event out", Whole(), [](const Setting& s) {
    return Events(s, NoLast(s.dialect));
  }).ButFor(Dialect::kGoogle);
  // The provider says itself that this is all. Where a reason must be told it is `end_turn`, as for whole
  // answers.
  add("sends `[DONE]` without a finish reason", Whole(), [](const Setting& s) {
    return Events(s, First(s.dialect, In(s.dialect).before_finish) + "data: [DONE]\n\n");
  }).Only({Dialect::kOpenAi});
  add("sends more after the end", Whole(), [](const Setting& s) {
    return Events(s, Joined(GoodEvents(s.dialect)) + GoodEvents(s.dialect)[2]);
  }).ButFor(Dialect::kGoogle);
  add("sends comments and fields nobody knows between the events", Whole(), [](const Setting& s) {
    std::string bytes = ": hello\nretry: 5\nid: 1\n\n";
    for (const std::string& event : GoodEvents(s.dialect)) bytes += ": ping\n\n" + event;
    return Events(s, bytes);
  }).ButFor(Dialect::kBedrock);
  breaks("sends an event that is not JSON", "upstream_invalid_answer", [](const Setting& s) {
    return Events(s, UntilText(s.dialect) + In(s.dialect).broken_event + Joined(GoodEvents(s.dialect)));
  });
  breaks("sends an event of 100 MB", "upstream_invalid_answer", [](const Setting& s) {
    return Script()
        .Send(Head(200, {{"Content-Type", ContentType(s)}}) + UntilText(s.dialect) + In(s.dialect).huge_event)
        .Stream([](size_t) { return std::string(kPiece, 'a'); }, kHugeEvent / kPiece)
        .Send("\n\n");
  }).reusable = false;
  Fault& error_event =
      add("sends an error event", Breaks(Trouble::kOverload, grpc::UNAVAILABLE),
          [](const Setting& s) { return Events(s, UntilText(s.dialect) + ErrorEvent(s.dialect)); });
  error_event.stream.passes_untouched = true;
  error_event.ButFor(Dialect::kCohere);
  // It says so with the reason for which the stream ends.
  add("sends an error event", Breaks("ERROR", grpc::UNAVAILABLE), [](const Setting& s) {
    return Events(s, UntilText(s.dialect) + ErrorEvent(s.dialect));
  }).Only({Dialect::kCohere});
  add("sends an error as its first event", Refused(502, "ERROR", grpc::UNAVAILABLE), [](const Setting& s) {
    return Events(s, ErrorEvent(s.dialect));
  }).Only({Dialect::kCohere});
  const auto error_first = [&](int status, std::vector<Dialect> dialects) -> Fault& {
    return add("sends an error as its first event", Refused(status, Trouble::kOverload, grpc::UNAVAILABLE),
               [](const Setting& s) { return Events(s, ErrorEvent(s.dialect)); })
        .Only(std::move(dialects));
  };
  error_first(502, {Dialect::kOpenAi});
  // One that is passed on as it came is not told by its word.
  error_first(529, {Dialect::kAnthropic}).messages_stream =
      Refused(502, Trouble::kOverload, grpc::UNAVAILABLE);
  error_first(503, {Dialect::kGoogle, Dialect::kBedrock});
  add("sends an error that has a status for a code as its first event",
      Refused(402, "402", grpc::FAILED_PRECONDITION),
      [](const Setting& s) {
        return Events(s, R"(data: {"error":{"message":"no credit","type":"billing","code":"402"}})"
                         "\n\n");
      })
      .Only({Dialect::kOpenAi});
  breaks("resets in the middle of an event", "upstream_reset", [](const Setting& s) {
    return Script()
        .Send(Head(200, {{"Content-Type", ContentType(s)}, {"Transfer-Encoding", "chunked"}}) +
              Chunk(UntilText(s.dialect) + GoodEvents(s.dialect)[2].substr(0, 20)))
        .Reset();
  }).reusable = false;
  return faults;
}

}  // namespace portolan::faults
