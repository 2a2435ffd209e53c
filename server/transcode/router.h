#pragma once

// Tells which rpc an HTTP request calls, by a table compiled from the google.api.http annotations of
// services.
//
//   POST /v1/chat/completions  ─► ChatService.CreateChatCompletion, body `*`,
//                                 StreamChatCompletion if the body's `stream` is true
//   GET  /v1/models/org/name   ─► ModelService.GetModel, model = "org/name"
//   PUT  /v1/models            ─► method not allowed, Allow: GET, HEAD
//
// path_index.h has the matching rules. HEAD matches the route of GET; whoever answers it sends no body.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/transcode/path_index.h"

namespace google::api {
class HttpRule;
}  // namespace google::api

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
class MethodDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf

namespace portolan::transcode {

// The fields that lead from the request down to a scalar field: for `book.name` there are two.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// What the HTTP body is.
enum class BodyKind : uint8_t {
  kNone,   // nothing: path and query make the request
  kWhole,  // the request: the query sets nothing
  kField,  // one field of the request
};

// One HTTP binding of an rpc. Immutable.
struct Route {
  const google::protobuf::MethodDescriptor* unary = nullptr;
  // The rpc that is called instead if the request's boolean field `stream_field` is true; nullptr: none.
  const google::protobuf::MethodDescriptor* streaming = nullptr;
  std::string stream_field;
  std::string done;  // the SSE data that ends a complete stream; empty: none

  std::string method;   // `POST`; `*` for any
  std::string pattern;  // the template of this binding
  // The template of the rpc's first binding: in logs and metrics the one name for all of its bindings.
  std::string label;
  BodyKind body = BodyKind::kNone;
  const google::protobuf::FieldDescriptor* body_field = nullptr;  // kField
  std::vector<FieldPath> variables;                               // of the template, in order
};

struct RouteMatch {
  enum class Outcome : uint8_t { kFound, kNotFound, kMethodNotAllowed };
  Outcome outcome = Outcome::kNotFound;
  const Route* route = nullptr;  // kFound; lives as long as the router
  // kFound: what each of route->variables took, as views of the path. BindRequest decodes them.
  std::array<std::string_view, PathTemplate::kMaxVariables> captures;
  std::string allow;  // kMethodNotAllowed: the value of the Allow header
};

// Immutable, thread-safe.
class Router {
 public:
  // Compiles the annotated rpcs of `services`; others get no route. Fails, naming the rpc, for a bad
  // template, an unknown or unsuitable field, a streaming option that does not fit its rpcs, two rpcs with
  // the same path and method, and what this router does not support (`response_body`).
  static absl::StatusOr<std::unique_ptr<Router>> Build(
      std::span<const google::protobuf::ServiceDescriptor* const> services);

  // `path` is as it was sent, without the query, and must outlive the result.
  RouteMatch Match(std::string_view method, std::string_view path) const;

  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  Router() = default;
  absl::Status AddMethod(const google::protobuf::MethodDescriptor& method);
  absl::Status AddBinding(const Route& base, const google::api::HttpRule& rule);

  std::vector<std::unique_ptr<Route>> routes_;
  PathIndex index_;
};

// The fields that `path` (`book.name`) names in messages of `type`, by JSON or proto names. Empty if there is
// no such field, or one in the middle is repeated or a scalar.
FieldPath ResolveFieldPath(const google::protobuf::Descriptor& type, std::string_view path);

}  // namespace portolan::transcode
