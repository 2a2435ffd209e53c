#pragma once

// Drives the callers' half of the dialect as the gateway does, JSON in and JSON out through the codec. Every
// stream goes through the rules of EventOrder.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "anthropic/v1/request.pb.h"
#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {

class CallerHarness {
 public:
  struct Request {
    nlohmann::json hub;  // as any provider's mapping finds it
    std::string text;    // of `hub`
    DroppedMembers dropped;
    std::optional<Error> error;
  };
  Request ToHub(const nlohmann::json& wire, CallFacts facts = {}) const {
    return ToHubText(wire.dump(), facts);
  }
  Request ToHubText(std::string_view wire, CallFacts facts = {}) const;
  // The same, and then what a provider of the hub's dialect would be sent.
  Request ToOpenAi(const nlohmann::json& wire, CallFacts facts = {}) const;

  nlohmann::json Answer(const nlohmann::json& hub, CallFacts facts = {}) const;

  struct Streamed {
    std::vector<nlohmann::json> events;
    nlohmann::json message;  // what the SDKs make of them
  };
  // Says the chunks, each batch of which is written before the next is read.
  Streamed Stream(const std::vector<nlohmann::json>& chunks, CallFacts facts = {}) const;

  const Harness& providers_half() const { return harness_; }

 private:
  bool Decode(std::string_view json, Message* out) const;
  std::string Encode(const Message& message) const;

  const Harness harness_;
};

const CallerHarness& TheCallerHarness();

}  // namespace portolan::providers::anthropic
