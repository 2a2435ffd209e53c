#pragma once

// Takes rpcs in from gRPC's core. Internal to server/rpc, as are the other headers here that include gRPC's.

#include <grpc/grpc.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "server/rpc/event_queue.h"

namespace portolan::rpc {

struct UnrefCall {
  void operator()(grpc_call* call) const { grpc_call_unref(call); }
};
struct DestroyBuffer {
  void operator()(grpc_byte_buffer* buffer) const { grpc_byte_buffer_destroy(buffer); }
};
using CallPtr = std::unique_ptr<grpc_call, UnrefCall>;
using BufferPtr = std::unique_ptr<grpc_byte_buffer, DestroyBuffer>;

// Owns the array only: what its elements point to belongs to the call.
class MetadataArray {
 public:
  MetadataArray() { grpc_metadata_array_init(&array_); }
  explicit MetadataArray(grpc_metadata_array array) : array_(array) {}
  MetadataArray(MetadataArray&& other) noexcept : array_(std::exchange(other.array_, {})) {}
  MetadataArray& operator=(MetadataArray&&) = delete;
  ~MetadataArray() { grpc_metadata_array_destroy(&array_); }

  const grpc_metadata* begin() const { return array_.metadata; }
  const grpc_metadata* end() const { return array_.metadata + array_.count; }
  size_t size() const { return array_.count; }

 private:
  grpc_metadata_array array_;
};

// Counts one rpc for as long as it exists.
class Ticket {
 public:
  Ticket() = default;
  explicit Ticket(std::atomic<int>& count) : count_(&count) { count.fetch_add(1, std::memory_order_relaxed); }
  Ticket(Ticket&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Ticket& operator=(Ticket&&) = delete;
  ~Ticket() {
    if (count_ != nullptr && count_->fetch_sub(1, std::memory_order_acq_rel) == 1) count_->notify_all();
  }

 private:
  std::atomic<int>* count_ = nullptr;
};

// An rpc that has just arrived. Views of its metadata are valid as long as `call`.
struct Arrival {
  Ticket ticket;  // the first member, so the last to go: everything else must be gone before the queues stop
  CallPtr call;
  gpr_timespec deadline;
  MetadataArray metadata;
  BufferPtr payload;  // the request, of rpcs that have exactly one; null: none came
};

enum class Kind : uint8_t { kUnary, kServerStream, kBidiStream };

// The rpcs of a server, by path. gRPC's generic service would do the same with one more operation per rpc.
class Acceptor {
 public:
  // Called on a queue's thread, which it must not block.
  using Handler = std::function<void(Arrival)>;

  // Adds an rpc. `path` is `/package.Service/Method`. REQUIRES: Register() has not been called.
  void Add(std::string_view path, Kind kind, Handler handler);
  // Registers the rpcs added. The acceptor must outlive the server.
  void Register(grpc::ServerBuilder& builder);
  // Hands arriving rpcs to their handlers from now on, until the server shuts down. REQUIRES: `server` and
  // `queues` were made with that builder.
  void Start(grpc::Server& server, const std::vector<std::unique_ptr<EventQueue>>& queues);
  // Blocks until every arrival is gone, as a queue that was stopped takes no operations. REQUIRES: the server
  // has shut down.
  void WaitForRpcs() const;

 private:
  class Methods;
  class Slot;
  struct Entry;
  std::shared_ptr<Methods> methods_ = NewMethods();
  static std::shared_ptr<Methods> NewMethods();
};

}  // namespace portolan::rpc
