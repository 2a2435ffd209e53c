#pragma once

#include "providers/mapping.h"

namespace portolan::providers::rerankers {

// DashScope's own API: from portolan.v1.RerankRequest to rerankers.v1.EnvelopedRequest, and from
// rerankers.v1.EnvelopedAnswer to portolan.v1.RerankResponse.
class EnvelopedMapping final : public Mapping {
 public:
  // `objects`: the query and the documents are objects, which may have images and videos; otherwise texts.
  explicit EnvelopedMapping(bool objects) : objects_(objects) {}

  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;

 private:
  const bool objects_;
};

}  // namespace portolan::providers::rerankers
