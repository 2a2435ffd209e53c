// What the answer says, in good framing.

#include "tests/faults/fault.h"

namespace portolan::faults {
namespace {

using test::Headers;
using test::Respond;
using test::Script;

const Headers kJson = {{"Content-Type", "application/json"}};
const Headers kHtml = {{"Content-Type", "text/html"}};
constexpr char kPage[] = "<html><body>502 Bad Gateway</body></html>";

// An error that the provider reports, in its own words.
Script Reports(const Setting& setting, int status, Trouble trouble, Headers headers = kJson) {
  return Respond(status, In(setting.dialect).troubles.at(trouble).body, headers);
}

}  // namespace

std::vector<Fault> AnswerFaults() {
  const std::string group = "The answer";
  std::vector<Fault> faults;
  const auto add = [&](std::string name, Outcome unary, Outcome stream,
                       std::function<Script(const Setting&)> answer) {
    Fault fault{group, std::move(name), std::move(unary), std::move(stream), std::move(answer)};
    fault.reusable = true;
    faults.push_back(std::move(fault));
  };
  const auto garbage = [&](std::string name, std::function<Script(const Setting&)> answer) {
    add(std::move(name), BadGateway("upstream_invalid_answer"), BadGateway("upstream_invalid_answer"),
        std::move(answer));
  };

  garbage("answers 200 with a web page", [](const Setting&) { return Respond(200, kPage, kHtml); });
  garbage("answers 200 with an empty body", [](const Setting&) { return Respond(200, "", kJson); });
  garbage("answers 200 with a JSON array", [](const Setting&) { return Respond(200, "[1,2]", kJson); });
  garbage("answers 200 with half a JSON object",
          [](const Setting& s) { return Respond(200, In(s.dialect).body.substr(0, 60), kJson); });
  garbage("answers 200 with something after the JSON object",
          [](const Setting& s) { return Respond(200, In(s.dialect).body + "<!-- -->", kJson); });
  garbage("answers 200 with bytes that are not UTF-8",
          [](const Setting&) { return Respond(200, "{\"id\":\"\xff\xfe\"}", kJson); });
  garbage("answers 204 without a body",
          [](const Setting&) { return Script().Send("HTTP/1.1 204 No Content\r\n\r\n"); });
  garbage("redirects",
          [](const Setting&) { return Respond(302, "", {{"Location", "http://127.0.0.1:1/elsewhere"}}); });
  const auto streams = [](const Setting& s) { return GoodAnswer({s.dialect, Mode::kStream, s.transport}); };
  add("answers with a stream where none was asked for", Whole(), NotAsked(), streams);
  faults.back().ButFor(Dialect::kBedrock);
  add("answers with a stream where none was asked for", BadGateway("upstream_invalid_answer"), NotAsked(),
      streams);
  faults.back().Only({Dialect::kBedrock});
  add("answers in one piece where a stream was asked for", NotAsked(), Whole(),
      [](const Setting& s) { return Respond(200, In(s.dialect).body, kJson); });
  add("begins its answer with a byte order mark", Whole(), Whole(), [](const Setting& s) {
    return Respond(200, "\xEF\xBB\xBF" + GoodBody(s), {{"Content-Type", ContentType(s)}});
  });
  faults.back().ButFor(Dialect::kBedrock);  // its streams are no text
  const auto reported = [&](int status, Trouble trouble, Outcome outcome) {
    add("answers " + std::to_string(status) + " with an error body", outcome, outcome,
        [=](const Setting& s) { return Reports(s, status, trouble); });
  };
  reported(200, Trouble::kFailure, Refused(502, Trouble::kFailure, grpc::UNAVAILABLE));
  faults.back().Only({Dialect::kOpenAi, Dialect::kBedrock});
  // Their words stand for statuses, but where they are passed on as they came.
  reported(200, Trouble::kOverload, Refused(529, Trouble::kOverload, grpc::UNAVAILABLE));
  faults.back().Only({Dialect::kAnthropic}).messages_unary =
      Refused(502, Trouble::kOverload, grpc::UNAVAILABLE);
  faults.back().messages_stream = faults.back().messages_unary;
  reported(200, Trouble::kOverload, Refused(503, Trouble::kOverload, grpc::UNAVAILABLE));
  faults.back().Only({Dialect::kGoogle});
  const Outcome no_credit = Refused(402, "402", grpc::FAILED_PRECONDITION);
  add("answers 200 with an error that has a status for a code", no_credit, no_credit, [](const Setting&) {
    return Respond(200, R"({"error":{"message":"no credit","type":"billing","code":"402"}})", kJson);
  });
  faults.back().Only({Dialect::kOpenAi});
  add("answers 200 with an error that has a status for a code",
      Refused(402, "api_error", grpc::FAILED_PRECONDITION),
      Refused(402, "api_error", grpc::FAILED_PRECONDITION), [](const Setting&) {
        return Respond(
            200, R"({"type":"error","error":{"type":"api_error","message":"no credit","code":402}})", kJson);
      });
  faults.back().Only({Dialect::kAnthropic});

  add("answers 500 with a web page", Refused(500, "upstream_status_500", grpc::UNAVAILABLE),
      Refused(500, "upstream_status_500", grpc::UNAVAILABLE),
      [](const Setting&) { return Respond(500, kPage, kHtml); });
  reported(503, Trouble::kFailure, Refused(503, Trouble::kFailure, grpc::UNAVAILABLE));
  reported(529, Trouble::kOverload, Refused(529, Trouble::kOverload, grpc::UNAVAILABLE));
  faults.back().Only({Dialect::kOpenAi, Dialect::kAnthropic});
  const Outcome slow_down = Refused(429, Trouble::kRateLimit, grpc::RESOURCE_EXHAUSTED);
  add("answers 429 with Retry-After", slow_down, slow_down, [](const Setting& s) {
    return Reports(s, 429, Trouble::kRateLimit, {{"Content-Type", "application/json"}, {"Retry-After", "7"}});
  });
  reported(404, Trouble::kNotFound, Callers(Refused(404, Trouble::kNotFound, grpc::NOT_FOUND)));
  add("answers 400 and closes in mid-body",
      Callers(Refused(400, "upstream_status_400", grpc::INVALID_ARGUMENT)),
      Callers(Refused(400, "upstream_status_400", grpc::INVALID_ARGUMENT)), [](const Setting& s) {
        return Script()
            .Send(test::Head(400, {{"Content-Type", "application/json"}, {"Content-Length", "500"}}) +
                  In(s.dialect).troubles.at(Trouble::kNotFound).body.substr(0, 12))
            .Close();
      });
  faults.back().reusable = false;
  return faults;
}

}  // namespace portolan::faults
