#include "server/rest/admin.h"

#include "server/http/response_writer.h"
#include "server/rest/rest_front.h"
#include "server/telemetry/exposition.h"

namespace portolan::rest {

http::Answer AdminFront::Answer(const http::RequestHead& head) const {
  if (head.method != "GET" && head.method != "HEAD") {
    http::Answer answer = http::ErrorAnswer(405, "method_not_allowed", "the admin listener takes GET");
    answer.headers.Add("allow", "GET, HEAD");
    return answer;
  }
  if (auto health = AnswerHealth(head.path, ready_.load(std::memory_order_relaxed)))
    return *std::move(health);
  if (!key_.empty()) {
    std::string_view bearer = FindHeader(head.headers, "authorization").value_or("");
    constexpr std::string_view kScheme = "Bearer ";
    bearer.remove_prefix(bearer.starts_with(kScheme) ? kScheme.size() : 0);
    if (!key_.EqualsInConstantTime(bearer)) {
      return http::ErrorAnswer(401, "invalid_admin_key", "send the admin key as Authorization: Bearer");
    }
  }
  if (head.path == "/metrics") {
    http::Answer answer;
    answer.content_type = telemetry::Exposition::kContentType;
    answer.body = metrics_.Render();
    return answer;
  }
  return http::ErrorAnswer(404, "route_not_found", "the admin listener has /metrics, /healthz and /readyz");
}

net::Task<void> AdminFront::Handle(http::Request& request, http::ResponseWriter& writer) {
  const http::Answer answer = Answer(request.head);
  const std::string_view body = answer.body;
  co_await writer.Send(answer.status, answer.content_type, answer.headers.text(), {&body, 1});
}

}  // namespace portolan::rest
