#pragma once

// Members that the hub does not know, which a mapping changes. A known one of the wrong type, a null above
// all, is among them too: whoever sets its field removes it here, as no object may have a member twice.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "providers/dialects/common/json.h"

namespace portolan::providers {

inline void RemoveExtra(std::string_view name, Extras* extras) {
  extras->erase(std::remove_if(extras->begin(), extras->end(),
                               [&](const v1::Extra& one) { return one.name() == name; }),
                extras->end());
}

// The one member of this name has the value.
inline void SetExtra(std::string_view name, std::string json, Extras* extras) {
  RemoveExtra(name, extras);
  AddExtra(name, std::move(json), extras);
}

}  // namespace portolan::providers
