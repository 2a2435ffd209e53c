#pragma once

// Edits to the members of a JSON object, either spliced into its text or applied to its typed message. The
// two agree: decoding the spliced text gives the edited message.

#include <span>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "server/codec/codec.h"

namespace portolan::codec {

// One change to a top-level member. Of several edits with one name the last counts. Meant for few of them,
// about ten per call.
struct Edit {
  enum class Kind { kSet, kRemove };
  Kind kind;
  std::string name;  // the member's JSON name
  std::string json;  // kSet: the new value, valid JSON
};

// Pieces of text to be sent in order. They point into the original text and the edits, both of which must
// outlive them.
using GatherList = absl::InlinedVector<std::string_view, 4>;

// Appends the pieces of `json` with `edits` spliced in to `*out`; `spans` is what Decode recorded for that
// text. A member that is set keeps its place, or is appended if it was absent; every other byte stays as it
// was. No text is copied.
void Splice(std::string_view json, std::span<const MemberSpan> spans, std::span<const Edit> edits,
            const MessagePlan& plan, GatherList* out);

// Applies the same edits to a message of the plan's type. Fails as Decode does when a value does not fit its
// field.
[[nodiscard]] bool ApplyEdits(const MessagePlan& plan, std::span<const Edit> edits,
                              google::protobuf::Message* message, DecodeError* error);

}  // namespace portolan::codec
