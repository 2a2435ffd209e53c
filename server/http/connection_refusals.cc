// What a connection answers by itself, without its handler.

#include <memory>
#include <string>
#include <utility>

#include "server/http/connection.h"

namespace portolan::http {
namespace {

// The stable code of a refusal by the parsers.
std::string_view RefusalCode(int status) {
  switch (status) {
    case 413:
      return "body_too_large";
    case 414:
      return "uri_too_long";
    case 417:
      return "unknown_expectation";
    case 431:
      return "headers_too_large";
    case 501:
      return "not_implemented";
    case 505:
      return "http_version_not_supported";
    default:
      return "malformed_http";
  }
}

}  // namespace

net::Task<void> Connection::SendRefusal() {
  Exchange& exchange = *exchange_;
  const RequestHead* const head = exchange.used > 0 ? &exchange.request.head : nullptr;
  const bool keep_alive = exchange.boundary_known && head->keep_alive;
  net::CancelScope& scope = exchange.scope.emplace();
  exchange.writer.Reset(socket_.get(), &scope, head, keep_alive);
  ++server_.counters_.refused;
  const std::unique_ptr<Answer> answer = std::move(refusal_);
  const std::string_view pieces[] = {answer->body};
  const bool sent =
      co_await exchange.writer.Send(answer->status, answer->content_type, answer->headers.text(), pieces);
  if (sent) ending_ = Ending::kLinger;
}

Connection::Verdict Connection::Refuse(int status, std::string_view code, std::string_view message,
                                       std::optional<TimeLimit> limit) {
  const RequestHead* const head = exchange_->used > 0 ? &exchange_->request.head : nullptr;
  refusal_ = std::make_unique<Answer>(server_.handler_.Refuse({status, code, message, limit}, head, peer_));
  return Verdict::kRefuse;
}

Connection::Verdict Connection::RefuseSize() {
  return Refuse(413, "body_too_large",
                "the request's body is larger than the limit of " +
                    std::to_string(server_.options_.max_body_bytes) + " bytes");
}

Connection::Verdict Connection::RefuseParsed(const ParseResult& parsed) {
  return Refuse(parsed.status, RefusalCode(parsed.status), parsed.problem);
}

bool Connection::MayComeLarge(uint64_t length) const {
  const ByteBudget* const held = server_.options_.held;
  return length <= server_.options_.max_body_bytes && (held == nullptr || held->HasRoomFor(length));
}

Connection::Verdict Connection::RefuseLength(uint64_t length) {
  return length > server_.options_.max_body_bytes ? RefuseSize() : RefuseForRoom();
}

Connection::Verdict Connection::RefuseForRoom() {
  const Error error = Overloaded(*server_.options_.held);
  return Refuse(error.http_status, error.code, error.message);
}

Connection::Verdict Connection::OnReadFailure(const net::IoResult& result, std::string_view clock,
                                              std::chrono::milliseconds limit) {
  if (result.code != net::IoCode::kTimeout) return Verdict::kGone;
  const std::string length = std::to_string(limit.count()) + " ms";
  const std::string message = clock == "head_arrival"
                                  ? "the request's head did not arrive within " + length
                                  : "nothing more of the request's body arrived within " + length;
  return Refuse(408, "request_timeout", message, TimeLimit{clock, "gateway", limit});
}

}  // namespace portolan::http
