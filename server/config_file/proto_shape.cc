#include "server/config_file/proto_shape.h"

#include "portolan/options/v1/options.pb.h"

namespace portolan::config {

std::string_view JsonName(const FieldDescriptor& field) {
  return field.has_json_name() ? field.json_name() : field.name();
}

const FieldDescriptor* FindMember(const Descriptor& type, std::string_view name) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!IsSink(field) && JsonName(field) == name) return &field;
  }
  return nullptr;
}

bool IsSink(const FieldDescriptor& field) { return field.options().GetExtension(options::v1::sink); }

bool IsRawJson(const FieldDescriptor& field) { return field.options().GetExtension(options::v1::raw_json); }

bool IsFreeObject(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::as_object);
}

const FieldDescriptor& EntryValue(const FieldDescriptor& free_object) {
  return *free_object.message_type()->FindFieldByNumber(2);
}

bool IsUnion(const Descriptor& type) { return type.options().GetExtension(options::v1::union_); }

}  // namespace portolan::config
