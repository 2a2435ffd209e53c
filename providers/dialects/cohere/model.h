#pragma once

#include <string_view>

namespace portolan::providers::cohere {

// Whether a model may reason before it answers. Those that are known not to refuse to be told how much; any
// other is taken to. Source: docs.cohere.com, "Models", November 2026.
bool MayReason(std::string_view model);

}  // namespace portolan::providers::cohere
