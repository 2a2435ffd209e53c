#pragma once

// What the calls of one gRPC server share.

#include <atomic>
#include <memory>
#include <vector>

#include "server/base/block_pool.h"
#include "server/core/call.h"
#include "server/rpc/rpc_server.h"
#include "server/telemetry/ids.h"

namespace portolan::rpc {

// One shard, as the front sees it.
struct Lane {
  explicit Lane(Shard the_shard) : shard(the_shard) {}

  const Shard shard;
  // Only for the shard's thread.
  BlockPool blocks;
  telemetry::IdGenerator ids;
};

// Owned jointly by the server and every call, so that the last of them frees it. Thread-safe once built.
struct Front {
  std::vector<std::unique_ptr<Lane>> lanes;
  std::atomic<uint32_t> next_lane = 0;
  std::atomic<int> active = 0;  // calls not yet over
  int max_calls = 0;
  bool tls = false;  // so callers may have certificates
  // When Shutdown cancels the calls still in flight; kNever: not shutting down.
  std::atomic<net::TimePoint> cut_off = net::kNever;

  bool Full() const { return active.load(std::memory_order_relaxed) >= max_calls; }
  Lane& NextLane() { return *lanes[next_lane.fetch_add(1, std::memory_order_relaxed) % lanes.size()]; }
};

// What an rpc does.
struct Method {
  const core::OperationSpec* operation = nullptr;
  bool streaming = false;
};

}  // namespace portolan::rpc
