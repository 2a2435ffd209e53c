#pragma once

#include <cstddef>
#include <span>

#include "server/codec/splice.h"

namespace portolan::codec {

// True if a later edit has the same name: only the last counts.
bool IsOverruled(std::span<const Edit> edits, size_t index);

}  // namespace portolan::codec
