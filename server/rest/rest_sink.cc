#include "server/rest/rest_sink.h"

#include <cstdlib>
#include <string>

#include "server/base/text.h"
#include "server/core/error_body.h"
#include "server/rest/browser_guard.h"

namespace portolan::rest {

void RestSink::Decorate(core::ReplyHead* head) const {
  if (!origin_.empty()) AddCorsHeaders(origin_, /*preflight=*/false, {}, &head->headers);
}

net::Task<core::Delivered> RestSink::SendJson(core::ReplyHead head,
                                              std::span<const std::string_view> pieces) {
  Decorate(&head);
  // The writer has its own copy of the head when it returns.
  return writer_.Send(head.status, head.content_type, head.headers.text(), pieces);
}

// typed() is false: the service never hands this sink a message.
net::Task<core::Delivered> RestSink::SendMessage(core::ReplyHead, std::string_view) { std::abort(); }
net::Task<core::Delivered> RestSink::WriteMessages(std::span<const std::string_view>) { std::abort(); }

net::Task<core::Delivered> RestSink::SendError(core::ReplyHead head, const Error& error,
                                               std::string_view provider_body) {
  Decorate(&head);
  std::string body;
  if (provider_body.empty()) {
    core::AppendErrorBody(operation_.door(), error, head.request_id, &body);
    provider_body = body;
  }
  co_return co_await writer_.Send(head.status, head.content_type, head.headers.text(), {&provider_body, 1});
}

net::Task<core::Delivered> RestSink::StartStream(core::ReplyHead head) {
  Decorate(&head);
  request_id_ = head.request_id;
  head.headers.Add("cache-control", "no-cache");
  // Tells nginx and its like to pass events on as they come.
  head.headers.Add("x-accel-buffering", "no");
  writer_.Start(head.status, head.content_type, head.headers.text());
  co_return true;
}

net::Task<core::Delivered> RestSink::WriteBytes(std::span<const std::string_view> pieces) {
  return writer_.Write(pieces);
}

net::Task<core::Delivered> RestSink::EndStream(const Error* error) {
  if (error == nullptr) co_return co_await writer_.Finish();
  std::string event;
  core::AppendErrorEvent(operation_.door(), *error, request_id_, &event);
  const std::string_view piece = event;
  co_return co_await writer_.Finish({&piece, 1});
}

net::Task<core::Delivered> RestSink::StartRelay(core::ReplyHead head, std::optional<uint64_t> length) {
  Decorate(&head);
  if (StartsWithIgnoreCase(head.content_type, "text/event-stream")) {
    head.headers.Add("x-accel-buffering", "no");
  }
  writer_.Start(head.status, head.content_type, head.headers.text(), length);
  co_return true;
}

net::Task<core::Delivered> RestSink::WriteRelay(std::string_view data) {
  co_return co_await writer_.Write({&data, 1});
}

net::Task<core::Delivered> RestSink::EndRelay(const Error* error) {
  if (error == nullptr) co_return co_await writer_.Finish();
  // The framing alone can tell: what the body means is not known here.
  writer_.Abort();
  co_return true;
}

}  // namespace portolan::rest
