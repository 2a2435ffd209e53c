#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "providers/mapping.h"

namespace portolan::providers::anthropic {

// GET /v1/models: one page of 1000, which is more than there are. The requests have no body.
class ListModelsMapping final : public Mapping {
 public:
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

// GET /v1/models/{id}.
class GetModelMapping final : public Mapping {
 public:
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

// Seconds since 1970 of an RFC 3339 time in UTC, such as `2026-06-07T00:00:00Z`; nullopt for anything else.
std::optional<int64_t> ParseUtcTime(std::string_view text);

}  // namespace portolan::providers::anthropic
