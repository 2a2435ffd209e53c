#pragma once

// The hub's messages hold what other dialects say and OpenAI's does not. This takes it out, for providers of
// OpenAI's dialect, which refuse what they do not know.

#include <optional>

#include "portolan/v1/chat_request.pb.h"
#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::providers::openai {

// What a provider takes beside OpenAI's own.
struct NativeKeeps {
  bool reasoning = false;  // `reasoning_content` of earlier turns
  bool top_k = false;
};

// Makes a request OpenAI's own:
//
//   content_blocks                    left out: `content` and `tool_calls` follow from them. Blocks that they
//                                     do not show are named
//   reasoning_content                 left out and named, unless it is kept
//   cache_control                     left out and named
//   thinking                          `enabled` becomes a reasoning_effort by its budget, if there is none;
//                                     `adaptive` is what models do by themselves; others are named
//   top_k                             left out and named, unless it is kept
//   members of other APIs             left out and named
//   tools of other APIs, mcp_servers  refused
//   a file by URL                     refused
//   parts that are all text           one text, which more servers take
//   a call without content            `content` is null, which more servers take
//
// Returns an Error (400, with the path in the hub's request) if something cannot be left out.
std::optional<Error> MakeNative(v1::ChatCompletionRequest* request, NativeKeeps keeps,
                                DroppedMembers* dropped);

}  // namespace portolan::providers::openai
