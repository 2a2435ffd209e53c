#pragma once

// What a field's descriptor alone says about its JSON and wire forms. Internal to server/codec.

#include <string>

#include "server/codec/plan.h"

namespace portolan::codec {

// The name of the field's member: json_name if the .proto gives one, else as the file's json_names option
// says.
std::string JsonName(const pb::FieldDescriptor& field);

// For one value, whether or not the field is repeated. Does not tell kRaw from kString.
ValueKind KindOf(const pb::FieldDescriptor& field);
WireCoding CodingOf(const pb::FieldDescriptor& field);

// The JSON types that a value of the field may have. REQUIRES: if the field is a message, its plan is at
// least begun.
TypeSet TypesOf(const FieldPlan& field);

}  // namespace portolan::codec
