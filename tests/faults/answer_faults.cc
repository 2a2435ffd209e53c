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

std::string ErrorBody(const Setting& setting, const std::string& type) {
  if (setting.dialect == Dialect::kOpenAi) {
    return R"({"error":{"message":"the model is on fire","type":")" + type + R"(","param":null,"code":")" +
           type + R"("}})";
  }
  return R"({"type":"error","error":{"type":")" + type + R"(","message":"the model is on fire"}})";
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
  garbage("answers 200 with half a JSON object", [](const Setting& s) {
    return Respond(200, GoodBody({s.dialect, Mode::kUnary, s.transport}).substr(0, 60), kJson);
  });
  garbage("answers 200 with something after the JSON object", [](const Setting& s) {
    return Respond(200, GoodBody({s.dialect, Mode::kUnary, s.transport}) + "<!-- -->", kJson);
  });
  garbage("answers 200 with bytes that are not UTF-8",
          [](const Setting&) { return Respond(200, "{\"id\":\"\xff\xfe\"}", kJson); });
  garbage("answers 204 without a body",
          [](const Setting&) { return Script().Send("HTTP/1.1 204 No Content\r\n\r\n"); });
  garbage("redirects",
          [](const Setting&) { return Respond(302, "", {{"Location", "http://127.0.0.1:1/elsewhere"}}); });
  add("answers with a stream where none was asked for", Whole(), NotAsked(),
      [](const Setting& s) { return test::RespondEvents(GoodEvents(s.dialect)); });
  add("answers in one piece where a stream was asked for", NotAsked(), Whole(),
      [](const Setting& s) { return Respond(200, GoodBody({s.dialect, Mode::kUnary, s.transport}), kJson); });
  add("begins its answer with a byte order mark", Whole(), Whole(), [](const Setting& s) {
    return Respond(200, "\xEF\xBB\xBF" + GoodBody(s),
                   s.mode == Mode::kUnary ? kJson : Headers{{"Content-Type", "text/event-stream"}});
  });
  add("answers 200 with an error body", BadGateway("server_error"), BadGateway("server_error"),
      [](const Setting& s) { return Respond(200, ErrorBody(s, "server_error"), kJson); });
  faults.back().anthropic = false;
  add("answers 200 with an error that has a status for a code",
      Refused(402, "402", grpc::FAILED_PRECONDITION), Refused(402, "402", grpc::FAILED_PRECONDITION),
      [](const Setting&) {
        return Respond(200, R"({"error":{"message":"no credit","type":"billing","code":"402"}})", kJson);
      });
  faults.back().anthropic = false;
  // Its errors' types stand for statuses.
  add("answers 200 with an error body (Anthropic)", Refused(529, "overloaded_error", grpc::UNAVAILABLE),
      Refused(529, "overloaded_error", grpc::UNAVAILABLE),
      [](const Setting& s) { return Respond(200, ErrorBody(s, "overloaded_error"), kJson); });
  faults.back().openai = false;
  add("answers 200 with an error that has a status for a code (Anthropic)",
      Refused(402, "api_error", grpc::FAILED_PRECONDITION),
      Refused(402, "api_error", grpc::FAILED_PRECONDITION), [](const Setting&) {
        return Respond(
            200, R"({"type":"error","error":{"type":"api_error","message":"no credit","code":402}})", kJson);
      });
  faults.back().openai = false;

  add("answers 500 with a web page", Refused(500, "upstream_status_500", grpc::UNAVAILABLE),
      Refused(500, "upstream_status_500", grpc::UNAVAILABLE),
      [](const Setting&) { return Respond(500, kPage, kHtml); });
  add("answers 503 with an error body", Refused(503, "server_error", grpc::UNAVAILABLE),
      Refused(503, "server_error", grpc::UNAVAILABLE),
      [](const Setting& s) { return Respond(503, ErrorBody(s, "server_error"), kJson); });
  add("answers 529, overloaded", Refused(529, "overloaded_error", grpc::UNAVAILABLE),
      Refused(529, "overloaded_error", grpc::UNAVAILABLE),
      [](const Setting& s) { return Respond(529, ErrorBody(s, "overloaded_error"), kJson); });
  add("answers 429 with Retry-After", Refused(429, "rate_limit_error", grpc::RESOURCE_EXHAUSTED),
      Refused(429, "rate_limit_error", grpc::RESOURCE_EXHAUSTED), [](const Setting& s) {
        return Respond(429, ErrorBody(s, "rate_limit_error"),
                       {{"Content-Type", "application/json"}, {"Retry-After", "7"}});
      });
  add("answers 404 with an error body", Callers(Refused(404, "not_found_error", grpc::NOT_FOUND)),
      Callers(Refused(404, "not_found_error", grpc::NOT_FOUND)),
      [](const Setting& s) { return Respond(404, ErrorBody(s, "not_found_error"), kJson); });
  add("answers 400 and closes in mid-body",
      Callers(Refused(400, "upstream_status_400", grpc::INVALID_ARGUMENT)),
      Callers(Refused(400, "upstream_status_400", grpc::INVALID_ARGUMENT)), [](const Setting& s) {
        return Script()
            .Send(test::Head(400, {{"Content-Type", "application/json"}, {"Content-Length", "500"}}) +
                  ErrorBody(s, "invalid_request_error").substr(0, 20))
            .Close();
      });
  faults.back().reusable = false;
  return faults;
}

}  // namespace portolan::faults
