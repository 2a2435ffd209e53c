#pragma once

// What all ways of answering from an upstream have in common. Internal to core/.

#include <optional>
#include <string>
#include <string_view>

#include "server/core/call_state.h"

namespace portolan::core {

inline constexpr codec::DecodeOptions kAnswerDecoding{.strictness = codec::Strictness::kResponse};

// The provider answered, and nobody can do anything with it: 502 `upstream_invalid_answer`.
Error InvalidAnswer(std::string message);
Error NotUnderstood(const codec::DecodeError& problem);

// A body as one text: a view of the exchange's own buffer where it came with the head, else of what was given
// to collect it in.
struct Body {
  std::string_view text;  // without a byte order mark
  std::optional<Error> error;
};
net::Task<Body> ReadBody(upstream::Exchange& exchange, size_t limit, net::Wait wait, std::string* held);
std::string_view WithoutMark(std::string_view text);

// What an error that came under a good status says.
Error ErrorInAnswer(const CallState& call, const upstream::Exchange& exchange, std::string_view body);

// `body` if it is an error in the hub's own dialect, which passes as it came; else nothing.
std::string_view UntouchedError(const CallState& call, std::string_view body);

// A good answer as a message of the hub, whatever its provider's dialect. It lives as long as the call's
// arena. An error if it cannot be understood, or says an error itself in a dialect of its own.
std::optional<Error> TypeAnswer(CallState& call, const upstream::Exchange& exchange, std::string_view body,
                                const google::protobuf::Message** out);

// The pipeline of the attempt's provider. `typed`: it gives messages, whatever the door.
std::unique_ptr<StreamPipeline> NewPipeline(CallState& call, bool typed);

// A whole answer where a stream was asked for, and the reverse.
net::Task<Attempted> ReplySplit(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                std::string_view body);
net::Task<Attempted> ReplyJoined(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                 std::string_view body);

}  // namespace portolan::core
