#pragma once

// What an answer rests on, as annotations.

#include <cstddef>
#include <string_view>
#include <vector>

#include "gemini/v1/response.pb.h"
#include "portolan/v1/message.pb.h"

namespace portolan::providers::gemini {

// The text of an answer, as far as it is known, and where in it each of the content's parts begins.
struct GroundedText {
  std::string_view text;
  const std::vector<size_t>& part_begins;  // in bytes
};

using Annotations = ::google::protobuf::RepeatedPtrField<::portolan::v1::Annotation>;

// Adds the pages that the grounding and the citations of a candidate (one JSON object each, or empty) name.
// Google counts bytes of a part, the hub characters of the text.
void TranslateGrounding(std::string_view grounding, const GroundedText& grounded, Annotations* to);
void TranslateCitations(std::string_view citations, const GroundedText& grounded, Annotations* to);

}  // namespace portolan::providers::gemini
