// The rpc by which callers reach what has no rpc of its own: both sides stream.

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "portolan/v1/relay.pb.h"
#include "server/base/relay_path.h"
#include "server/rpc/immediate.h"
#include "server/rpc/status.h"
#include "server/rpc/stream_call.h"

namespace portolan::rpc {
namespace {

using core::Delivered;

Error BadMessage(std::string message) { return Error::InvalidRequest("invalid_message", std::move(message)); }

// Messages of the caller are read one by one, as the body is asked for: while nobody asks, gRPC's flow
// control holds the caller back.
class RelayCall final : public StreamCall, private http::BodySource {
 public:
  RelayCall(const std::shared_ptr<Front>& front, const Method& method, Arrival arrival)
      : StreamCall(front, method, std::move(arrival)) {}

  net::Task<Delivered> StartRelay(core::ReplyHead head, std::optional<uint64_t> length) override {
    v1::RelayReply reply;
    reply.mutable_head()->set_status(head.status);
    reply.mutable_head()->set_content_type(std::string(head.content_type));
    if (length) reply.mutable_head()->set_content_length(*length);
    const bool started = co_await StartStream(std::move(head));
    if (!started) co_return false;
    co_return co_await Send(reply);
  }

  net::Task<Delivered> WriteRelay(std::string_view data) override {
    v1::RelayReply reply;
    reply.set_data(std::string(data));
    co_return co_await Send(reply);
  }

  net::Task<Delivered> EndRelay(const Error* error) override { return EndStream(error); }

  // What the provider says is an answer like any other.
  net::Task<Delivered> SendError(core::ReplyHead head, const Error& error,
                                 std::string_view provider_body) override {
    if (provider_body.empty()) co_return co_await StreamCall::SendError(std::move(head), error, {});
    bool delivered = co_await StartRelay(std::move(head), provider_body.size());
    if (delivered) delivered = co_await WriteRelay(provider_body);
    const bool ended = co_await EndRelay(nullptr);
    co_return delivered&& ended;
  }

 private:
  // The waiting coroutine, as the call knows it.
  struct Sleeper {
    Sleeper(RelayCall& the_call, net::Wait wait) : call(the_call), waiter(the_call.loop(), wait) {
      call.reader_ = &waiter;
    }
    ~Sleeper() { call.reader_ = nullptr; }
    RelayCall& call;
    net::Waiter waiter;
  };

  net::Task<void> Handle() override { return Converse(); }

  net::Task<void> Converse() {
    core::Inbound inbound;
    Describe(&inbound);
    const std::optional<Error> error = co_await ReadHead({inbound.deadline, &scope()});
    if (error) {
      Finish(ToGrpcStatus(*error));
      co_return;
    }
    inbound.headers = headers();
    inbound.message = &head_;
    inbound.method = head_.method();
    // Below the root, which the base URLs of providers have already.
    inbound.path = std::string_view(head_.path()).substr(kRelayRoot.size() - 1);
    inbound.body = HasBody() ? this : nullptr;
    co_await service().Handle(std::move(inbound), *this);
  }

  // Such a caller need not say that nothing follows.
  bool HasBody() const {
    const std::string& method = head_.method();
    return head_.content_length() > 0 || !head_.content_type().empty() ||
           !(method == "GET" || method == "HEAD" || method == "DELETE");
  }

  net::Task<std::optional<Error>> ReadHead(net::Wait wait) {
    v1::RelayRequest first;
    const Came came = co_await Next(wait, &first);
    if (came == Came::kNothing) co_return BadMessage("the rpc ended before its first message");
    if (came == Came::kGarbage || !first.has_head()) {
      co_return BadMessage("the first message of Relay must be a head");
    }
    head_ = std::move(*first.mutable_head());
    if (auto error = CheckRelay(head_.method(), head_.path())) co_return error;
    for (const std::string* text : {&head_.content_type(), &head_.accept()}) {
      const bool plain = std::all_of(text->begin(), text->end(), [](char c) { return c >= ' ' && c < 0x7f; });
      if (!plain) co_return BadMessage("content_type and accept are values of headers");
    }
    if (!head_.content_type().empty()) AddHeader({"content-type", head_.content_type()});
    if (!head_.accept().empty()) AddHeader({"accept", head_.accept()});
    co_return std::nullopt;
  }

  net::Task<Piece> Read(net::Wait wait) override {
    const Piece end{{}, true, false};
    const Piece failed{{}, false, true};
    while (true) {
      if (head_.has_content_length() && received_ == head_.content_length()) co_return end;
      v1::RelayRequest part;
      const Came came = co_await Next(wait, &part);
      if (came == Came::kNothing && received_ >= head_.content_length()) co_return end;
      if (came == Came::kNothing) {
        body_error_ = BadMessage("the body is shorter than its content_length");
      } else if (came == Came::kGarbage || !part.has_data()) {
        body_error_ = BadMessage("a message after the first of Relay must be data");
      } else if (came == Came::kMessage) {
        data_ = std::move(*part.mutable_data());
        received_ += data_.size();
        if (head_.has_content_length() && received_ > head_.content_length()) {
          body_error_ = BadMessage("the body is longer than its content_length");
        }
      }
      if (came == Came::kOver || body_error_) co_return failed;
      if (!data_.empty())
        co_return Piece{data_, head_.has_content_length() && received_ == head_.content_length(), false};
    }
  }

  std::optional<uint64_t> length() const override {
    return head_.has_content_length() ? std::optional<uint64_t>(head_.content_length()) : std::nullopt;
  }
  const std::optional<Error>& error() const override { return body_error_; }

  // kNothing: the caller sends no more; kOver: the wait has ended.
  enum class Came : uint8_t { kMessage, kGarbage, kNothing, kOver };

  net::Task<Came> Next(net::Wait wait, v1::RelayRequest* out) {
    if (ended_) co_return Came::kNothing;
    {
      // A read that nobody waited for any longer goes on.
      Sleeper sleeper(*this, wait);
      if (StartReading()) co_await sleeper.waiter;
    }
    BufferPtr message;
    {
      const std::lock_guard lock(read_mutex_);
      if (!arrived_) co_return Came::kOver;
      arrived_ = false;
      message = std::move(message_);
    }
    if (message == nullptr) {
      ended_ = true;
      co_return Came::kNothing;
    }
    co_return ParseBuffer(message.get(), out) ? Came::kMessage : Came::kGarbage;
  }

  // False if there is nothing to wait for.
  bool StartReading() {
    {
      const std::lock_guard lock(read_mutex_);
      if (arrived_) return false;
      if (std::exchange(reading_, true)) return true;
    }
    StartRead();
    return true;
  }

  // On a thread of gRPC's.
  void OnRead(BufferPtr message) override {
    {
      const std::lock_guard lock(read_mutex_);
      message_ = std::move(message);
      arrived_ = true;
      reading_ = false;
    }
    PostToShard([](Call* call) {
      auto& self = static_cast<RelayCall&>(*call);
      if (self.reader_ != nullptr) self.reader_->Notify();
    });
  }

  net::Task<Delivered> Send(const v1::RelayReply& reply) {
    const std::string wire = reply.SerializeAsString();
    const std::string_view piece = wire;
    co_return co_await WriteMessages({&piece, 1});
  }

  std::mutex read_mutex_;
  BufferPtr message_;  // guarded by read_mutex_, and so are:
  bool arrived_ = false;
  bool reading_ = false;

  // The shard's.
  v1::RelayRequestHead head_;
  std::string data_;  // given out last
  uint64_t received_ = 0;
  bool ended_ = false;
  std::optional<Error> body_error_;
  net::Waiter* reader_ = nullptr;
};

}  // namespace

void TakeRelayCall(const std::shared_ptr<Front>& front, const Method& method, Arrival arrival) {
  if (front->Full()) return Refuse(std::move(arrival), TooManyCalls());
  auto* const call = new RelayCall(front, method, std::move(arrival));
  call->Start();
}

}  // namespace portolan::rpc
