#pragma once

// The entries of a message's sink. Internal to the codec.

#include <string>
#include <string_view>

#include "server/codec/plan.h"

namespace portolan::codec {

// Removes the entry called `name`, if there is one.
void RemoveFromSink(const SinkPlan& sink, std::string_view name, pb::Message* message);
// The index of the entry called `name`; -1 if there is none.
int FindInSink(const SinkPlan& sink, std::string_view name, const pb::Message& message);

}  // namespace portolan::codec
