#pragma once

// What Perplexity's embeddings have otherwise than OpenAI's: vectors of numbers of 8 bits, or of bits, always
// in base64. Their messages are OpenAI's, which is what all else there speaks.
//
// Source: docs.perplexity.ai/api-reference/embeddings-post and docs/embeddings/best-practices, and recorded
// traffic.

#include <string_view>

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& PerplexityDialect();

// The style of its form for callers who ask for one of its own encodings by name, which they get as it comes.
inline constexpr std::string_view kPerplexityEncodings = "own encodings";

}  // namespace portolan::providers
