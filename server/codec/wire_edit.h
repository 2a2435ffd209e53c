#pragma once

// What an answer says twice is mended in the bytes already written, which costs nothing where nothing is.
// Internal to the codec.

#include <cstddef>
#include <cstdint>
#include <span>

#include "server/codec/plan.h"
#include "server/codec/wire_writer.h"

namespace portolan::codec {

// A field that stands in an object again, and where the writing of the later member began.
struct LaterMember {
  const FieldPlan* field;
  size_t begin;
};

// In the object of `plan`'s type written from `begin` on, drops of each field in `again` all that stands
// before the last member: its values, or the entry in the sink that stood for it. Time is linear.
void DropEarlier(const MessagePlan& plan, std::span<const LaterMember> again, size_t begin, WireWriter* wire);

// In the message written from `begin` on, keeps of the entries (fields of that number) with equal keys (their
// field of that number) the last, in the place of the first. Time n log n.
void KeepLastOfEach(uint32_t entry_number, uint32_t key_number, size_t begin, WireWriter* wire);

}  // namespace portolan::codec
