#include "server/http/connection.h"

#include <string>
#include <utility>

#include "server/base/text.h"
#include "server/http/gunzip.h"

namespace portolan::http {
namespace {

bool IsGzip(std::string_view encoding) {
  return EqualsIgnoreCase(encoding, "gzip") || EqualsIgnoreCase(encoding, "x-gzip");
}

// At most one coding, and one that Inflate() undoes.
bool IsEncodingKnown(std::span<const HeaderView> headers) {
  int codings = 0;
  for (const HeaderView& header : headers) {
    if (header.name != "content-encoding") continue;
    if (++codings > 1) return false;
    if (!IsGzip(header.value) && !EqualsIgnoreCase(header.value, "identity")) return false;
  }
  return true;
}

}  // namespace

Exchange::Exchange(Server& server) : held(server.options_.held), writer(server) {}

Connection::Connection(Server& server, std::unique_ptr<net::Socket> socket,
                       std::shared_ptr<net::TlsContext> tls)
    : server_(server),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      peer_(socket_->peer_address().ToString()) {
  server_.Add(this);
  socket_->SetPeerClosedHandler([this] { OnPeerClosed(); });
}

Connection::~Connection() {
  if (handling_) --server_.active_requests_;
  server_.Remove(this);
}

void Connection::OnPeerClosed() {
  if (handling_) exchange_->scope->Cancel(net::CancelReason::kClientGone);
}

void Connection::CloseIdle() {
  // One that has sent a part of its request is let finish; the answer closes. One that lingers is closing
  // already.
  if (exchange_ == nullptr && !lingering_) closing_.Cancel(net::CancelReason::kShutdown);
}

void Connection::Shutdown(net::CancelReason reason) {
  closing_.Cancel(reason);
  if (handling_) exchange_->scope->Cancel(reason);
}

net::Wait Connection::Until(std::chrono::milliseconds timeout) {
  return {server_.loop_.now() + timeout, &closing_};
}

net::Task<void> Connection::Run(std::unique_ptr<Connection> self) {
  Connection& connection = *self;
  Server& server = connection.server_;
  net::Socket& socket = *connection.socket_;
  if (connection.tls_ != nullptr) {
    const net::IoResult shaken =
        co_await socket.HandshakeServer(*connection.tls_, connection.Until(server.options_.head_timeout));
    if (!shaken.ok()) co_return;
    connection.client_subject_ = socket.tls_peer_subject();
  }
  std::chrono::milliseconds timeout = server.options_.head_timeout;
  bool keep = true;
  while (keep) {
    const net::Wait wait = connection.Until(timeout);
    const net::IoResult got = co_await socket.Read(server.loop_.scratch(), wait);
    if (!got.ok()) co_return;
    connection.exchange_ = server.TakeExchange();
    connection.exchange_->input.assign(server.loop_.scratch().data(), got.bytes);
    keep = co_await connection.ServeInput();
    server.GiveBack(std::move(connection.exchange_));
    timeout = server.options_.keep_alive_timeout;
    if (keep && server.closing_idle_) {
      // The head of this answer, a stream's, left before it could say that the connection closes.
      connection.ending_ = Ending::kClose;
      keep = false;
    }
  }
  if (connection.ending_ == Ending::kDrop) co_return;
  if (connection.ending_ == Ending::kLinger || socket.is_tls()) socket.ShutdownWrite();
  if (connection.ending_ == Ending::kLinger) co_await connection.Linger();
}

net::Task<bool> Connection::ServeInput() {
  Exchange& exchange = *exchange_;
  bool keep = true;
  do {
    RequestHead& head = exchange.request.head;
    std::string& input = exchange.input;
    exchange.scanned = 0;
    exchange.used = 0;
    exchange.boundary_known = false;
    exchange.request.body.clear();
    ending_ = Ending::kDrop;
    ParseResult parsed = ParseRequestHead({input.data(), input.size()}, &exchange.scanned, &head);
    Verdict verdict = Verdict::kGood;
    if (parsed.state == ParseState::kDone) {
      exchange.used = parsed.consumed;
    } else {
      verdict = co_await ReadHead(parsed);
    }
    if (verdict == Verdict::kGood) verdict = ScreenHead();
    if (verdict == Verdict::kGood && exchange.body_mode == BodyMode::kWhole) {
      std::string_view rest = std::string_view(input).substr(exchange.used);
      const std::optional<Verdict> taken = TakeBody(&rest);
      exchange.used = input.size() - rest.size();
      if (taken) {
        verdict = *taken;
      } else {
        verdict = co_await ReadBody();
      }
      if (verdict == Verdict::kGood) verdict = Inflate();
    }
    if (verdict == Verdict::kGone) co_return false;
    if (verdict == Verdict::kGood) {
      BeginHandling();
      co_await server_.handler_.Handle(exchange.request, exchange.writer);
      if (exchange.writer.streaming()) exchange.writer.Abort();
      if (!exchange.writer.started()) co_await SendUnanswered();
      EndHandling();
    } else {
      co_await SendRefusal();
    }
    keep = exchange.writer.keep_alive();
  } while (keep && Advance());
  co_return keep;
}

net::Task<Connection::Verdict> Connection::ReadHead(ParseResult parsed) {
  Exchange& exchange = *exchange_;
  const net::Wait wait = Until(server_.options_.head_timeout);
  while (parsed.state == ParseState::kNeedMore) {
    const net::IoResult got = co_await socket_->Read(server_.loop_.scratch(), wait);
    if (!got.ok()) co_return OnReadFailure(got, "head_arrival", server_.options_.head_timeout);
    exchange.input.append(server_.loop_.scratch().data(), got.bytes);
    parsed = ParseRequestHead({exchange.input.data(), exchange.input.size()}, &exchange.scanned,
                              &exchange.request.head);
  }
  if (parsed.state == ParseState::kError) {
    co_return RefuseParsed(parsed);
  }
  exchange.used = parsed.consumed;
  co_return Verdict::kGood;
}

Connection::Verdict Connection::ScreenHead() {
  const RequestHead& head = exchange_->request.head;
  exchange_->request.received = server_.loop_.now();
  exchange_->body_mode = BodyMode::kWhole;
  std::optional<Answer> refusal = server_.handler_.Screen(head, peer_, &exchange_->body_mode);
  if (refusal) {
    SkipBufferedBody();
    refusal_ = std::make_unique<Answer>(std::move(*refusal));
    return Verdict::kRefuse;
  }
  if (exchange_->body_mode == BodyMode::kStreamed) return Verdict::kGood;
  if (head.content_encoding && !IsEncodingKnown(head.headers)) {
    SkipBufferedBody();
    const Verdict verdict =
        Refuse(415, "unsupported_content_encoding", "Content-Encoding must be gzip or absent");
    refusal_->headers.Add("accept-encoding", "gzip");
    return verdict;
  }
  if (!MayCome(head.content_length)) return RefuseLength(head.content_length);
  exchange_->body.Start(head, server_.options_.max_body_bytes);
  return Verdict::kGood;
}

std::optional<Connection::Verdict> Connection::TakeBody(std::string_view* input) {
  BodyCollector& body = exchange_->body;
  switch (body.Take(input, &exchange_->request.body)) {
    case BodyCollector::State::kMore:
      return std::nullopt;
    case BodyCollector::State::kDone:
      exchange_->boundary_known = true;
      return Verdict::kGood;
    case BodyCollector::State::kTooLarge:
      return RefuseSize();
    case BodyCollector::State::kBadFraming:
      break;
  }
  return Refuse(400, "malformed_http", body.problem());
}

net::Task<Connection::Verdict> Connection::ReadBody() {
  Exchange& exchange = *exchange_;
  if (exchange.request.head.expect_continue && exchange.request.body.empty()) {
    const bool sent = co_await SendContinue();
    if (!sent) co_return Verdict::kGone;
  }
  while (true) {
    const std::span<char> scratch = server_.loop_.scratch();
    const net::Wait wait = Until(server_.options_.body_idle_timeout);
    const net::IoResult got =
        co_await socket_->Read(scratch.first(exchange.body.Wanted(scratch.size())), wait);
    if (!got.ok()) co_return OnReadFailure(got, "body_arrival", server_.options_.body_idle_timeout);
    std::string_view input(scratch.data(), got.bytes);
    const std::optional<Verdict> verdict = TakeBody(&input);
    if (!CountBody()) co_return RefuseForRoom();
    if (!verdict) continue;
    exchange.surplus.assign(input);
    co_return *verdict;
  }
}

net::Task<bool> Connection::SendContinue() {
  const std::string_view pieces[] = {"HTTP/1.1 100 Continue\r\n\r\n"};
  const net::Wait wait = Until(server_.options_.write_timeout);
  const net::IoResult sent = co_await socket_->Write(pieces, wait);
  co_return sent.ok();
}

Connection::Verdict Connection::Inflate() {
  Request& request = exchange_->request;
  if (!request.head.content_encoding) return Verdict::kGood;
  std::vector<HeaderView>& headers = request.head.headers;
  for (size_t i = 0; i < headers.size(); ++i) {
    if (headers[i].name != "content-encoding") continue;
    const bool gzip = IsGzip(headers[i].value);
    headers.erase(headers.begin() + static_cast<ptrdiff_t>(i));
    if (!gzip || request.body.empty()) return Verdict::kGood;
    std::string inflated;
    switch (Gunzip(request.body, server_.options_.max_body_bytes, &inflated)) {
      case GunzipResult::kOk:
        request.body = std::move(inflated);
        return CountBody() ? Verdict::kGood : RefuseForRoom();
      case GunzipResult::kTooLarge:
        return RefuseSize();
      case GunzipResult::kCorrupt:
        return Refuse(400, "malformed_gzip", "the request's body is not whole and valid gzip");
    }
  }
  return Verdict::kGood;
}

void Connection::BeginHandling() {
  Exchange& exchange = *exchange_;
  Request& request = exchange.request;
  net::CancelScope& scope = exchange.scope.emplace();
  request.scope = &scope;
  request.peer = peer_;
  request.client_subject = client_subject_;
  ResponseWriter& writer = exchange.writer;
  writer.Reset(socket_.get(), &scope, &request.head, request.head.keep_alive);
  if (exchange.body_mode == BodyMode::kStreamed) StreamBody();
  handling_ = true;
  ++server_.active_requests_;
  ++server_.counters_.requests;
  if (socket_->peer_closed()) scope.Cancel(net::CancelReason::kClientGone);
}

void Connection::EndHandling() {
  handling_ = false;
  --server_.active_requests_;
  if (exchange_->writer.done()) {
    // A caller that did not ask for the end may have more under way.
    ending_ = exchange_->request.head.keep_alive ? Ending::kLinger : Ending::kClose;
  }
  if (exchange_->reader) EndStreamedBody();
}

void Connection::StreamBody() {
  Exchange& exchange = *exchange_;
  const ServerOptions& options = server_.options_;
  const std::span<char> arrived = std::span<char>(exchange.input).subspan(exchange.used);
  exchange.reader.emplace(*socket_, exchange.request.head, arrived,
                          BodyReader::Limits{options.body_idle_timeout, options.write_timeout},
                          *exchange.scope);
  exchange.request.stream = &*exchange.reader;
  exchange.writer.SetBody(&*exchange.reader);
}

void Connection::EndStreamedBody() {
  Exchange& exchange = *exchange_;
  exchange.writer.SetBody(nullptr);
  exchange.request.stream = nullptr;
  if (exchange.reader->complete()) {
    exchange.surplus = exchange.reader->TakeSurplus();
    exchange.used = exchange.input.size();
  } else if (exchange.writer.done()) {
    // The caller may still be sending, and is to read the answer first.
    ending_ = Ending::kLinger;
  }
  exchange.reader.reset();
}

net::Task<void> Connection::SendUnanswered() {
  if (exchange_->scope->reason() == net::CancelReason::kClientGone) co_return;
  const Answer answer = ErrorAnswer(500, "internal_error", "the request was not answered");
  const std::string_view pieces[] = {answer.body};
  co_await exchange_->writer.Send(answer.status, answer.content_type, {}, pieces);
}

net::Task<void> Connection::Linger() {
  lingering_ = true;
  const net::Wait wait = Until(server_.options_.linger_timeout);
  bool open = true;
  while (open) {
    const net::IoResult got = co_await socket_->Read(server_.loop_.scratch(), wait);
    open = got.ok();
  }
}

// What has only been announced does not count, or whoever announces much and sends little could take all of
// it.
bool Connection::CountBody() { return exchange_->held.TryHold(exchange_->request.body.size()); }

void Connection::SkipBufferedBody() {
  Exchange& exchange = *exchange_;
  const RequestHead& head = exchange.request.head;
  if (head.framing == BodyFraming::kChunked || head.content_length > exchange.input.size() - exchange.used)
    return;
  exchange.used += static_cast<size_t>(head.content_length);
  exchange.boundary_known = true;
}

bool Connection::Advance() {
  Exchange& exchange = *exchange_;
  exchange.held.Release();
  if (exchange.surplus.empty()) {
    exchange.input.erase(0, exchange.used);
  } else {
    exchange.input.swap(exchange.surplus);
    exchange.surplus.clear();
  }
  // Some clients end a body with an empty line that its length does not count.
  return !exchange.input.empty() && exchange.input != "\r\n";
}

}  // namespace portolan::http
