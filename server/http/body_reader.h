#pragma once

// The body of one request, read from its connection as it is asked for. Internal to server/http.

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/http/body_framer.h"
#include "server/http/body_source.h"
#include "server/http/message.h"
#include "server/net/cancel.h"
#include "server/net/socket.h"

namespace portolan::http {

class BodyReader final : public BodySource {
 public:
  struct Limits {
    std::chrono::milliseconds idle;   // that a read may take
    std::chrono::milliseconds write;  // for `100 Continue`
  };

  // `arrived` is what came with the head; it and the socket must outlive the reader. The sender's leaving is
  // noted in `scope`.
  BodyReader(net::Socket& socket, const RequestHead& head, std::span<char> arrived, const Limits& limits,
             net::CancelScope& scope);

  net::Task<Piece> Read(net::Wait wait) override;
  std::optional<uint64_t> length() const override;
  const std::optional<Error>& error() const override { return error_; }

  // All of the body has been read, so that what follows is another request.
  bool complete() const { return framer_.state() == BodyFramer::State::kComplete; }
  // What has been read of the next request. REQUIRES: complete().
  std::string TakeSurplus();

 private:
  // The buffer begins with the first size, and grows while each read fills it: whoever sends so fast would be
  // woken for each little piece that is taken.
  static constexpr size_t kFirstBytes = 64 << 10;
  static constexpr size_t kMostBytes = 512 << 10;

  // Makes the buffer, or a larger one.
  void PrepareBuffer();
  // Takes the framing off `raw`.
  Piece Take(std::span<char> raw);
  Piece Fail(int status, std::string_view code, std::string message,
             std::optional<TimeLimit> limit = std::nullopt);
  Piece OnFailure(const net::IoResult& result, bool own_limit);

  net::Socket& socket_;
  std::span<char> arrived_;
  const Limits limits_;
  net::CancelScope& scope_;
  BodyFramer framer_;
  const std::optional<uint64_t> length_;
  bool expects_continue_;
  std::unique_ptr<char[]> buffer_;  // made when the first read from the socket is
  size_t buffer_bytes_ = 0;
  bool filled_ = false;  // by the last read
  std::string surplus_;
  std::optional<Error> error_;
};

}  // namespace portolan::http
