#pragma once

// Two ways to encode, with the same result. Internal to the codec.
//
// Generated code serialises a message many times faster than reflection visits its fields, so small messages
// go by way of the wire format. But it also checks the UTF-8 of every string once more, at about 1 GB/s, and
// copies it; where text is most of the message, reflection is faster.

#include <cstddef>
#include <string>

#include "server/codec/codec.h"
#include "server/codec/plan.h"

namespace portolan::codec {

// `wire_size` is message.ByteSizeLong(), just called.
void EncodeByWire(const MessagePlan& plan, const pb::Message& message, size_t wire_size,
                  const EncodeOptions& options, std::string* out);
void EncodeByReflection(const MessagePlan& plan, const pb::Message& message, const EncodeOptions& options,
                        std::string* out);

}  // namespace portolan::codec
