#pragma once

// Reranking where it has a form of its own. No provider speaks this alone: rows of providers that speak
// OpenAI's dialect, or none, name one of its styles. The wire formats are typed in proto/rerankers/v1, which
// names their sources.

#include <string_view>

#include "providers/dialect.h"

namespace portolan::providers {

// Styles.
inline constexpr std::string_view kRerankOfVoyage = "voyage";
inline constexpr std::string_view kRerankOfFireworks = "fireworks";
inline constexpr std::string_view kRerankOfMixedbread = "mixedbread";
inline constexpr std::string_view kRerankOfDeepInfra = "deepinfra";
// NVIDIA: a self-hosted NIM, and the API catalog, which has a host of its own.
inline constexpr std::string_view kRerankOfNim = "nim";
inline constexpr std::string_view kRerankOfNvidiaCatalog = "nvidia-catalog";
// DashScope's own API, for models that know texts, and for those that look at images.
inline constexpr std::string_view kRerankOfDashScope = "dashscope";
inline constexpr std::string_view kRerankOfDashScopeMedia = "dashscope-media";

const Dialect& RerankersDialect();

}  // namespace portolan::providers
