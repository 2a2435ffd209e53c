#pragma once

#include "providers/dialect.h"

namespace portolan::providers::anthropic {

// What callers of Anthropic's dialect are told of errors: as the body of an answer, and as an event `error`
// that ends a stream. Source of the shape: https://platform.claude.com/docs/en/api/errors and the classes of
// @anthropic-ai/sdk, which look for a finer code under `error.details.error_code`.
const Door& TheDoor();

// Anthropic's word for errors of an HTTP status.
std::string_view ErrorType(int http_status);

}  // namespace portolan::providers::anthropic
