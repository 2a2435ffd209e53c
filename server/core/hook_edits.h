#pragma once

// What guardrails change, as edits. Internal to core/.

#include <string_view>
#include <vector>

#include "server/codec/splice.h"
#include "server/core/call_state.h"

namespace portolan::core {

// Appends the edits that turn `before` into `after`, two JSON objects whose top-level members are compared by
// their text. `plan`: that of their type, or of a type that has some of its members.
void AddEdits(const codec::MessagePlan& plan, std::string_view before, std::string_view after,
              std::vector<codec::Edit>* edits);

// The edits of the attempt's request in the words of the door: the route's, where these are in them.
std::vector<codec::Edit>& RequestEdits(CallState& call);

// The same for a request. What was decided before guardrails were asked stays as it is, whatever they say:
// `model`, `stream`, `stream_options` and `portolan`.
void AddRequestEdits(const codec::MessagePlan& plan, std::string_view before, std::string_view after,
                     std::vector<codec::Edit>* edits);

}  // namespace portolan::core
