#pragma once

#include "server/middleware/middleware.h"

namespace portolan::middleware {

// For a middleware that is not asked about chunks.
class NoStream final : public ChunkStream {
 public:
  void Send(uint64_t /*sequence*/, const BodyView& /*body*/) override {}
  void End(uint64_t /*sequence*/, const Usage& /*usage*/, std::string_view /*error_code*/) override {}
  std::optional<ChunkNews> Take() override {
    return ChunkNews{0, {std::nullopt, "it is not asked about chunks"}};
  }
};

}  // namespace portolan::middleware
