#pragma once

#include <string>
#include <string_view>

#include "server/base/error.h"

namespace portolan::core {

// Appends `{"error":{"message","type","code","param","portolan":{…}}}`, the shape that OpenAI's SDKs read,
// with what the gateway knows besides under `portolan`. docs/errors.md describes it.
void AppendErrorBody(const Error& error, std::string* out);

// What AppendErrorBody puts under `portolan`, alone and in ASCII: for the x-portolan-error header beside a
// provider's untouched body.
std::string ErrorDetail(const Error& error);

// True if `body` is an object with an object under `error` that has a string `message`: an error in OpenAI's
// shape.
bool IsOpenAiError(std::string_view body);

}  // namespace portolan::core
