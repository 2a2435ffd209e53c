#include "server/rest/admin.h"

#include <utility>

#include "server/base/json_text.h"
#include "server/http/response_writer.h"
#include "server/rest/rest_front.h"
#include "server/telemetry/exposition.h"
#include "server/transcode/clean_path.h"

namespace portolan::rest {
namespace {

http::Answer Json(std::string body) {
  http::Answer answer;
  answer.body = std::move(body);
  answer.headers.Add("cache-control", "no-store");
  return answer;
}

http::Answer LogLevelAnswer(telemetry::LogLevel level) {
  return Json("{\"level\":\"" + std::string(telemetry::ToString(level)) + "\"}");
}

http::Answer NotAllowed(std::string_view path, std::string_view allow) {
  http::Answer answer =
      http::ErrorAnswer(405, "method_not_allowed", std::string(path) + " takes " + std::string(allow));
  answer.headers.Add("allow", allow);
  return answer;
}

bool IsRead(std::string_view method) { return method == "GET" || method == "HEAD"; }

}  // namespace

std::optional<http::Answer> AdminFront::CheckOperator(const http::RequestHead& head) const {
  const std::string_view origin = FindHeader(head.headers, "origin").value_or("");
  if (auto error = CheckBrowser(browser_, head.host, origin)) {
    return http::ErrorAnswer(error->http_status, error->code, error->message);
  }
  if (key_.empty()) return std::nullopt;
  std::string_view bearer = FindHeader(head.headers, "authorization").value_or("");
  constexpr std::string_view kScheme = "Bearer ";
  bearer.remove_prefix(bearer.starts_with(kScheme) ? kScheme.size() : 0);
  if (key_.EqualsInConstantTime(bearer)) return std::nullopt;
  return http::ErrorAnswer(401, "invalid_admin_key", "send the admin key as Authorization: Bearer");
}

http::Answer AdminFront::SetLogLevel(std::string_view body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r')) body.remove_suffix(1);
  const std::optional<telemetry::LogLevel> level = telemetry::ParseLogLevel(body);
  if (!level) {
    return http::ErrorAnswer(400, "invalid_value", "the body must be one of error, warn, info and debug");
  }
  parts_.log_threshold.Set(*level);
  return LogLevelAnswer(*level);
}

net::Task<http::Answer> AdminFront::Reload(net::Wait wait) {
  const std::optional<std::string> problem = co_await parts_.control.ReloadConfig(wait);
  if (problem) co_return http::ErrorAnswer(409, "config_refused", *problem);
  co_return Json(parts_.control.ConfigStatus());
}

http::Answer AdminFront::Drain() {
  parts_.control.BeginDrain();
  return Json("{\"status\":\"draining\"}");
}

std::optional<http::Answer> AdminFront::Answer(const http::Request& request) {
  const http::RequestHead& head = request.head;
  std::string buffer;
  const std::string_view path = transcode::CleanPath(head.path, &buffer);
  const bool read = IsRead(head.method);
  if (read) {
    if (auto health = AnswerHealth(path, parts_.ready.load(std::memory_order_relaxed)))
      return *std::move(health);
  }
  if (auto refused = CheckOperator(head)) return *std::move(refused);
  if (path == "/metrics") {
    if (!read) return NotAllowed(path, "GET, HEAD");
    http::Answer answer;
    answer.content_type = telemetry::Exposition::kContentType;
    answer.body = parts_.metrics.Render();
    return answer;
  }
  if (path == "/config") {
    return read ? Json(parts_.control.ConfigStatus()) : NotAllowed(path, "GET, HEAD");
  }
  if (path == "/config/reload") {
    return head.method == "POST" ? std::nullopt : std::optional(NotAllowed(path, "POST"));
  }
  if (path == "/drain") return head.method == "POST" ? Drain() : NotAllowed(path, "POST");
  if (path == "/log-level") {
    if (read) return LogLevelAnswer(parts_.log_threshold.level());
    return head.method == "PUT" ? SetLogLevel(request.body) : NotAllowed(path, "GET, HEAD, PUT");
  }
  return http::ErrorAnswer(404, "route_not_found",
                           "the admin listener has no " + transcode::ShownPath(path) +
                               "; it has /metrics, /healthz, /readyz, /config, /config/reload, "
                               "/log-level and /drain");
}

net::Task<void> AdminFront::Handle(http::Request& request, http::ResponseWriter& writer) {
  std::optional<http::Answer> answer = Answer(request);
  if (!answer) answer = co_await Reload({.deadline = net::kNever, .scope = request.scope});
  const std::string_view body = answer->body;
  co_await writer.Send(answer->status, answer->content_type, answer->headers.text(), {&body, 1});
}

}  // namespace portolan::rest
