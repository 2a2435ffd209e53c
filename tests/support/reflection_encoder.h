#pragma once

// Does what codec::Encode does, but by reflection: slow, and written independently, so that the two can be
// compared.

#include <string>

#include "google/protobuf/message.h"
#include "server/codec/codec.h"

namespace portolan::codec {

void EncodeByReflection(const MessagePlan& plan, const google::protobuf::Message& message,
                        const EncodeOptions& options, std::string* out);

}  // namespace portolan::codec
