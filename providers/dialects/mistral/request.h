#pragma once

#include <string>
#include <string_view>

#include "portolan/v1/chat_request.pb.h"
#include "providers/call.h"

namespace portolan::providers::mistral {

// Says a chat request in OpenAI's words, in place, as Mistral's types have it. README.md lists what changes;
// names and words that differ by themselves are rules of the row. `model`: as Mistral will see it.
void FitRequest(std::string_view model, v1::ChatCompletionRequest* request, DroppedMembers* dropped);

// Vertex AI's names may end in a version (`mistral-large@2407`), which stands in the path alone: takes it
// off, as Mistral's client for Google Cloud does. Nobody else's have an `@`.
void TakeVersionOff(std::string* model);

}  // namespace portolan::providers::mistral
