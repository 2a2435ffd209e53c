#pragma once

#include <optional>

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

}  // namespace portolan::providers::anthropic
