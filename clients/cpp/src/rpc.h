#ifndef PORTOLAN_CLIENT_RPC_H_
#define PORTOLAN_CLIENT_RPC_H_

#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/sync_stream.h>

#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "connection.h"

// The four ways to make a call: to wait or to be called back, for one answer or for a stream. `Start` begins
// the rpc by a generated stub.
namespace portolan::internal {

inline void WaitUntilConnected(Call& call) {
  const auto connected = std::make_shared<std::promise<void>>();
  call.WhenConnected([connected] { connected->set_value(); });
  connected->get_future().wait();
}

// Start: grpc::Status(grpc::ClientContext*, const Request&, Answer*).
template <typename Answer, typename Request, typename Start>
Result<Answer> WaitForAnswer(const std::shared_ptr<Connection>& connection, const Request& request,
                             const CallOptions& options, Start start) {
  Call call(connection, options);
  if (call.unsendable()) return *call.unsendable();
  WaitUntilConnected(call);
  Answer answer;
  const grpc::Status status = start(call.context(), request, &answer);
  if (!status.ok()) return call.ErrorOf(status);
  call.TellHeaders();
  return answer;
}

// One answer for a callback. Deletes itself when it has given it.
template <typename Answer, typename Request>
class AnswerCall {
 public:
  AnswerCall(std::shared_ptr<Connection> connection, Request request, OnAnswer<Answer> on_answer,
             CallOptions options)
      : calls_(connection->calls()),
        call_(std::move(connection), std::move(options)),
        request_(std::move(request)),
        on_answer_(std::move(on_answer)) {
    calls_->Enter();
  }

  // Start: void(grpc::ClientContext*, const Request*, Answer*, std::function<void(grpc::Status)>).
  template <typename Start>
  void Begin(Start start) {
    if (call_.unsendable()) {
      End(*call_.unsendable());
      return;
    }
    call_.WhenConnected([this, start] {
      start(call_.context(), &request_, &answer_, [this](const grpc::Status& status) {
        if (!status.ok()) {
          End(call_.ErrorOf(status));
          return;
        }
        call_.TellHeaders();
        End(std::move(answer_));
      });
    });
  }

 private:
  void End(Result<Answer> result) {
    on_answer_(std::move(result));
    const auto calls = calls_;
    delete this;
    calls->Leave();
  }

  std::shared_ptr<Calls> calls_;
  Call call_;
  Request request_;
  Answer answer_;
  OnAnswer<Answer> on_answer_;
};

// A stream for a loop. Start: std::unique_ptr<grpc::ClientReader<Piece>>(grpc::ClientContext*, const
// Request&).
template <typename Piece, typename Request, typename Start>
class LoopSource final : public Source<Piece> {
 public:
  LoopSource(std::shared_ptr<Connection> connection, Request request, CallOptions options, Start start)
      : call_(std::move(connection), std::move(options)),
        request_(std::move(request)),
        start_(std::move(start)) {}

  ~LoopSource() override {
    if (!reader_ || is_over_) return;
    call_.Cancel();
    // What the call ends in is of no interest to anybody; gRPC wants to be asked all the same.
    [[maybe_unused]] const grpc::Status status = reader_->Finish();
  }

  std::optional<Result<Piece>> Next() override {
    if (is_over_) return std::nullopt;
    if (call_.unsendable()) {
      is_over_ = true;
      return *call_.unsendable();
    }
    if (!reader_) {
      WaitUntilConnected(call_);
      reader_ = start_(call_.context(), request_);
    }
    Piece piece;
    const bool is_read = reader_->Read(&piece);
    if (is_read) {
      TellHeaders();
      return Result<Piece>(std::move(piece));
    }
    is_over_ = true;
    const grpc::Status status = reader_->Finish();
    if (!status.ok()) return call_.ErrorOf(status);
    TellHeaders();
    return std::nullopt;
  }

  void Cancel() override { call_.Cancel(); }

 private:
  void TellHeaders() {
    if (!std::exchange(is_told_, true)) call_.TellHeaders();
  }

  Call call_;
  Request request_;
  Start start_;
  std::unique_ptr<grpc::ClientReader<Piece>> reader_;
  bool is_told_ = false, is_over_ = false;
};

template <typename Piece, typename Request, typename Start>
AnswerStream<Piece> LoopOver(std::shared_ptr<Connection> connection, Request request, CallOptions options,
                             Start start) {
  return AnswerStream<Piece>(std::make_unique<LoopSource<Piece, Request, Start>>(
      std::move(connection), std::move(request), std::move(options), std::move(start)));
}

// A stream for callbacks. Deletes itself when it is over.
template <typename Piece, typename Request>
class StreamCall final : public grpc::ClientReadReactor<Piece> {
 public:
  StreamCall(std::shared_ptr<Connection> connection, Request request, OnPiece<Piece> on_piece, OnEnd on_end,
             CallOptions options)
      : calls_(connection->calls()),
        call_(std::move(connection), std::move(options)),
        request_(std::move(request)),
        on_piece_(std::move(on_piece)),
        on_end_(std::move(on_end)) {
    calls_->Enter();
  }

  // Start: void(grpc::ClientContext*, const Request*, grpc::ClientReadReactor<Piece>*).
  template <typename Start>
  void Begin(Start start) {
    if (call_.unsendable()) {
      End(call_.unsendable());
      return;
    }
    call_.WhenConnected([this, start] {
      start(call_.context(), &request_, this);
      this->StartRead(&piece_);
      this->StartCall();
    });
  }

  void OnReadDone(bool is_read) override {
    if (!is_read) return;
    TellHeaders();
    on_piece_(piece_);
    this->StartRead(&piece_);
  }

  void OnDone(const grpc::Status& status) override {
    if (status.ok()) {
      TellHeaders();
      End(std::nullopt);
    } else {
      End(call_.ErrorOf(status));
    }
  }

 private:
  void TellHeaders() {
    if (!std::exchange(is_told_, true)) call_.TellHeaders();
  }

  void End(std::optional<Error> error) {
    on_end_(std::move(error));
    const auto calls = calls_;
    delete this;
    calls->Leave();
  }

  std::shared_ptr<Calls> calls_;
  Call call_;
  Request request_;
  Piece piece_;
  OnPiece<Piece> on_piece_;
  OnEnd on_end_;
  bool is_told_ = false;
};

}  // namespace portolan::internal

#endif  // PORTOLAN_CLIENT_RPC_H_
