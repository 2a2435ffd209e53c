#pragma once

// Messages seen by number instead of by name, at the price of a call through a pointer: what reflection does
// in general and therefore slowly. The tables are made by generator.cc, which appends them to what protoc
// generates.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "google/protobuf/message.h"

namespace portolan::access {

using google::protobuf::Message;

// One field; messages given to it must be of its type. Which functions there are depends on the field's: text
// for strings and bytes, message for messages, bits for the rest (integers and enumerators extended to 64
// bits by their sign, if they have one, a double's or float's own bits). `index` counts the values of a
// repeated field and is 0 for any other.
struct FieldAccess {
  const std::string& (*text)(const Message& message, int index);
  uint64_t (*bits)(const Message& message, int index);
  const Message& (*message)(const Message& message, int index);
  int (*size)(const Message& message);  // repeated fields only

  // Set the field, or append to it if it is repeated.
  void (*put_text)(Message* message, const char* data, size_t size);
  void (*put_bits)(Message* message, uint64_t bits);
  Message* (*put_message)(Message* message);
};

// One message type.
struct MessageAccess {
  std::string_view type;                // full name
  std::span<const FieldAccess> fields;  // by FieldDescriptor::index()
  // Writes the indexes of the fields that are set (have values, differ from zero), in the order of their
  // numbers, to `out`, which must have room for all. Returns how many.
  size_t (*list)(const Message& message, uint16_t* out);
};

// The table of a generated type; nullptr if it has none. Thread-safe.
const MessageAccess* Find(std::string_view type);

// Of one generated file; makes its tables known as protobuf's own generated code makes its descriptors known,
// before main.
struct File {
  explicit File(std::span<const MessageAccess> file_messages);

  const std::span<const MessageAccess> messages;
  const File* const next;
};

}  // namespace portolan::access
