#include "server/rest/rest_front.h"

#include <google/protobuf/message.h>

#include <memory>
#include <utility>

#include "server/base/json_text.h"
#include "server/base/relay_path.h"
#include "server/base/text.h"
#include "server/core/error_body.h"
#include "server/http/response_writer.h"
#include "server/rest/rest_sink.h"
#include "server/transcode/bind.h"
#include "server/transcode/clean_path.h"

namespace portolan::rest {
namespace {

using transcode::RouteMatch;

constexpr std::string_view kAbout =
    R"({"name":"portolan","version":")" PORTOLAN_VERSION
    R"(","description":"AI gateway: OpenAI-compatible REST here, gRPC beside it","api":"/v1","health":"/healthz"})";

std::string_view HeaderOf(const http::RequestHead& head, std::string_view name) {
  return FindHeader(head.headers, name).value_or(std::string_view());
}

// `application/json`, with parameters or a `+json` suffix; none at all is taken as JSON.
bool IsJsonType(std::string_view content_type) {
  if (content_type == "application/json") return true;
  return TrimBlanks(content_type.substr(0, content_type.find(';'))).empty() || IsJsonMediaType(content_type);
}

Error NotFound(std::string_view method, std::string_view path) {
  Error error = Error::InvalidRequest(
      "route_not_found", "there is no " + std::string(method) + " " + transcode::ShownPath(path));
  error.http_status = 404;
  return error;
}

Error NotAllowed(std::string_view method, std::string_view path, std::string_view allow) {
  Error error =
      Error::InvalidRequest("method_not_allowed", transcode::ShownPath(path) + " takes " +
                                                      std::string(allow) + ", not " + std::string(method));
  error.http_status = 405;
  return error;
}

Error WrongMediaType(std::string_view content_type) {
  return Error::InvalidRequest("unsupported_media_type",
                               "the body must be application/json, not " + std::string(content_type),
                               "content-type");
}

// Methods of paths that have a typed rpc with another one: OpenAI's API has the first, and deletes models;
// below a model others have more (`/v1/models/OWNER/NAME/predictions`).
bool IsUntyped(std::string_view method, std::string_view path) {
  return (method == "GET" && path == "/v1/chat/completions") ||
         (path.starts_with("/v1/models/") && method != "GET" && method != "HEAD");
}

// Clients of another dialect than the hub's, which their headers tell: a list of models is something else to
// them. Whoever names another provider than the dialect's own is given the typed list.
bool AsksForOwnModels(const core::Operations& operations, const http::RequestHead& head,
                      std::string_view path) {
  if (head.method != "GET" || !path.starts_with("/v1/models")) return false;
  const core::OperationSpec& relay = *operations.Relay(path, head.headers);
  if (relay.dialect->is_hub()) return false;
  for (const char* name : {"x-portolan-provider", "x-portkey-provider"}) {
    const std::string_view provider = HeaderOf(head, name);
    if (!provider.empty() && provider != relay.door().default_provider()) return false;
  }
  return true;
}

bool IsRelayed(const core::Operations& operations, const RouteMatch& match, const http::RequestHead& head,
               std::string_view path) {
  if (!IsRelayPath(path)) return false;
  switch (match.outcome) {
    case RouteMatch::Outcome::kNotFound:
      return true;
    case RouteMatch::Outcome::kMethodNotAllowed:
      return IsUntyped(head.method, path);
    case RouteMatch::Outcome::kFound:
      return AsksForOwnModels(operations, head, path);
  }
  return false;
}

Error NotUpgraded() {
  return Error::InvalidRequest("unsupported_operation",
                               "WebSockets and other upgraded connections are not relayed", "upgrade");
}

bool IsOwnPath(std::string_view path) { return path == "/" || path == "/healthz" || path == "/readyz"; }

// What a path is, without slashes that say nothing, and what it matches.
struct Place {
  Place(const transcode::Router& router, const http::RequestHead& head)
      : path(head.path), match(router.Match(head.method, path)) {
    // Most are found as they are. What a variable takes may have slashes too many.
    if (match.outcome == RouteMatch::Outcome::kFound && match.route->variables.empty()) return;
    path = transcode::CleanPath(head.path, &buffer);
    if (path.size() != head.path.size()) match = router.Match(head.method, path);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string buffer;
  std::string_view path;
  RouteMatch match;
};

}  // namespace

std::optional<http::Answer> AnswerHealth(std::string_view path, bool ready) {
  http::Answer answer;
  if (path == "/healthz") {
    answer.body = R"({"status":"ok"})";
  } else if (path == "/readyz") {
    answer.status = ready ? 200 : 503;
    answer.body = ready ? R"({"status":"ready"})" : R"({"status":"draining"})";
  } else {
    return std::nullopt;
  }
  answer.headers.Add("cache-control", "no-store");
  return answer;
}

http::Answer RestFront::Refuse(const http::RequestHead* head, std::string_view peer, Error error,
                               std::string_view allow) {
  const telemetry::Id id = ids_.Next();
  std::string_view request_id = head == nullptr ? std::string_view() : HeaderOf(*head, "x-request-id");
  if (!telemetry::IsSaneRequestId(request_id)) request_id = id.view();

  http::Answer answer;
  answer.status = error.http_status;
  answer.headers.Add("x-request-id", request_id);
  if (!allow.empty()) answer.headers.Add("allow", allow);
  if (error.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after);
    answer.headers.Add("retry-after", std::to_string(seconds.count()));
  }
  const std::string_view origin = head == nullptr ? std::string_view() : HeaderOf(*head, "origin");
  if (CorsAllowed(config_.browser, origin)) {
    // A page that may call may also read why it was refused.
    AddCorsHeaders(origin, /*preflight=*/false, {}, &answer.headers);
  }
  const std::string path = head == nullptr ? std::string() : transcode::ShownPath(head->path);
  const providers::Door& door = config_.operations->DoorAt(path);
  if (!door.request_id_header().empty()) answer.headers.Add(door.request_id_header(), request_id);
  core::AppendErrorBody(door, error, request_id, &answer.body);

  core::CallRecord record;
  if (head != nullptr) record.method = head->method;
  record.path = path;
  record.peer = peer;
  record.request_id = request_id;
  record.status = error.http_status;
  record.reply_bytes = answer.body.size();
  record.received = record.finished = loop_.now();
  record.error = std::move(error);
  observer_.OnCallFinished(record);
  return answer;
}

http::Answer RestFront::Refuse(const http::Refusal& refusal, const http::RequestHead* head,
                               std::string_view peer) {
  Error error = Error::InvalidRequest(std::string(refusal.code), std::string(refusal.message));
  error.http_status = refusal.status;
  if (refusal.status == 503) {
    error.error_class = ErrorClass::kGateway;
    error.retryable = true;
    error.retry_after = std::chrono::seconds(1);
  }
  error.limit = refusal.limit;
  return Refuse(head, peer, std::move(error), {});
}

std::optional<http::Answer> RestFront::Screen(const http::RequestHead& head, std::string_view peer,
                                              http::BodyMode* body) {
  const std::string_view origin = HeaderOf(head, "origin");
  if (auto error = CheckBrowser(config_.browser, head.host, origin))
    return Refuse(&head, peer, *std::move(error), {});
  const Place place(*config_.router, head);
  const std::string_view path = place.path;
  const RouteMatch& match = place.match;
  if (IsOwnPath(path) && (head.method == "GET" || head.method == "HEAD")) return std::nullopt;
  if (head.method == "OPTIONS" && CorsAllowed(config_.browser, origin)) return std::nullopt;
  if (IsRelayed(*config_.operations, match, head, path)) {
    if (auto error = CheckRelay(head.method, path)) {
      const std::string_view allow = error->http_status == 405 ? kRelayedMethods : std::string_view();
      return Refuse(&head, peer, *std::move(error), allow);
    }
    if (!HeaderOf(head, "upgrade").empty()) return Refuse(&head, peer, NotUpgraded(), {});
    if (head.framing != http::BodyFraming::kNone) *body = http::BodyMode::kStreamed;
    return std::nullopt;
  }
  switch (match.outcome) {
    case RouteMatch::Outcome::kNotFound:
      return Refuse(&head, peer, NotFound(head.method, head.path), {});
    case RouteMatch::Outcome::kMethodNotAllowed:
      return Refuse(&head, peer, NotAllowed(head.method, head.path, match.allow), match.allow);
    case RouteMatch::Outcome::kFound:
      break;
  }
  const std::string_view content_type = HeaderOf(head, "content-type");
  if (match.route->body != transcode::BodyKind::kNone && !IsJsonType(content_type)) {
    return Refuse(&head, peer, WrongMediaType(content_type), {});
  }
  return std::nullopt;
}

// Not a coroutine, as little of this is needed once the call is on its way.
net::Task<void> RestFront::Handle(http::Request& request, http::ResponseWriter& writer) {
  const http::RequestHead& head = request.head;
  std::string_view origin = HeaderOf(head, "origin");
  if (!CorsAllowed(config_.browser, origin)) origin = {};
  if (head.method == "OPTIONS") {
    http::Answer answer;
    answer.status = 204;
    answer.content_type = {};
    AddCorsHeaders(origin, /*preflight=*/true, HeaderOf(head, "access-control-request-headers"),
                   &answer.headers);
    return Send(std::move(answer), writer);
  }
  const Place place(*config_.router, head);
  const std::string_view path = place.path;
  const RouteMatch& match = place.match;
  if (IsOwnPath(path)) {
    const bool ready = config_.ready->load(std::memory_order_relaxed);
    std::optional<http::Answer> answer = AnswerHealth(path, ready);
    if (!answer) answer.emplace().body = kAbout;
    return Send(*std::move(answer), writer);
  }
  // Screen has seen that it is one of the two.
  if (match.outcome != RouteMatch::Outcome::kFound || AsksForOwnModels(*config_.operations, head, path)) {
    return Relay(request, writer, origin);
  }
  const core::OperationSpec& operation = *config_.operations->Find(match.route->unary);
  if (match.route->body == transcode::BodyKind::kWhole) {
    // The hub's own posts have no query; those of other APIs do (`?beta=true`).
    return Serve(request, writer, origin, *match.route, {},
                 operation.speaks_hub() ? std::string() : std::string(head.query));
  }

  std::unique_ptr<google::protobuf::Message> message(operation.request_type->New());
  if (match.route->body == transcode::BodyKind::kField) {
    message->GetReflection()->SetString(message.get(), match.route->body_field, std::move(request.body));
  }
  std::string query;
  if (std::optional<Error> error = transcode::BindRequest(match, head.query, message.get(), &query)) {
    return Send(Refuse(&head, request.peer, *std::move(error), {}), writer);
  }
  return Serve(request, writer, origin, *match.route, std::move(message), std::move(query));
}

net::Task<void> RestFront::Relay(http::Request& request, http::ResponseWriter& writer,
                                 std::string_view origin) {
  const http::RequestHead& head = request.head;
  std::string buffer;
  const std::string_view path = transcode::CleanPath(head.path, &buffer);
  const core::OperationSpec& operation = *config_.operations->Relay(path, head.headers);
  // Below the root, which the base URLs of providers have already.
  std::string below(path.substr(kRelayRoot.size() - 1));
  if (!head.query.empty()) below.append("?").append(head.query);
  const telemetry::Id id = ids_.Next();
  core::Inbound inbound = MakeInbound(request, operation, nullptr, id);
  inbound.path = below;
  inbound.body = request.stream;
  RestSink sink(writer, operation, origin);
  co_await service_.Handle(std::move(inbound), sink);
}

net::Task<void> RestFront::Send(http::Answer answer, http::ResponseWriter& writer) {
  const std::string_view body = answer.body;
  co_await writer.Send(answer.status, answer.content_type, answer.headers.text(), {&body, 1});
}

net::Task<void> RestFront::Serve(http::Request& request, http::ResponseWriter& writer,
                                 std::string_view origin, const transcode::Route& route,
                                 std::unique_ptr<google::protobuf::Message> message, std::string query) {
  const telemetry::Id id = ids_.Next();
  core::Inbound inbound = MakeInbound(request, *config_.operations->Find(route.unary), message.get(), id);
  RestSink sink(writer, *inbound.operation, origin);
  inbound.query = std::move(query);
  net::Task<void> handling = service_.Handle(std::move(inbound), sink);
  co_await handling;
}

core::Inbound RestFront::MakeInbound(http::Request& request, const core::OperationSpec& operation,
                                     google::protobuf::Message* message, const telemetry::Id& id) const {
  const http::RequestHead& head = request.head;
  core::Inbound inbound;
  inbound.operation = &operation;
  inbound.door = core::Door::kHttp;
  inbound.message = message;
  if (message == nullptr) inbound.json = std::move(request.body);
  inbound.method = head.method;
  inbound.headers = head.headers;
  inbound.peer = request.peer;
  inbound.client_subject = request.client_subject;
  inbound.received = request.received;
  inbound.scope = request.scope;
  inbound.request_id = HeaderOf(head, "x-request-id");
  if (!telemetry::IsSaneRequestId(inbound.request_id)) inbound.request_id = id.view();
  return inbound;
}

}  // namespace portolan::rest
