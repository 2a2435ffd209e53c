#pragma once

// What the options of a proto say of its JSON form, for those who walk types rather than text.

#include <string_view>

#include "google/protobuf/descriptor.h"

namespace portolan::config {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// The name in JSON.
std::string_view JsonName(const FieldDescriptor& field);
// The field of this name; nullptr if there is none. A sink has no name.
const FieldDescriptor* FindMember(const Descriptor& type, std::string_view name);

bool IsSink(const FieldDescriptor& field);
bool IsRawJson(const FieldDescriptor& field);
// An object whose keys are free; EntryValue is what its members hold.
bool IsFreeObject(const FieldDescriptor& field);
const FieldDescriptor& EntryValue(const FieldDescriptor& free_object);
// One of several types, see portolan.options.v1.union.
bool IsUnion(const Descriptor& type);

}  // namespace portolan::config
