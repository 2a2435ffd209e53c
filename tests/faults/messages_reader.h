#pragma once

// Reads answers of the Messages door as Anthropic's SDKs do.
// https://platform.claude.com/docs/en/api/messages-streaming, https://platform.claude.com/docs/en/api/errors

#include "tests/faults/caller.h"

namespace portolan::faults {

// An answer in one piece, or an error.
void ReadMessage(const test::TestAnswer& answer, Seen* seen);
void ReadMessageStream(const test::TestAnswer& answer, Seen* seen);

}  // namespace portolan::faults
