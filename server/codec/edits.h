#pragma once

#include <cstddef>
#include <span>

#include "server/codec/splice.h"

namespace portolan::codec {

// Whether a later edit has the same name; only the last one counts. Internal to server/codec.
bool IsOverruled(std::span<const Edit> edits, size_t index);

}  // namespace portolan::codec
