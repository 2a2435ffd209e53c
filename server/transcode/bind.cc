#include "server/transcode/bind.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "portolan/options/v1/options.pb.h"
#include "server/base/json_text.h"
#include "server/transcode/percent.h"
#include "server/transcode/scalar.h"

namespace portolan::transcode {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Error Bad(const std::string& name, const std::string& problem) {
  return Error::InvalidRequest("invalid_parameter", name + ": " + problem, name);
}

// A parameter that no field describes.
struct Unknown {
  std::string name;
  std::vector<std::string> values;  // JSON strings
};

// Collects the parameters of one request.
class Binder {
 public:
  Binder(const Route& route, Message* request) : route_(route), request_(request) {}

  std::optional<Error> FromPath(size_t variable, std::string_view text) {
    const FieldPath& path = route_.variables[variable];
    std::string value;
    if (!PercentDecode(text, Plus::kLiteral, &value)) {
      return Bad(path.back()->name(), "is not percent-encoded UTF-8 in the path");
    }
    return Set(path, path.back()->name(), value);
  }

  std::optional<Error> FromQuery(std::string_view pair) {
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name_text = pair.substr(0, equals);
    const std::string_view value_text = pair.substr(std::min(equals + 1, pair.size()));
    std::string name;
    std::string value;
    if (!PercentDecode(name_text, Plus::kSpace, &name)) {
      return Error::InvalidRequest("invalid_parameter",
                                   "the name of a query parameter is not percent-encoded UTF-8");
    }
    if (!PercentDecode(value_text, Plus::kSpace, &value)) return Bad(name, "is not percent-encoded UTF-8");
    FieldPath path = ResolveFieldPath(*request_->GetDescriptor(), name);
    if (path.empty() || IsSink(*path.back())) {
      unknown_query_.append(unknown_query_.empty() ? "" : "&").append(pair);
      return AddUnknown(name, value);
    }
    if (std::find(route_.variables.begin(), route_.variables.end(), path) != route_.variables.end()) {
      return Bad(name, "is given by the path already");
    }
    if (route_.body_field != nullptr && path.front() == route_.body_field)
      return Bad(name, "belongs into the body");
    return Set(path, name, value);
  }

  // What AddUnknown has taken, as it came.
  std::string TakeUnknownQuery() { return std::move(unknown_query_); }

  std::optional<Error> Finish() {
    if (unknown_.empty()) return std::nullopt;
    const FieldDescriptor* sink = Sink();
    if (sink == nullptr) return Bad(unknown_.front().name, "there is no such parameter");
    for (const Unknown& unknown : unknown_) {
      std::string json = unknown.values.front();
      if (unknown.values.size() > 1) {
        for (size_t i = 1; i < unknown.values.size(); ++i) json += "," + unknown.values[i];
        json = "[" + json + "]";
      }
      Message* entry = request_->GetReflection()->AddMessage(request_, sink);
      entry->GetReflection()->SetString(entry, sink->message_type()->FindFieldByName("name"), unknown.name);
      entry->GetReflection()->SetString(entry, sink->message_type()->FindFieldByName("json"), json);
    }
    return std::nullopt;
  }

 private:
  static bool IsSink(const FieldDescriptor& field) { return field.options().GetExtension(options::v1::sink); }

  const FieldDescriptor* Sink() const {
    const auto* type = request_->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      if (IsSink(*type->field(i))) return type->field(i);
    }
    return nullptr;
  }

  std::optional<Error> Set(const FieldPath& path, const std::string& name, const std::string& value) {
    Message* message = request_;
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      message = message->GetReflection()->MutableMessage(message, path[i]);
    }
    const FieldDescriptor& field = *path.back();
    if (!field.is_repeated()) {
      if (std::find(given_.begin(), given_.end(), path) != given_.end()) return Bad(name, "is given twice");
      given_.push_back(path);
    }
    std::string problem = SetFromText(field, value, message);
    if (!problem.empty()) return Bad(name, problem);
    return std::nullopt;
  }

  // `portolan.colour` is a mistake in what the gateway knows, `colour` is something a provider may know.
  std::optional<Error> AddUnknown(const std::string& name, std::string_view value) {
    size_t dot = name.find('.');
    if (dot != std::string::npos) {
      FieldPath first = ResolveFieldPath(*request_->GetDescriptor(), std::string_view(name).substr(0, dot));
      if (!first.empty() && !IsSink(*first.front())) return Bad(name, "there is no such parameter");
    }
    auto known =
        std::find_if(unknown_.begin(), unknown_.end(), [&](const Unknown& u) { return u.name == name; });
    if (known == unknown_.end()) known = unknown_.insert(unknown_.end(), {name, {}});
    known->values.push_back(JsonString(value));
    return std::nullopt;
  }

  const Route& route_;
  Message* request_;
  std::vector<FieldPath> given_;
  std::vector<Unknown> unknown_;
  std::string unknown_query_;
};

}  // namespace

std::optional<Error> BindRequest(const RouteMatch& match, std::string_view query, Message* request,
                                 std::string* unknown) {
  if (unknown != nullptr) unknown->clear();
  const Route& route = *match.route;
  Binder binder(route, request);
  for (size_t i = 0; i < route.variables.size(); ++i) {
    if (auto error = binder.FromPath(i, match.captures[i])) return error;
  }
  if (route.body == BodyKind::kWhole) return std::nullopt;

  for (size_t count = 0; !query.empty(); ++count) {
    if (count == kMaxQueryParameters) {
      return Error::InvalidRequest("invalid_parameter",
                                   "more than " + std::to_string(kMaxQueryParameters) + " query parameters");
    }
    size_t end = std::min(query.find('&'), query.size());
    std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    if (auto error = binder.FromQuery(pair)) return error;
  }
  if (unknown != nullptr) *unknown = binder.TakeUnknownQuery();
  return binder.Finish();
}

}  // namespace portolan::transcode
