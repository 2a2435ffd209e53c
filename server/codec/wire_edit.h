#pragma once

// Mends answers that say something twice, in the bytes already written, so that all other answers pay
// nothing. Internal to the codec.

#include <cstddef>
#include <cstdint>
#include <span>

#include "server/codec/plan.h"
#include "server/codec/wire_writer.h"

namespace portolan::codec {

// A field that occurs again in an object, and where in the bytes the later member begins.
struct LaterMember {
  const FieldPlan* field;
  size_t begin;
};

// In the object of `plan`'s type written from `begin` on, removes everything of each field in `again` that
// comes before its last member: its values, or its entry in the sink. Takes linear time.
void DropEarlier(const MessagePlan& plan, std::span<const LaterMember> again, size_t begin, WireWriter* wire);

// In the message written from `begin` on, where several entries (fields `entry_number`) have the same key
// (their field `key_number`), keeps the last of them, in the place of the first. Takes n log n time.
void KeepLastOfEach(uint32_t entry_number, uint32_t key_number, size_t begin, WireWriter* wire);

}  // namespace portolan::codec
