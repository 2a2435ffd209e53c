#include "server/transcode/router.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <utility>

#include "google/api/annotations.pb.h"
#include "portolan/options/v1/options.pb.h"

namespace portolan::transcode {
namespace {

using google::api::HttpRule;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

absl::Status Fail(const MethodDescriptor& method, std::string_view problem) {
  return absl::InvalidArgumentError(method.full_name() + ": " + std::string(problem));
}

// The HTTP method and template of a rule; both empty if it has none.
std::pair<std::string, std::string> PatternOf(const HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return {"GET", rule.get()};
    case HttpRule::kPut:
      return {"PUT", rule.put()};
    case HttpRule::kPost:
      return {"POST", rule.post()};
    case HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    case HttpRule::kCustom:
      return {rule.custom().kind(), rule.custom().path()};
    case HttpRule::PATTERN_NOT_SET:
      break;
  }
  return {};
}

// Fills the streaming members of `route` from our method option.
absl::Status CompileStreaming(const MethodDescriptor& method, Route* route) {
  if (!method.options().HasExtension(options::v1::streaming)) return absl::OkStatus();
  const auto& option = method.options().GetExtension(options::v1::streaming);
  const FieldDescriptor* field = method.input_type()->FindFieldByName(option.field());
  if (field == nullptr || field->is_repeated() || field->type() != FieldDescriptor::TYPE_BOOL) {
    return Fail(method, "streaming: `" + option.field() + "` is not a boolean field of the request");
  }
  route->streaming = method.service()->FindMethodByName(option.rpc());
  if (route->streaming == nullptr || !route->streaming->server_streaming() ||
      route->streaming->client_streaming()) {
    return Fail(method, "streaming: `" + option.rpc() + "` is not a server streaming rpc of the service");
  }
  if (route->streaming->input_type() != method.input_type()) {
    return Fail(method, "streaming: `" + option.rpc() + "` takes another request");
  }
  route->stream_field = option.field();
  route->done = option.done();
  return absl::OkStatus();
}

absl::Status CompileBody(const MethodDescriptor& method, const HttpRule& rule, Route* route) {
  if (!rule.response_body().empty()) return Fail(method, "response_body is not supported");
  if (rule.body().empty()) return absl::OkStatus();
  if (rule.body() == "*") {
    route->body = BodyKind::kWhole;
    return absl::OkStatus();
  }
  route->body = BodyKind::kField;
  route->body_field = method.input_type()->FindFieldByName(rule.body());
  if (route->body_field == nullptr) {
    return Fail(method, "body: `" + rule.body() + "` is not a field of the request");
  }
  return absl::OkStatus();
}

const FieldDescriptor* FindField(const Descriptor& type, std::string_view name) {
  std::string text(name);
  const FieldDescriptor* field = type.FindFieldByName(text);
  return field != nullptr ? field : type.FindFieldByCamelcaseName(text);
}

}  // namespace

FieldPath ResolveFieldPath(const Descriptor& type, std::string_view path) {
  FieldPath fields;
  const Descriptor* in = &type;
  for (;;) {
    size_t dot = path.find('.');
    const FieldDescriptor* field = in == nullptr ? nullptr : FindField(*in, path.substr(0, dot));
    if (field == nullptr) return {};
    fields.push_back(field);
    if (dot == std::string_view::npos) return fields;
    in = field->is_repeated() ? nullptr : field->message_type();
    path.remove_prefix(dot + 1);
  }
}

absl::StatusOr<std::unique_ptr<Router>> Router::Build(
    std::span<const google::protobuf::ServiceDescriptor* const> services) {
  std::unique_ptr<Router> router(new Router());
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      absl::Status status = router->AddMethod(*service->method(i));
      if (!status.ok()) return status;
    }
  }
  return router;
}

absl::Status Router::AddMethod(const MethodDescriptor& method) {
  if (!method.options().HasExtension(google::api::http)) return absl::OkStatus();
  if (method.client_streaming() || method.server_streaming()) {
    return Fail(method,
                "a streaming rpc has no path of its own: name it in the streaming option of a unary rpc");
  }
  const HttpRule& rule = method.options().GetExtension(google::api::http);
  Route base;
  base.unary = &method;
  base.label = PatternOf(rule).second;
  absl::Status status = CompileStreaming(method, &base);
  if (!status.ok()) return status;
  status = AddBinding(base, rule);
  for (const HttpRule& additional : rule.additional_bindings()) {
    if (!status.ok()) return status;
    status = AddBinding(base, additional);
  }
  return status;
}

absl::Status Router::AddBinding(const Route& base, const HttpRule& rule) {
  const MethodDescriptor& method = *base.unary;
  auto route = std::make_unique<Route>(base);
  std::tie(route->method, route->pattern) = PatternOf(rule);
  if (route->method.empty()) return Fail(method, "the binding has no HTTP method");
  absl::StatusOr<PathTemplate> path_template = ParsePathTemplate(route->pattern);
  if (!path_template.ok()) return Fail(method, path_template.status().ToString());
  absl::Status status = CompileBody(method, rule, route.get());
  if (!status.ok()) return status;

  for (const auto& variable : path_template->variables) {
    FieldPath fields = ResolveFieldPath(*method.input_type(), variable.field_path);
    if (fields.empty() || fields.back()->is_repeated() || fields.back()->message_type() != nullptr ||
        fields.back()->type() == FieldDescriptor::TYPE_BYTES) {
      return Fail(method,
                  route->pattern + ": `" + variable.field_path + "` is not a scalar field of the request");
    }
    route->variables.push_back(std::move(fields));
  }
  if (!index_.Insert(*path_template, route->method, routes_.size())) {
    return Fail(method, route->method + " " + route->pattern + " is bound twice");
  }
  routes_.push_back(std::move(route));
  return absl::OkStatus();
}

RouteMatch Router::Match(std::string_view method, std::string_view path) const {
  RouteMatch match;
  PathIndex::Found found;
  if (index_.Find(method, path, &found) || (method == "HEAD" && index_.Find("GET", path, &found))) {
    match.outcome = RouteMatch::Outcome::kFound;
    match.route = routes_[found.value].get();
    std::copy_n(found.captures.begin(), found.capture_count, match.captures.begin());
    return match;
  }
  std::vector<std::string_view> methods = index_.MethodsFor(path);
  if (methods.empty()) return match;
  match.outcome = RouteMatch::Outcome::kMethodNotAllowed;
  for (std::string_view allowed : methods) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += allowed;
    if (allowed == "GET" && std::find(methods.begin(), methods.end(), "HEAD") == methods.end())
      match.allow += ", HEAD";
  }
  return match;
}

}  // namespace portolan::transcode
