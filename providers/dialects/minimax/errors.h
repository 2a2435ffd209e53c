#pragma once

#include <optional>

#include "providers/dialects/common/json.h"
#include "server/base/error.h"

namespace portolan::providers::minimax {

// The error that an answer with a good status is: its member `base_resp` has a `status_code` other than 0,
// and the words are its `status_msg`. A refused key is told as the provider's fault: see ClassifyRefusedKey.
// Source of the codes: platform.minimax.io/docs/api-reference/errorcode.
std::optional<Error> ErrorInAnswer(const Extras& extras);

}  // namespace portolan::providers::minimax
