#pragma once

// The service behind both doors: authenticates the caller, chooses a target, performs the attempt, answers.

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "server/base/block_pool.h"
#include "server/base/byte_budget.h"
#include "server/core/middleware_set.h"
#include "server/core/operations.h"
#include "server/core/record.h"
#include "server/core/service.h"
#include "server/core/snapshot.h"
#include "server/routing/engine.h"
#include "server/upstream/client.h"

namespace portolan::core {

// What every shard's service shares. Immutable; outlives the services.
struct ServiceConfig {
  const Operations* operations = nullptr;
  size_t max_answer_bytes = 256u << 20;  // of a unary answer, which is held whole before it is passed on
  size_t max_error_bytes = 1u << 20;     // of an error answer
  size_t max_body_bytes = 64u << 20;     // of a relayed request that is held
  uint64_t max_relay_body_bytes = 0;     // of one that is not; 0: there is no limit
  ByteBudget* held = nullptr;            // what large bodies count against; null: they are not counted
  // How long a stream without content is held back, at most, while another attempt may follow.
  std::chrono::milliseconds longest_hold{15'000};
  // A REST stream in which nothing was sent for this long gets a comment; 0: none.
  std::chrono::milliseconds heartbeat{15'000};
  // If false, requests that stay in one dialect are decoded and encoded again instead of being spliced. For
  // tests of fidelity.
  bool splice = true;
};

class CheckAsker;
class TokenSource;

// What belongs to one shard.
struct ServiceShard {
  net::Loop* loop = nullptr;
  upstream::Client* client = nullptr;
  CallObserver* observer = nullptr;
  std::function<int64_t()> unix_seconds;
  routing::Engine::Random random;
  // The call's trace id: from its headers, or a new one.
  std::function<std::string(std::span<const HeaderView>)> trace_id;
  BlockPool blocks;                       // of its calls' arenas
  MiddlewareFactory new_middleware = {};  // null: there is none
  TokenSource* tokens = nullptr;          // the service's own
  CheckAsker* checks = nullptr;           // likewise
};

class GatewayService : public Service {
 public:
  // Calls that begin from now on use `snapshot`; those under way keep theirs. For the shard's thread.
  virtual void Use(std::shared_ptr<const Snapshot> snapshot) = 0;
};

std::unique_ptr<GatewayService> NewGatewayService(const ServiceConfig& config, ServiceShard shard,
                                                  std::shared_ptr<const Snapshot> snapshot);

}  // namespace portolan::core
