#pragma once

#include <google/protobuf/message.h>

#include <optional>

#include "server/guardrails/view.h"

namespace portolan::guardrails {

// The view of a request or an answer in the words of its door, which must outlive it; nullopt for types whose
// texts it cannot find.
std::optional<View> ViewOf(google::protobuf::Message* message);

// Whether an answer is known to have no texts: vectors, counts and the like.
bool SaysNothing(const google::protobuf::Message& answer);

}  // namespace portolan::guardrails
