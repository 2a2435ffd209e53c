#pragma once

// The repeated entries that stand for members of a JSON object: a message's sink, and fields with free keys.
// Internal to the codec.

#include <string>
#include <string_view>

#include "server/codec/plan.h"

namespace portolan::codec {

void AddToSink(const SinkPlan& sink, std::string_view name, std::string_view json, pb::Message* message);
// Removes the entry of that name, if there is one. Looked for from the end: there, an answer that repeats a
// member again and again has it, and does not make us look through all the others each time.
void RemoveFromSink(const SinkPlan& sink, std::string_view name, pb::Message* message);
// The index of the entry of that name; -1 if there is none.
int FindInSink(const SinkPlan& sink, std::string_view name, const pb::Message& message);

// Of the entries with equal keys keeps the last, in the place of the first. Time n log n.
void KeepLastOfEach(const pb::FieldDescriptor& entries, const pb::FieldDescriptor& key, pb::Message* message);

}  // namespace portolan::codec
