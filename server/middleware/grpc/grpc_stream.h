#pragma once

// The chunks of one answer, as a gRPC middleware is told them.

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/middleware/grpc/connection.h"
#include "server/middleware/grpc/description.h"
#include "server/middleware/grpc/stream_call.h"
#include "server/middleware/middleware.h"

namespace portolan::middleware {

// Streams that the gateway is done with. Their services may still end them in their own time: what they do
// after their last verdict is their business. There is room for as many as end at nearly the same time; the
// oldest is cancelled for a new one.
class Leavers {
 public:
  Leavers() = default;
  Leavers(const Leavers&) = delete;
  Leavers& operator=(const Leavers&) = delete;
  ~Leavers();

  // REQUIRES: the call was left.
  void Add(const std::shared_ptr<StreamCall>& call);

 private:
  std::deque<std::weak_ptr<StreamCall>> calls_;
};

class GrpcStream final : public ChunkStream {
 public:
  GrpcStream(Connection& connection, Description& description, Leavers& leavers, const CallInfo& call,
             int status, std::function<void()> on_news);
  ~GrpcStream() override;

  void Send(uint64_t sequence, const BodyView& body) override;
  void End(uint64_t sequence, const Usage& usage, std::string_view error_code) override;
  std::optional<ChunkNews> Take() override;

 private:
  ChunkNews Read(const StreamCall::Heard& heard);
  // Whether a verdict may speak of chunks up to `sequence`, of which the service had been told `told`.
  bool MaySpeakOf(uint64_t sequence, Verdict::Action action, uint64_t told) const;
  ChunkNews Fail(std::string why);
  // The stream is over for the gateway.
  void Finish();

  Connection& connection_;
  Description& description_;
  Leavers& leavers_;
  const std::shared_ptr<StreamCall> call_;
  const google::protobuf::Descriptor* told_type_ = nullptr;  // of typed chunks
  std::string failure_;                                      // of what could not be sent
  uint64_t verdicts_ = 0;
  uint64_t released_ = 0;
  std::optional<uint64_t> end_;  // its sequence
  bool over_ = false;
};

}  // namespace portolan::middleware
