#pragma once

// What middleware says (verdicts.proto), checked: it comes from outside. Pure functions.

#include <google/protobuf/descriptor.h>

#include <cstddef>

#include "portolan/middleware/v1/verdicts.pb.h"
#include "server/middleware/middleware.h"

namespace portolan::middleware {

// Why there is no verdict.
Outcome Failed(std::string why);

// Takes over what `said` holds. A body must be JSON, or a message of the type that was told; of an answer to
// a request, the type that the call's operation is answered with. `max_body`, in bytes, holds for it too.
Outcome ReadVerdict(v1::Verdict said, const Event& asked, size_t max_body);

// The same of chunks. `told`: the type of the chunks that were told; null: JSON. Says nothing of the
// sequence.
Outcome ReadChunkVerdict(v1::ChunkVerdict said, const google::protobuf::Descriptor* told, size_t max_body);

}  // namespace portolan::middleware
