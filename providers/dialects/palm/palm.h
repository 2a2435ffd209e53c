#pragma once

// Google's PaLM API, version v1beta3 (google/ai/generativelanguage/v1beta3), typed in proto/palm/v1. Google
// has closed it; self-hosted servers may speak it.
//
// Chat, text completions and embeddings are translated for providers. README.md in this folder has the rules
// of the translation.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& PalmDialect();

}  // namespace portolan::providers
