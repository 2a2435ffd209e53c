#pragma once

#include <memory>

#include "server/middleware/middleware.h"

namespace portolan::middleware {

// Tells providers which of the gateway's callers has made a call, so that abuse is laid to one of them and
// not to all: OpenAI's `user` (https://platform.openai.com/docs/guides/safety-best-practices), Anthropic's
// `metadata.user_id`. What the request says itself stays, and a caller without a key's name gets nothing.
std::unique_ptr<Service> NewUserOfCaller(const Settings& settings);

}  // namespace portolan::middleware
