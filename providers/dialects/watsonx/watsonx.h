#pragma once

// IBM watsonx.ai: chat, which is OpenAI's but for the names of a few members and the path of streams, and
// embeddings, reranking and the list of models, typed in proto/watsonx/v1.
//
// Source: @ibm-cloud/watsonx-ai 1.7 (npm), ibm-watsonx-ai 1.8 (PyPI), and the answers that the tests of IBM's
// SDK for Java have recorded (github.com/IBM/watsonx-ai-java-sdk).

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& WatsonxDialect();

}  // namespace portolan::providers
