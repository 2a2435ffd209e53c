#pragma once

// What tests/conformance/hosted_schema checks: what scripted upstreams were sent.

#include <string>

namespace portolan::test {

// Adds {"target":…, "body": TEXT} to the file that PORTOLAN_UPSTREAM_LOG names; nothing without that
// variable, or without a body.
void LogSeen(const std::string& target, const std::string& body);

}  // namespace portolan::test
