#pragma once

#include <string>

#include "server/settings.h"

namespace portolan {

// Why `now`, though valid, should not replace `in_use`: what it takes away has more likely been lost than
// removed on purpose, as when the file was emptied or cut short. Empty if there is no objection. Both come
// from the config file.
//
// It objects to:
//
//   - a file that says nothing, if the one in use says something;
//   - one that takes away the last key of callers, unless `keys_may_go`;
//   - one that is the beginning of the file in use and ends within a line or within the entry of a caller,
//     provider or route: `base_url: https://a.example` may have been longer, and a caller without `routes`
//     may use them all.
std::string LossOf(const Settings& in_use, const Settings& now);

}  // namespace portolan
