#pragma once

#include <string>

#include "gemini/v1/response.pb.h"
#include "portolan/v1/usage.pb.h"

namespace portolan::providers::gemini {

// Tokens in OpenAI's reckoning: prompts of Google's own tools belong to the prompt, thoughts to the answer.
// A count that is missing follows from the others, if the total is there.
void TranslateUsage(const ::gemini::v1::UsageMetadata& from, ::portolan::v1::Usage* to);

// OpenAI's word for the tier that served the call; empty if the provider does not tell.
std::string ServiceTier(const ::gemini::v1::UsageMetadata& usage);

// Takes over what a later report of a stream says.
void MergeUsage(const ::gemini::v1::UsageMetadata& report, ::gemini::v1::UsageMetadata* total);

}  // namespace portolan::providers::gemini
