#pragma once

#include <string>

#include "server/settings.h"

namespace portolan {

// Why `now`, which is good, shall not take the place of `in_use`: what it takes away is more likely lost than
// meant to go, as where the file was emptied or cut short. Empty if nothing speaks against it. Both come from
// the config file.
//
// Refused are a file that says nothing where the one in use says something; one that takes away the last key
// of callers, unless `keys_may_go`; and the beginning of the one in use, if it ends within a line or within
// the entry of a caller, provider or route: `base_url: https://a.example` may have been longer, and a caller
// without `routes` may use them all.
std::string LossOf(const Settings& in_use, const Settings& now);

}  // namespace portolan
