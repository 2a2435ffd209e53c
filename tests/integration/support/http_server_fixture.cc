#include "tests/integration/support/http_server_fixture.h"

#include <array>
#include <charconv>

#include "server/net/address.h"

namespace portolan::testing {
namespace {

size_t Number(std::string_view text) {
  size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

void Words::Say(std::string word) {
  const std::lock_guard lock(mutex_);
  words_.push_back(std::move(word));
  said_.notify_all();
}

std::string Words::Next(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  if (!said_.wait_for(lock, limit, [this] { return !words_.empty(); })) return "";
  std::string word = std::move(words_.front());
  words_.pop_front();
  return word;
}

std::optional<http::Answer> TestHandler::Screen(const http::RequestHead& head, std::string_view,
                                                http::BodyMode* body) {
  if (head.path == "/upload") *body = http::BodyMode::kStreamed;
  if (head.path != "/screened") return std::nullopt;
  http::Answer answer = http::ErrorAnswer(404, "unknown_url", "no \"such\" route\n");
  answer.headers.Add("x-screened", "yes");
  return answer;
}

net::Task<void> TestHandler::Upload(http::Request& request, http::ResponseWriter& writer) {
  std::string body;
  if (request.stream != nullptr) {
    size_t limit = SIZE_MAX;
    if (!request.head.query.empty()) limit = std::stoul(std::string(request.head.query));
    const net::Wait wait{net::kNever, request.scope};
    bool more = true;
    while (more && body.size() < limit) {
      const http::BodySource::Piece piece = co_await request.stream->Read(wait);
      if (piece.failed) {
        const auto& error = request.stream->error();
        words_.Say(error ? error->code : "left");
        if (!error) co_return;
        const http::Answer answer = http::ErrorAnswer(error->http_status, error->code, error->message);
        const std::string_view text = answer.body;
        co_await writer.Send(answer.status, answer.content_type, {}, {&text, 1});
        co_return;
      }
      body += piece.data;
      more = !piece.end;
    }
  }
  HeaderBlock headers;
  const bool known = request.stream != nullptr && request.stream->length();
  headers.Add("x-length", known ? std::to_string(*request.stream->length()) : "unknown");
  const std::string_view text = body;
  co_await writer.Send(200, "text/plain", headers.text(), {&text, 1});
}

net::Task<void> TestHandler::Handle(http::Request& request, http::ResponseWriter& writer) {
  const std::string_view path = request.head.path;
  if (path == "/upload") return Upload(request, writer);
  if (path == "/hold") return Hold(request, writer, false);
  if (path == "/hold-stream") return Hold(request, writer, true);
  if (path == "/stream") return Stream(request, writer);
  if (path == "/endless") return Endless(writer);
  if (path == "/abort") return WriteOnce(writer, true);
  if (path == "/unfinished") return WriteOnce(writer, false);
  return Echo(request, writer);
}

net::Task<void> TestHandler::Echo(http::Request& request, http::ResponseWriter& writer) {
  if (request.head.path == "/silent") co_return;
  if (request.head.path == "/big") request.body.assign(Number(request.head.query), 'b');
  HeaderBlock headers;
  headers.Add("x-method", request.head.method);
  headers.Add("x-path", request.head.path);
  headers.Add("x-peer", request.peer);
  headers.Add("x-encoding", FindHeader(request.head.headers, "content-encoding").value_or("none"));
  headers.Add("x-subject", request.client_subject);
  const std::string_view pieces[] = {request.body};
  co_await writer.Send(200, "text/plain", headers.text(), pieces);
}

net::Task<void> TestHandler::Hold(http::Request& request, http::ResponseWriter& writer, bool stream) {
  if (stream) {
    writer.Start(200, "text/event-stream", {});
    const std::string_view pieces[] = {"first\n"};
    co_await writer.Write(pieces);
  }
  words_.Say("held");
  co_await loop_.SleepUntil(net::kNever, request.scope);
  words_.Say(std::string(net::ToString(request.scope->reason())));
  if (stream) {
    const std::string_view pieces[] = {"last\n"};
    co_await writer.Write(pieces);
    co_await writer.Finish();
  } else {
    const std::string_view pieces[] = {"released"};
    co_await writer.Send(503, "text/plain", {}, pieces);
  }
}

net::Task<void> TestHandler::Stream(http::Request& request, http::ResponseWriter& writer) {
  writer.Start(200, "text/event-stream", "x-stream: yes\r\n");
  const size_t count = Number(request.head.query);
  for (size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    const std::string_view pieces[] = {"chunk ", number, "\n"};
    const bool written = co_await writer.Write(pieces);
    if (!written) co_return;
  }
  const std::string_view pieces[] = {"end\n"};
  co_await writer.Finish(pieces);
}

net::Task<void> TestHandler::Endless(http::ResponseWriter& writer) {
  writer.Start(200, "application/octet-stream", {});
  const std::string block(65536, 'e');
  bool written = true;
  while (written) {
    const std::string_view pieces[] = {block};
    written = co_await writer.Write(pieces);
  }
  words_.Say("gone");
}

net::Task<void> TestHandler::WriteOnce(http::ResponseWriter& writer, bool abort) {
  writer.Start(200, "text/event-stream", {});
  const std::string_view pieces[] = {"once\n"};
  co_await writer.Write(pieces);
  if (abort) writer.Abort();
}

ServerThread::ServerThread(http::ServerOptions options, std::shared_ptr<net::TlsContext> tls)
    : server_(std::make_unique<http::Server>(loop_, handler_, options)) {
  auto listener = net::Listener::Open(loop_, *net::ParseAddress("127.0.0.1:0"), false);
  port_ = (*listener)->address().port();
  server_->Listen(std::move(*listener), std::move(tls));
  thread_ = std::thread([this] { loop_.Run(); });
}

ServerThread::~ServerThread() {
  loop_.Stop();
  thread_.join();
}

void ServerThread::Do(const std::function<void(http::Server&)>& function) {
  std::promise<void> done;
  loop_.Post([&] {
    function(*server_);
    done.set_value();
  });
  done.get_future().wait();
}

size_t ServerThread::open_connections() {
  size_t count = 0;
  Do([&](http::Server& server) { count = server.open_connections(); });
  return count;
}

size_t ServerThread::active_requests() {
  size_t count = 0;
  Do([&](http::Server& server) { count = server.active_requests(); });
  return count;
}

::testing::AssertionResult ServerThread::Await(const std::function<bool(http::Server&)>& condition) {
  return test::Eventually([&] {
    bool holds = false;
    Do([&](http::Server& server) { holds = condition(server); });
    return holds;
  });
}

}  // namespace portolan::testing
