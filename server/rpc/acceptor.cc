#include "server/rpc/acceptor.h"

#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/server_builder.h>

#include <deque>
#include <string>

namespace portolan::rpc {
namespace {

using grpc::internal::RpcMethod;
using grpc::internal::RpcServiceMethod;

// How many rpcs of one method may arrive before the first of them is looked at; more wait a moment. A larger
// number would cost: gRPC looks for each tag among all that are under way.
constexpr int kSlots = 4;

RpcMethod::RpcType TypeOf(Kind kind) {
  switch (kind) {
    case Kind::kUnary:
      break;
    case Kind::kServerStream:
      return RpcMethod::SERVER_STREAMING;
    case Kind::kBidiStream:
      return RpcMethod::BIDI_STREAMING;
  }
  return RpcMethod::NORMAL_RPC;
}

}  // namespace

struct Acceptor::Entry {
  std::string path;  // gRPC keeps a pointer to it
  Kind kind;
  Handler handler;
  RpcServiceMethod* method;  // the service's
};

// Registered the way generated code registers itself, with requests and responses as bytes.
class Acceptor::Methods final : public grpc::Service {
 public:
  void Add(std::string_view path, Kind kind, Handler handler) {
    Entry& entry = entries_.emplace_back(Entry{std::string(path), kind, std::move(handler), nullptr});
    entry.method = new RpcServiceMethod(entry.path.c_str(), TypeOf(kind), nullptr);
    AddMethod(entry.method);
    MarkMethodRaw(static_cast<int>(entries_.size()) - 1);
  }
  const std::deque<Entry>& entries() const { return entries_; }
  std::atomic<int>& rpcs() { return rpcs_; }

 private:
  std::deque<Entry> entries_;
  std::atomic<int> rpcs_ = 0;
};

// A place for one rpc to come to: asked for again as soon as it is taken. Deletes itself when the server
// shuts down.
class Acceptor::Slot final : public Event {
 public:
  Slot(const Entry& entry, std::atomic<int>& rpcs, grpc_server* server, grpc_completion_queue* queue)
      : entry_(entry), rpcs_(rpcs), server_(server), queue_(queue) {}

  void Ask() {
    call_ = nullptr;
    payload_ = nullptr;
    grpc_metadata_array_init(&metadata_);
    grpc_byte_buffer** const payload = entry_.kind == Kind::kBidiStream ? nullptr : &payload_;
    const grpc_call_error error = grpc_server_request_registered_call(
        server_, entry_.method->server_tag(), &call_, &deadline_, &metadata_, payload, queue_, queue_, this);
    // If the server has shut down meanwhile, the event says so.
    if (error != GRPC_CALL_OK) delete this;
  }

  void Run(bool ok) override {
    if (!ok) {
      grpc_metadata_array_destroy(&metadata_);
      delete this;
      return;
    }
    Arrival arrival{Ticket(rpcs_), CallPtr(call_), deadline_, MetadataArray(metadata_), BufferPtr(payload_)};
    const Handler& handler = entry_.handler;
    Ask();
    handler(std::move(arrival));
  }

 private:
  const Entry& entry_;
  std::atomic<int>& rpcs_;
  grpc_server* const server_;
  grpc_completion_queue* const queue_;
  grpc_call* call_ = nullptr;
  gpr_timespec deadline_;
  grpc_metadata_array metadata_;
  grpc_byte_buffer* payload_ = nullptr;
};

std::shared_ptr<Acceptor::Methods> Acceptor::NewMethods() { return std::make_shared<Methods>(); }

void Acceptor::Add(std::string_view path, Kind kind, Handler handler) {
  methods_->Add(path, kind, std::move(handler));
}

void Acceptor::Register(grpc::ServerBuilder& builder) { builder.RegisterService(methods_.get()); }

void Acceptor::Start(grpc::Server& server, const std::vector<std::unique_ptr<EventQueue>>& queues) {
  for (const auto& queue : queues) {
    for (const Entry& entry : methods_->entries()) {
      for (int i = 0; i < kSlots; ++i)
        (new Slot(entry, methods_->rpcs(), server.c_server(), queue->core()))->Ask();
    }
  }
}

void Acceptor::WaitForRpcs() const {
  const std::atomic<int>& rpcs = methods_->rpcs();
  for (int count = rpcs.load(); count != 0; count = rpcs.load()) rpcs.wait(count);
}

}  // namespace portolan::rpc
