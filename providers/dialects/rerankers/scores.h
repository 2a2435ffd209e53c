#pragma once

#include "providers/mapping.h"

namespace portolan::providers::rerankers {

// DeepInfra: from portolan.v1.RerankRequest to rerankers.v1.ScoreRequest, and from rerankers.v1.ScoreAnswer
// to portolan.v1.RerankResponse. It scores every document: `top_n` is named as dropped, and all results come.
class ScoresMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::rerankers
