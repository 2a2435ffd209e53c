#pragma once

// What middleware is told, in its own words (events.proto). Pure functions.

#include <cstddef>
#include <string>
#include <string_view>

#include "portolan/middleware/v1/events.pb.h"
#include "server/middleware/middleware.h"

namespace portolan::middleware {

// Each returns why it cannot be told: a body that is larger than `max_body` bytes, or a message of a type
// that the event has no place for. Empty: *out, which was empty, is it. Texts that are no UTF-8, which a
// message may not hold, get U+FFFD for what is wrong in them.
std::string ToRequestEvent(const Event& event, size_t max_body, v1::RequestEvent* out);
std::string ToResponseEvent(const Event& event, size_t max_body, v1::ResponseEvent* out);
std::string ToChunkEvent(uint64_t sequence, const BodyView& body, size_t max_body, v1::ChunkEvent* out);

v1::ChunkEvent ToStreamStart(const CallInfo& call, int status);
v1::ChunkEvent ToStreamEnd(uint64_t sequence, const Usage& usage, std::string_view error_code);
v1::EndEvent ToEndEvent(const EndEvent& event);

}  // namespace portolan::middleware
