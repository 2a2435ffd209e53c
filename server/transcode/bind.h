#pragma once

// Fills typed requests from the path and the query of an HTTP request:
//
//   GET /v1/models/org%2Fname?portolan.provider=openai&portolan.timeout=1.5s
//   ─► GetModelRequest {model: "org/name", portolan {provider: "openai", timeout {seconds: 1, nanos:
//   500000000}}}

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

// Sets what the route's path variables took and, unless the body is the whole request, what the query gives.
// `query` is what follows `?`, in HTML form encoding.
//
// A parameter names a scalar field by its JSON name, nested ones by dots; a repeated field may be given
// several times. Duration is written `1.5s`, an enum by its spelling or name. A parameter that no field has
// goes to the request's sink as a JSON string, in order (an array of strings if it is given several times),
// so that it can be sent on; where there is no sink it is an error, as are a field given twice, one that the
// path or the body already gives, and a value that is not of the field's type. Errors are 400 and name the
// parameter.
//
// *unknown, if given, becomes the part of the query that no field has, as it came, joined by `&`.
//
// REQUIRES: match.outcome is kFound; *request is empty and of the type that match.route->unary takes.
[[nodiscard]] std::optional<Error> BindRequest(const RouteMatch& match, std::string_view query,
                                               google::protobuf::Message* request,
                                               std::string* unknown = nullptr);

}  // namespace portolan::transcode
