#pragma once

#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::cohere {

// The list of models: cohere.v1.ListModelsResponse becomes portolan.v1.ModelList.
class ListModelsMapping final : public Mapping {
 public:
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

// One model: cohere.v1.Model becomes portolan.v1.Model.
class GetModelMapping final : public Mapping {
 public:
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::cohere
