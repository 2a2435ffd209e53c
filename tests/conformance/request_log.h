#pragma once

// What row_schema checks: the requests that scripted upstreams were sent, a line each.

#include <string>

namespace portolan::conformance {

// Adds `{"PROVIDER OPERATION": REQUEST}` to the file that PORTOLAN_REQUEST_LOG names, if `provider` is one of
// those whose packages are known there; `target` is the path that was called. Nothing if there is no such
// variable.
void LogRowRequest(const std::string& provider, const std::string& target, const std::string& request);

}  // namespace portolan::conformance
