#pragma once

// Drives the Anthropic adapter as the gateway does, JSON in and JSON out through the codec. The JSON is
// compared as nlohmann's, which knows nothing of the code under test.

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/provider.h"
#include "providers/registry.h"
#include "server/base/error.h"
#include "server/codec/codec.h"

namespace portolan::providers::anthropic {

class Harness {
 public:
  Harness();

  struct Request {
    nlohmann::json wire;
    std::string text;  // of `wire`, as it would be sent
    DroppedMembers dropped;
    std::vector<HeaderField> options;  // of the provider, that it needs
    std::optional<Error> error;
  };
  // The call's model is the `model` of the request.
  Request Encode(const nlohmann::json& hub, CallFacts facts = {}) const {
    return EncodeText(hub.dump(), facts);
  }
  Request EncodeText(std::string_view hub, CallFacts facts = {}) const;

  struct Answer {
    nlohmann::json hub;
    std::optional<Error> error;
  };
  Answer Decode(std::string_view wire, CallFacts facts = {}) const;
  Answer DecodeModels(std::string_view wire, std::string_view operation) const;

  // One streamed answer. Events are given as the data of SSE events.
  class Stream {
   public:
    Stream(const Harness& harness, CallFacts facts);
    // Returns false once nothing more is to be fed.
    bool Feed(std::string_view event);
    void End();  // the upstream has ended in good order
    TokenUsage tokens() const { return events_->Tokens(); }

    std::vector<nlohmann::json> chunks;
    std::optional<Error> error;
    bool done = false;

   private:
    class Sink;
    void Take(const Sink& sink);

    const Harness& harness_;
    std::unique_ptr<EventsToHub> events_;
  };

  const Provider& provider() const { return *registry_->Find("anthropic"); }
  const Form& form(std::string_view operation) const { return *provider().Find(operation); }
  const codec::MessagePlan& Plan(const google::protobuf::Descriptor* type) const;

 private:
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<codec::Codec> codec_;
};

}  // namespace portolan::providers::anthropic
