#pragma once

#include "server/core/call.h"
#include "server/core/reply.h"
#include "server/http/response_writer.h"

namespace portolan::rest {

// Writes the answer to a call of `operation` as HTTP, errors in the words of its dialect. `origin` is the
// origin of a web page that may read it, or empty. All of them must outlive the sink.
class RestSink final : public core::ReplySink {
 public:
  RestSink(http::ResponseWriter& writer, const core::OperationSpec& operation, std::string_view origin)
      : writer_(writer), operation_(operation), origin_(origin) {}

  bool typed() const override { return false; }
  net::Task<core::Delivered> SendJson(core::ReplyHead head,
                                      std::span<const std::string_view> pieces) override;
  net::Task<core::Delivered> SendMessage(core::ReplyHead head, std::string_view wire) override;
  net::Task<core::Delivered> SendError(core::ReplyHead head, const Error& error,
                                       std::string_view provider_body) override;
  net::Task<core::Delivered> StartStream(core::ReplyHead head) override;
  net::Task<core::Delivered> WriteBytes(std::span<const std::string_view> pieces) override;
  net::Task<core::Delivered> WriteMessages(std::span<const std::string_view> wires) override;
  net::Task<core::Delivered> EndStream(const Error* error) override;
  net::Task<core::Delivered> StartRelay(core::ReplyHead head, std::optional<uint64_t> length) override;
  net::Task<core::Delivered> WriteRelay(std::string_view data) override;
  net::Task<core::Delivered> EndRelay(const Error* error) override;

 private:
  void Decorate(core::ReplyHead* head) const;

  http::ResponseWriter& writer_;
  const core::OperationSpec& operation_;
  const std::string_view origin_;
  std::string_view request_id_;  // of the stream under way
};

}  // namespace portolan::rest
