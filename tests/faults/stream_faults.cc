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
Script Events(const std::string& bytes, const std::string& type = "text/event-stream") {
  test::Headers headers = {{"Content-Length", std::to_string(bytes.size())}};
  if (!type.empty()) headers.push_back({"Content-Type", type});
  return Script().Send(Head(200, headers) + bytes);
}

// The events but for the last `left_out`.
std::string Without(Dialect dialect, size_t left_out) {
  std::vector<std::string> events = GoodEvents(dialect);
  events.resize(events.size() - left_out);
  return Joined(events);
}

// Up to and with the first text.
std::string UntilText(Dialect dialect) { return Without(dialect, dialect == Dialect::kOpenAi ? 3 : 4); }

std::string ErrorEvent(Dialect dialect) {
  if (dialect == Dialect::kOpenAi) {
    return "data: {\"error\":{\"message\":\"out of capacity\",\"type\":\"overloaded_error\",\"param\":null,"
           "\"code\":\"overloaded_error\"}}\n\n";
  }
  return "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
         "\"message\":\"out of capacity\"}}\n\n";
}

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
         [](const Setting& s) { return Events(UntilText(s.dialect)); });
  breaks("ends in mid-event", "upstream_truncated", [](const Setting& s) {
    return Events(UntilText(s.dialect) + GoodEvents(s.dialect)[2].substr(0, 30));
  });
  add("ends before the first event", BadGateway("upstream_truncated"),
      [](const Setting&) { return Events(""); });
  add("sends nothing but comments", BadGateway("upstream_truncated"),
      [](const Setting&) { return Events(": ping\n\n: ping\n\n"); });
  add("sends nothing but `[DONE]`", BadGateway("upstream_empty_answer"), [](const Setting&) {
    return Events("data: [DONE]\n\n");
  }).anthropic = false;
  add("sends nothing but `message_stop`", BadGateway("upstream_empty_answer"), [](const Setting& s) {
    return Events(GoodEvents(s.dialect).back());
  }).openai = false;
  add("puts blanks around `[DONE]`", Whole(), [](const Setting& s) {
    return Events(Without(s.dialect, 1) + "data:  [DONE] \n\n");
  }).anthropic = false;
  add("sends events named `ping`", Whole(), [](const Setting& s) {
    std::string bytes;
    for (const std::string& event : GoodEvents(s.dialect)) bytes += "event: ping\ndata: hello\n\n" + event;
    return Events(bytes);
  });
  add("calls its events `application/json`", Whole(),
      [](const Setting& s) { return Events(Joined(GoodEvents(s.dialect)), "application/json"); });
  add("says nothing of its type", Whole(),
      [](const Setting& s) { return Events(Joined(GoodEvents(s.dialect)), ""); });
  add("leaves `[DONE]` out after the finish reason", Whole(), [](const Setting& s) {
    return Events(Without(s.dialect, 1));
  }).anthropic = false;
  add("leaves `message_stop` out after the stop reason", Whole(), [](const Setting& s) {
    return Events(Without(s.dialect, 1));
  }).openai = false;
  // The provider says itself that this is all.
  add("sends `[DONE]` without a finish reason", Whole(), [](const Setting& s) {
    return Events(Without(s.dialect, 2) + "data: [DONE]\n\n");
  }).anthropic = false;
  add("sends more after the end", Whole(),
      [](const Setting& s) { return Events(Joined(GoodEvents(s.dialect)) + GoodEvents(s.dialect)[2]); });
  add("sends comments and fields nobody knows between the events", Whole(), [](const Setting& s) {
    std::string bytes = ": hello\nretry: 5\nid: 1\n\n";
    for (const std::string& event : GoodEvents(s.dialect)) bytes += ": ping\n\n" + event;
    return Events(bytes);
  });
  breaks("sends an event that is not JSON", "upstream_invalid_answer", [](const Setting& s) {
    return Events(UntilText(s.dialect) + "data: {\"choices\":[}\n\n" + Joined(GoodEvents(s.dialect)));
  });
  breaks("sends an event of 100 MB", "upstream_invalid_answer", [](const Setting& s) {
    return Script()
        .Send(Head(200, {{"Content-Type", "text/event-stream"}}) + UntilText(s.dialect) + "data: ")
        .Stream([](size_t) { return std::string(kPiece, 'a'); }, kHugeEvent / kPiece)
        .Send("\n\n");
  }).reusable = false;
  breaks("sends an error event", "overloaded_error", [](const Setting& s) {
    return Events(UntilText(s.dialect) + ErrorEvent(s.dialect));
  }).stream.passes_untouched = true;
  add("sends an error as its first event", BadGateway("overloaded_error"), [](const Setting& s) {
    return Events(ErrorEvent(s.dialect));
  }).anthropic = false;
  add("sends an error as its first event (Anthropic)", Refused(529, "overloaded_error", grpc::UNAVAILABLE),
      [](const Setting& s) { return Events(ErrorEvent(s.dialect)); })
      .openai = false;
  add("sends an error that has a status for a code as its first event",
      Refused(402, "402", grpc::FAILED_PRECONDITION),
      [](const Setting&) {
        return Events(R"(data: {"error":{"message":"no credit","type":"billing","code":"402"}})"
                      "\n\n");
      })
      .anthropic = false;
  add("resets in the middle of an event", Breaks("upstream_reset", grpc::UNAVAILABLE), [](const Setting& s) {
    return Script()
        .Send(Head(200, {{"Content-Type", "text/event-stream"}, {"Transfer-Encoding", "chunked"}}) +
              Chunk(UntilText(s.dialect) + "data: {\"cho"))
        .Reset();
  }).reusable = false;
  return faults;
}

}  // namespace portolan::faults
