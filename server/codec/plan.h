#pragma once

// What Compile makes of a message type: everything Decode and Encode need to know, looked up once. Internal
// to the codec.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "proto/access/access.h"
#include "server/codec/codec.h"
#include "server/codec/json_reader.h"
#include "server/codec/wire.h"

namespace portolan::codec {

namespace pb = google::protobuf;

// A set of JsonTypes, one bit each.
using TypeSet = uint8_t;
constexpr TypeSet Bit(JsonType type) { return static_cast<TypeSet>(1U << static_cast<unsigned>(type)); }

// How one value of a field is read and written.
enum class ValueKind : uint8_t {
  kBool,
  kInt32,
  kInt64,
  kUint32,
  kUint64,
  kFloat,
  kDouble,
  kString,
  kBytes,    // base64
  kEnum,     // spelt as EnumPlan says
  kRaw,      // JSON, verbatim
  kMessage,  // as its plan says
};

// How a field's values stand in its member.
enum class Shape : uint8_t { kSingle, kArray, kObject };

// How protobuf's wire format holds a value.
enum class WireCoding : uint8_t { kVarint, kZigzag, kFixed32, kFixed64, kBytes };

// The spellings of a closed set of strings.
struct EnumPlan {
  const std::string* Spelling(int number) const;
  // False if nothing is spelt so.
  bool Number(std::string_view spelling, int* number) const;

  std::vector<std::pair<std::string, int>> values;
  std::string expected;  // `one of low, medium, high`
};

struct FieldPlan {
  // False: the field's number with this wire type is no value of it. Generated code keeps such a thing, which
  // may come from a caller as he likes it, among the unknown fields, and writes it out again.
  bool TravelsAs(WireType wire_type) const {
    if (wire_type == WireType::kLength && shape == Shape::kArray) return true;  // numbers in one run
    switch (coding) {
      case WireCoding::kVarint:
      case WireCoding::kZigzag:
        return wire_type == WireType::kVarint;
      case WireCoding::kFixed32:
        return wire_type == WireType::kFixed32;
      case WireCoding::kFixed64:
        return wire_type == WireType::kFixed64;
      case WireCoding::kBytes:
        break;
    }
    return wire_type == WireType::kLength;
  }

  const pb::FieldDescriptor* field;
  const pb::Reflection* reflection;  // of the message that the field belongs to
  const access::FieldAccess* access = nullptr;
  std::string name;    // in JSON
  std::string prefix;  // `,"name":`
  uint32_t number;
  ValueKind kind;
  WireCoding coding;
  Shape shape;
  bool emit_null = false;
  bool gateway_only = false;
  bool has_presence = false;
  bool plain_text = false;            // one string, in no oneof: what most members are
  int8_t oneof = -1;                  // index of the oneof whose arms exclude each other
  uint16_t index = 0;                 // in the message's plan
  const MessagePlan* type = nullptr;  // kMessage
  const EnumPlan* spellings = nullptr;
  // Shape::kObject: the entry's key, and its value as a field of the entry.
  const pb::FieldDescriptor* key = nullptr;
  const access::FieldAccess* key_access = nullptr;
  uint32_t key_number = 0;
  const FieldPlan* value = nullptr;
};

// Where a message keeps the members that no field describes.
struct SinkPlan {
  const pb::FieldDescriptor* field = nullptr;
  const pb::FieldDescriptor* name = nullptr;
  const pb::FieldDescriptor* json = nullptr;
  const pb::Reflection* entry = nullptr;
  // Of the three fields.
  const access::FieldAccess* access = nullptr;
  const access::FieldAccess* name_access = nullptr;
  const access::FieldAccess* json_access = nullptr;
  uint32_t number = 0;
  uint32_t name_number = 0;
  uint32_t json_number = 0;
};

// How a message type stands in JSON.
enum class Form : uint8_t {
  kObject,
  kUnion,     // as one of its arms
  kInline,    // as the array of its only field
  kDuration,  // google.protobuf.Duration: "1.5s"
};

class MessagePlan {
 public:
  static constexpr size_t kMaxFields = 256;
  static constexpr size_t kMaxOneofs = 64;
  static constexpr uint16_t kNoField = UINT16_MAX;

  // The field with this JSON name; nullptr if there is none (a sink has no name).
  const FieldPlan* Lookup(std::string_view json_name) const;
  // Fills the table behind Lookup and by_index, and what fields know of their place. Called once, when
  // `fields` is complete.
  void BuildLookup();

  const pb::Descriptor* descriptor = nullptr;
  const pb::Reflection* reflection = nullptr;
  const access::MessageAccess* access = nullptr;  // nullptr: Duration, which is protobuf's own
  Form form = Form::kObject;
  std::vector<FieldPlan> fields;   // in field number order, without the sink
  std::vector<uint16_t> by_index;  // FieldDescriptor::index() to a place in `fields`; kNoField: the sink
  bool has_gateway_only = false;
  std::vector<uint16_t> verbatim;  // places of those that CheckVerbatim has to look at
  std::vector<uint16_t> nulls;     // places in `fields` of those with emit_null
  SinkPlan sink;

  // kUnion: what arm each JSON type chooses (nullptr: none), for arrays by the type of the first element.
  std::array<const FieldPlan*, 7> arms{};
  std::array<const FieldPlan*, 7> array_arms{};
  std::string expected;  // `a string or an array`, for error messages

 private:
  std::vector<uint16_t> slots_;  // open addressing, kNoField where empty
  unsigned shift_ = 0;
};

}  // namespace portolan::codec
