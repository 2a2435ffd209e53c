#pragma once

// Edits to the members of a JSON object: spliced into the text it came in, or applied to the typed message.
// The two agree: decoding the spliced text gives the edited message.

#include <span>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "server/codec/codec.h"

namespace portolan::codec {

// One change to a top-level member. Edits are few (at most about ten a call); for one name the last edit
// counts.
struct Edit {
  enum class Kind { kSet, kRemove };
  Kind kind;
  std::string name;  // the member's JSON name
  std::string json;  // kSet: the new value, valid JSON
};

// Pieces of text to be sent one after the other. Pieces point into the original text and into the edits,
// which must both outlive them.
using GatherList = absl::InlinedVector<std::string_view, 4>;

// Appends `json` with `edits` spliced in to `*out`; `spans` are what Decode recorded for that text. A set
// member keeps its place; one that was absent is appended at the end; every other byte is as it was. No text
// is copied, except for separators, which are static.
void Splice(std::string_view json, std::span<const MemberSpan> spans, std::span<const Edit> edits,
            const MessagePlan& plan, GatherList* out);

// Applies the same edits to a message of the plan's type. Fails as Decode does when a value does not fit its
// field.
[[nodiscard]] bool ApplyEdits(const MessagePlan& plan, std::span<const Edit> edits,
                              google::protobuf::Message* message, DecodeError* error);

}  // namespace portolan::codec
