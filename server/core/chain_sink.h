#pragma once

// Where answers pass middleware on their way to the caller. Internal to core/.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/core/call_chain.h"
#include "server/core/reply.h"

namespace portolan::core {

class ChainStream;

// The front's sink, with the chain before it. Without a middleware that wants the answer everything goes on
// as it comes. A whole answer is asked about before it leaves, and a denied one becomes an error; of a
// relayed answer that can be read all is held until it has been looked at.
class ChainSink final : public ReplySink {
 public:
  explicit ChainSink(CallChain& chain);
  ~ChainSink() override;

  bool typed() const override { return chain_.out().typed(); }
  net::Task<Delivered> SendJson(ReplyHead head, std::span<const std::string_view> pieces) override;
  net::Task<Delivered> SendMessage(ReplyHead head, std::string_view wire) override;
  net::Task<Delivered> SendError(ReplyHead head, const Error& error, std::string_view provider_body) override;
  net::Task<Delivered> StartStream(ReplyHead head) override;
  net::Task<Delivered> WriteBytes(std::span<const std::string_view> pieces) override;
  net::Task<Delivered> WriteMessages(std::span<const std::string_view> wires) override;
  net::Task<Delivered> EndStream(const Error* error) override;
  net::Task<Delivered> StartRelay(ReplyHead head, std::optional<uint64_t> length) override;
  net::Task<Delivered> WriteRelay(std::string_view data) override;
  net::Task<Delivered> EndRelay(const Error* error) override;

  // Waits until nothing is under way here.
  net::Task<void> Close();
  // What the caller was told.
  int status() const { return status_; }

 private:
  net::Task<Delivered> AskWhole(ReplyHead head, ChainBody body);
  // Asks all, the last first. An error ends it.
  net::Task<std::optional<Error>> AskAll(int status, ChainBody* body);
  net::Task<Delivered> Refuse(Error error);
  net::Task<Delivered> Break(Error error);
  net::Task<Delivered> StartUnread(ReplyHead head, std::optional<uint64_t> length);
  net::Task<Delivered> EndHeld(const Error* error);
  static net::Task<Delivered> Say(Delivered delivered) { co_return delivered; }

  CallChain& chain_;
  int status_ = 0;
  std::shared_ptr<ChainStream> stream_;
  // Of a relayed answer that is held.
  std::optional<ReplyHead> held_head_;
  std::string held_;
  bool refused_ = false;  // the caller has had an error in place of a relayed answer
};

}  // namespace portolan::core
