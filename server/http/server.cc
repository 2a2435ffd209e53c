#include "server/http/server.h"

#include <utility>

#include "server/http/connection.h"

namespace portolan::http {
namespace {

constexpr size_t kSpareExchanges = 256;
constexpr size_t kKeptBuffer = 16 * 1024;

}  // namespace

Server::Server(net::Loop& loop, Handler& handler, ServerOptions options)
    : loop_(loop),
      handler_(handler),
      options_(options),
      large_body_(std::min<size_t>(options.max_body_bytes, ByteBudget::kUncounted)) {}

Server::~Server() = default;

void Server::Listen(std::unique_ptr<net::Listener> listener, std::shared_ptr<net::TlsContext> tls) {
  doors_.push_back(std::make_unique<Door>(std::move(listener), std::move(tls)));
  Door* const door = doors_.back().get();
  door->listener->Start(
      [this, door](std::unique_ptr<net::Socket> socket) { OnAccept(std::move(socket), door->tls); });
}

void Server::ReplaceTls(std::shared_ptr<net::TlsContext> tls) {
  for (const auto& door : doors_) {
    if (door->tls != nullptr) door->tls = tls;
  }
}

void Server::StopAccepting() {
  for (const auto& door : doors_) door->listener->Stop();
}

void Server::CloseIdle() {
  Drain();
  closing_idle_ = true;
  for (Connection* connection = first_; connection != nullptr; connection = connection->next_) {
    connection->CloseIdle();
  }
}

void Server::Shutdown(net::CancelReason reason) {
  StopAccepting();
  Drain();
  for (Connection* connection = first_; connection != nullptr; connection = connection->next_) {
    connection->Shutdown(reason);
  }
}

void Server::OnAccept(std::unique_ptr<net::Socket> socket, const std::shared_ptr<net::TlsContext>& tls) {
  ++counters_.accepted;
  loop_.Spawn(Connection::Run(std::make_unique<Connection>(*this, std::move(socket), tls)));
}

void Server::Add(Connection* connection) {
  connection->next_ = first_;
  if (first_ != nullptr) first_->previous_ = connection;
  first_ = connection;
  handler_.OnConnectionOpened();
  if (++open_connections_ >= options_.max_connections) PauseAccepting(true);
}

void Server::Remove(Connection* connection) {
  if (connection->previous_ != nullptr) connection->previous_->next_ = connection->next_;
  if (connection->next_ != nullptr) connection->next_->previous_ = connection->previous_;
  if (first_ == connection) first_ = connection->next_;
  handler_.OnConnectionClosed();
  if (--open_connections_ < options_.max_connections) PauseAccepting(false);
}

void Server::PauseAccepting(bool paused) {
  if (std::exchange(paused_, paused) == paused) return;
  for (const auto& door : doors_) door->listener->Pause(paused);
}

std::unique_ptr<Exchange> Server::TakeExchange() {
  if (spare_.empty()) return std::make_unique<Exchange>(*this);
  std::unique_ptr<Exchange> exchange = std::move(spare_.back());
  spare_.pop_back();
  return exchange;
}

void Server::GiveBack(std::unique_ptr<Exchange> exchange) {
  if (spare_.size() == kSpareExchanges) return;
  exchange->held.Release();
  for (std::string* buffer : {&exchange->input, &exchange->surplus, &exchange->request.body}) {
    buffer->clear();
    if (buffer->capacity() > kKeptBuffer) buffer->shrink_to_fit();
  }
  spare_.push_back(std::move(exchange));
}

std::string_view Server::DateLine() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[48];
    // In the C locale, which is in force unless main() changes it: RFC 9110 section 5.6.7 wants English
    // names.
    const size_t size = std::strftime(text, sizeof text, "date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    date_line_.assign(text, size);
  }
  return date_line_;
}

}  // namespace portolan::http
