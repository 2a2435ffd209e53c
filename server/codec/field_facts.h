#pragma once

// What a field's descriptor alone says of its JSON and of its wire form. Internal to server/codec.

#include <string>

#include "server/codec/plan.h"

namespace portolan::codec {

// The member's name: json_name where the .proto gives one, else as the file's json_names option has it.
std::string JsonName(const pb::FieldDescriptor& field);

// Of one value: whether it is repeated does not matter. kRaw is not told apart from kString.
ValueKind KindOf(const pb::FieldDescriptor& field);
WireCoding CodingOf(const pb::FieldDescriptor& field);

// What JSON types a value of this kind may have. REQUIRES: the plan behind a message is at least begun.
TypeSet TypesOf(const FieldPlan& field);

}  // namespace portolan::codec
