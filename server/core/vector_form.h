#pragma once

// Vectors as the caller asked for them. OpenAI's SDKs ask for base64 unless they are told otherwise, and some
// read whatever comes as such; many servers of the dialect know numbers alone. Internal to core/.

#include <string_view>

#include "server/core/call_state.h"

namespace portolan::core {

// Whether an answer that is to be relayed has its vectors the other way: numbers where base64 was asked for,
// or floats in base64 where it was not. Looks at no more of `body`, a good answer of the provider's, than its
// first vector; where that is written as it was asked for, no further than to where it begins. False for what
// was asked for by any other name.
bool HasOtherVectors(CallState& call, std::string_view body);

// Writes the vectors of a typed answer as the caller asked. Answers of other operations stay as they are.
void WriteVectorsAsAsked(CallState& call, google::protobuf::Message* answer);

}  // namespace portolan::core
