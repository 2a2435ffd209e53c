#pragma once

// The options of a provider that are parts of its addresses. What they may hold is checked here, before
// anything is sent: another host, or another path, must not be reached by them.

#include <optional>
#include <string_view>

#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::routing {

// Makes of the base URL the one for an operation (providers::Form::without). Puts options into it
// (`https://bedrock-runtime.{aws_region}.amazonaws.com`), and takes another one for some of their values, or
// for an operation that lies elsewhere, where no host was named. Fails with 400 for an option that is
// missing, or is not what its UrlPart says.
std::optional<Error> FillInHost(std::string_view operation, providers::Target* target);

// Adds the options that are parts of paths to those of the target, from its key or by default, where they are
// not given. Fails with 400 for one that is missing, or is not what its UrlPart says.
// REQUIRES: the key was chosen.
std::optional<Error> FillInPath(providers::Target* target);

}  // namespace portolan::routing
