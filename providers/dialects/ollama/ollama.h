#pragma once

// Ollama's own API, for what its OpenAI-compatible one has no word for: how the model is run (`num_ctx`), how
// long it stays in memory. The wire format is that of ollama 0.6 (npm), as typed in proto/ollama/v1; streams
// are newline-delimited JSON.

#include <string_view>

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& OllamaDialect();

// The members of a chat that only this API takes, with `|` between them. So are pictures by URLs of the web
// (kPicturesOfTheWeb), which the other API answers with 400, "invalid image input": for this one they are
// fetched.
inline constexpr std::string_view kOllamaMembers =
    "image_url|options|keep_alive|think|format|num_ctx|num_predict|num_keep|num_batch|num_gpu|main_gpu|num_"
    "thread|numa|"
    "low_vram|"
    "f16_kv|use_mmap|use_mlock|logits_all|vocab_only|embedding_only|top_k|min_p|tfs_z|typical_p|repeat_last_"
    "n|"
    "repeat_penalty|mirostat|mirostat_tau|mirostat_eta|penalize_newline";

}  // namespace portolan::providers
