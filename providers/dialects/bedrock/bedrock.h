#pragma once

// Amazon Bedrock's runtime (https://docs.aws.amazon.com/bedrock/latest/APIReference), typed in
// proto/bedrock/v1: Converse, and InvokeModel for embeddings.
//
// Chat and embeddings are translated for providers. README.md in this folder has the rules of the
// translation, member by member.

#include <string_view>

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& BedrockDialect();

// Where InvokeModel tells the tokens of a request, whatever the model.
inline constexpr std::string_view kInputTokensHeader = "x-amzn-bedrock-input-token-count";

}  // namespace portolan::providers
