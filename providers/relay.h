#pragma once

// Calls that nobody translates: which of them a provider takes.

#include <string>
#include <string_view>
#include <vector>

namespace portolan::providers {

// The family of OpenAI's API that a path below the API's root belongs to: `threads` for
// `/threads/thread_1/runs`. Empty if it belongs to none of those that are kept at the provider, object by
// object, so that a provider either has them all or knows nothing of them.
std::string_view ObjectFamily(std::string_view path);

// All of them.
std::vector<std::string> AllObjectFamilies();

}  // namespace portolan::providers
