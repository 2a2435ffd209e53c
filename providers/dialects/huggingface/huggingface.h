#pragma once

// What Hugging Face's own inference API says in words of its own: embeddings (feature extraction), typed in
// proto/huggingface/v1. All else there speaks OpenAI's dialect.
//
// Source: @huggingface/inference 4.x (npm), providers/hf-inference.js, and @huggingface/tasks,
// tasks/feature-extraction.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& HuggingFaceDialect();

}  // namespace portolan::providers
