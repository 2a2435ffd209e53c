#pragma once

// Amazon Bedrock's Converse API
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html), typed in
// proto/bedrock/v1.
//
// Chat is translated for providers. README.md in this folder has the rules of the translation, member by
// member.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& BedrockDialect();

}  // namespace portolan::providers
