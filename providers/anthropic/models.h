#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "providers/provider.h"

namespace portolan::providers::anthropic {

// GET /v1/models: one page of 1000, which is more than there are. The requests have no body.
class ListModelsTranslator final : public Translator {
 public:
  const Message* request_type() const override { return nullptr; }
  const Message* response_type() const override;
  std::optional<Error> EncodeRequest(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> DecodeResponse(const Message& wire, const CallFacts& facts,
                                      Message* hub) const override;
  std::unique_ptr<StreamTranslator> NewStream(const CallFacts&) const override { return nullptr; }
};

// GET /v1/models/{id}.
class GetModelTranslator final : public Translator {
 public:
  const Message* request_type() const override { return nullptr; }
  const Message* response_type() const override;
  std::optional<Error> EncodeRequest(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> DecodeResponse(const Message& wire, const CallFacts& facts,
                                      Message* hub) const override;
  std::unique_ptr<StreamTranslator> NewStream(const CallFacts&) const override { return nullptr; }
};

// Seconds since 1970 of an RFC 3339 time in UTC, such as `2026-06-07T00:00:00Z`; nullopt for anything else.
std::optional<int64_t> ParseUtcTime(std::string_view text);

}  // namespace portolan::providers::anthropic
