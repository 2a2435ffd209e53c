#pragma once

#include <string_view>

namespace portolan::providers::cohere {

// Whether a model may reason before it answers. False only for models that are known not to, which refuse to
// be told how much. Source: docs.cohere.com, "Models", November 2026.
bool MayReason(std::string_view model);

}  // namespace portolan::providers::cohere
