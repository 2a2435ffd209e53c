#pragma once

// Cohere's API, version 2 (https://docs.cohere.com/v2/reference/chat), typed in proto/cohere/v1.
//
// Chat, embeddings, reranking and models are translated for providers. README.md in this folder has the rules
// of the translation, member by member.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& CohereDialect();

}  // namespace portolan::providers
