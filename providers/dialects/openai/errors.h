#pragma once

// OpenAI's errors: `{"error":{"message","type","param","code"}}`, as the body of an answer and as an event of
// a stream.

#include "providers/dialect.h"

namespace portolan::providers::openai {

const Door& TheDoor();

}  // namespace portolan::providers::openai
