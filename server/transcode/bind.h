#pragma once

// Fills a typed request from the path and the query of an HTTP request:
//
//   GET /v1/models/org%2Fname?portolan.provider=openai&portolan.timeout=1.5s
//
//   GetModelRequest {
//     model: "org/name"
//     portolan { provider: "openai" timeout { seconds: 1 nanos: 500000000 } }
//   }

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/error.h"
#include "server/transcode/router.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace portolan::transcode {

inline constexpr size_t kMaxQueryParameters = 64;

// Sets the fields of the route's path variables and, unless the body is the whole request, those that the
// query names. `query` is what follows `?`, in HTML form encoding.
//
// A parameter names a scalar field by its JSON name, with dots for nested fields; a repeated field may be
// given several times. A Duration is written `1.5s`, an enum by its spelling or name.
//
// A parameter that names no field goes to the request's sink, in order, as a JSON string, or as an array of
// strings if it is given several times, so that it can be sent on.
//
// Errors are 400 and name the parameter: it names no field and there is no sink, a field is given twice, or
// the path or the body gives it already, or the value is not of its type.
//
// *unknown, if given, gets the parameters that name no field, as they came, joined by `&`.
//
// REQUIRES: match.outcome is kFound; *request is empty and of the type that match.route->unary takes.
[[nodiscard]] std::optional<Error> BindRequest(const RouteMatch& match, std::string_view query,
                                               google::protobuf::Message* request,
                                               std::string* unknown = nullptr);

}  // namespace portolan::transcode
