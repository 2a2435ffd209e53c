#pragma once

// What each part of an answer becomes in the hub.

#include <cstdint>
#include <string>
#include <string_view>

#include "gemini/v1/content.pb.h"
#include "portolan/v1/content_block.pb.h"

namespace portolan::providers::gemini {

enum class PartKind : uint8_t {
  kText,
  kThought,
  kCall,
  kImage,
  kSound,
  kSignature,  // nothing but a signature
  kNothing,    // not even that
  kForeign,    // the hub's messages have no place for it: Google's own tools, files
};
PartKind KindOf(const ::gemini::v1::Part& part);

// A part as JSON.
std::string PartJson(const ::gemini::v1::Part& part);

// A part as an ordered block. `call_id` is for calls. What has no block becomes
// `{"type":"google_part","part":{…}}`, with the part as it came.
void FillBlock(const ::gemini::v1::Part& part, std::string_view call_id, ::portolan::v1::ContentBlock* block);

// An image as an element of `images`, in the form in which gateways give what models draw. SDKs put streams
// together by `index`.
std::string ImageJson(const ::gemini::v1::Part& part, int index);

}  // namespace portolan::providers::gemini
