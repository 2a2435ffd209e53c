#pragma once

// The options of a provider that are parts of its addresses. What they may hold is checked here, before
// anything is sent: another host, or another path, must not be reached by them.

#include <optional>

#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::routing {

// Puts options into the base URL (`https://bedrock-runtime.{aws_region}.amazonaws.com`), which may be another
// one for some of their values. Does nothing where a host was named. Fails with 400 for an option that is
// missing, or is not what its UrlPart says.
std::optional<Error> FillInHost(providers::Target* target);

// Adds the options that are parts of paths to those of the target, from its key or by default, where they are
// not given. Fails with 400 for one that is missing, or is not what its UrlPart says.
// REQUIRES: the key was chosen.
std::optional<Error> FillInPath(providers::Target* target);

}  // namespace portolan::routing
