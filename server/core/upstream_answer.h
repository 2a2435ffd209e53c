#pragma once

// What the ways of answering from an upstream have in common. Internal to core/.

#include <optional>
#include <string>
#include <string_view>

#include "server/core/call_state.h"

namespace portolan::core {

inline constexpr codec::DecodeOptions kAnswerDecoding{.strictness = codec::Strictness::kResponse};

// The error for an answer that cannot be used: 502 `upstream_invalid_answer`.
Error InvalidAnswer(std::string message);
Error NotUnderstood(const codec::DecodeError& problem);

// A body as one text: a view of the exchange's own buffer if it came with the head, else of `*held`.
struct Body {
  std::string_view text;  // without a byte order mark
  std::optional<Error> error;
};
net::Task<Body> ReadBody(const CallState& call, upstream::Exchange& exchange, size_t limit,
                         std::string* held);
std::string_view WithoutMark(std::string_view text);

// The error in an answer that came with a good status.
Error ErrorInAnswer(const CallState& call, const upstream::Exchange& exchange, std::string_view body);

// `body` if it is an error in the hub's own dialect, which passes as it came; else empty.
std::string_view UntouchedError(const CallState& call, std::string_view body);

// Turns a good answer into a message of the hub, whatever the provider's dialect; it lives as long as the
// call's arena. Returns an error if the answer cannot be understood, or is an error in a dialect of its own.
std::optional<Error> TypeAnswer(CallState& call, const upstream::Exchange& exchange, std::string_view body,
                                const google::protobuf::Message** out);

// An answer of the hub's as JSON in the caller's words. Lives apart from the call.
void EncodeAnswer(CallState& call, const google::protobuf::Message& answer, std::string* json);

// The pipeline for the attempt's provider. `typed`: it gives messages, whatever the door.
std::unique_ptr<StreamPipeline> NewPipeline(CallState& call, bool typed);

// Answer with a stream made of a whole answer, and with a whole answer made of a stream.
net::Task<Attempted> ReplySplit(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                std::string_view body);
net::Task<Attempted> ReplyJoined(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                 std::string_view body);

}  // namespace portolan::core
