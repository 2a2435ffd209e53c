#pragma once

// What codec::Encode does, by reflection: slow, and written apart from it, so that the two can be compared.

#include <string>

#include "google/protobuf/message.h"
#include "server/codec/codec.h"

namespace portolan::codec {

void EncodeByReflection(const MessagePlan& plan, const google::protobuf::Message& message,
                        const EncodeOptions& options, std::string* out);

}  // namespace portolan::codec
