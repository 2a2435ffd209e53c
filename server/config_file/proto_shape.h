#pragma once

// What the options of a proto say about its JSON form, for code that walks types rather than text.

#include <string_view>

#include "google/protobuf/descriptor.h"

namespace portolan::config {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// The field's name in JSON.
std::string_view JsonName(const FieldDescriptor& field);
// The field with this name in JSON; nullptr if there is none. A sink has no name.
const FieldDescriptor* FindMember(const Descriptor& type, std::string_view name);

bool IsSink(const FieldDescriptor& field);
bool IsRawJson(const FieldDescriptor& field);
// Whether the field is an object with free keys. EntryValue is the field that its members' values have.
bool IsFreeObject(const FieldDescriptor& field);
const FieldDescriptor& EntryValue(const FieldDescriptor& free_object);
// Whether values are of one of several JSON types; see portolan.options.v1.union.
bool IsUnion(const Descriptor& type);

}  // namespace portolan::config
