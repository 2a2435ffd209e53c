#pragma once

// Google's Gemini API (https://ai.google.dev/api), typed in proto/gemini/v1.
//
// Chat, embeddings and the lists of models are translated for callers of the hub. Nobody calls the gateway in
// this dialect yet. README.md in this folder has the rules of the translation, member by member.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& GoogleDialect();

}  // namespace portolan::providers
