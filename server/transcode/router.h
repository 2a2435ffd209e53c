#pragma once

// Which rpc an HTTP request calls: a table compiled from the google.api.http annotations of services, without
// I/O.
//
//   POST /v1/chat/completions  ─► ChatService.CreateChatCompletion, body `*`,
//                                 StreamChatCompletion if the body's `stream` is true
//   GET  /v1/models/org/name   ─► ModelService.GetModel, model = "org/name"
//   PUT  /v1/models            ─► method not allowed, Allow: GET, HEAD
//
// path_index.h has the matching rules. HEAD is answered by the route of GET; the caller sends no body then.

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

// From the request down to a scalar field: `book.name` has two.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// What the HTTP body is.
enum class BodyKind : uint8_t {
  kNone,   // nothing: the request is made of path and query
  kWhole,  // the request: query parameters mean nothing
  kField,  // one field of the request
};

// One HTTP binding of an rpc. Immutable.
struct Route {
  const google::protobuf::MethodDescriptor* unary = nullptr;
  // The rpc that answers if the request's boolean field `stream_field` is true; nullptr: never streamed.
  const google::protobuf::MethodDescriptor* streaming = nullptr;
  std::string stream_field;
  std::string done;  // the SSE data that ends a complete stream; empty: none

  std::string method;   // `POST`; `*` for any
  std::string pattern;  // the template of this binding
  std::string
      label;  // the template of the rpc's first binding: one name for all bindings in logs and metrics
  BodyKind body = BodyKind::kNone;
  const google::protobuf::FieldDescriptor* body_field = nullptr;  // kField
  std::vector<FieldPath> variables;                               // the template's, in order
};

struct RouteMatch {
  enum class Outcome : uint8_t { kFound, kNotFound, kMethodNotAllowed };
  Outcome outcome = Outcome::kNotFound;
  const Route* route = nullptr;  // kFound; lives as long as the router
  // kFound: what route->variables took: views of the path, not decoded (BindRequest does that).
  std::array<std::string_view, PathTemplate::kMaxVariables> captures;
  std::string allow;  // kMethodNotAllowed: the value of the Allow header
};

// Immutable after Build; safe for any thread.
class Router {
 public:
  // Compiles the annotated methods of `services`; rpcs without annotation get no route. Fails, naming the
  // rpc, on a bad template, an unknown or unfit field, a streaming option that does not fit its rpcs, two
  // rpcs with the same path and method, and what this router does not do (`response_body`).
  static absl::StatusOr<std::unique_ptr<Router>> Build(
      std::span<const google::protobuf::ServiceDescriptor* const> services);

  // `path` is as sent, without query.
  RouteMatch Match(std::string_view method, std::string_view path) const;

  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  Router() = default;
  absl::Status AddMethod(const google::protobuf::MethodDescriptor& method);
  absl::Status AddBinding(const Route& base, const google::api::HttpRule& rule);

  std::vector<std::unique_ptr<Route>> routes_;
  PathIndex index_;
};

// The field that `path` (`book.name`) names in messages of `type`, by JSON or proto names; empty if there is
// none or a repeated field or a scalar stands in the middle.
FieldPath ResolveFieldPath(const google::protobuf::Descriptor& type, std::string_view path);

}  // namespace portolan::transcode
