#include "server/upstream/pool.h"

#include <algorithm>
#include <utility>

namespace portolan::upstream {

struct Connection::Group {
  Origin origin;
  size_t open = 0;                                // connections, in use or idle
  std::vector<std::unique_ptr<Connection>> idle;  // oldest first
};

Connection::Connection(Pool& pool, Group& group, std::unique_ptr<net::Socket> socket)
    : pool_(pool), group_(group), socket_(std::move(socket)) {
  ++group_.open;
}

Connection::~Connection() {
  if (--group_.open == 0 && !pool_.closing_) pool_.groups_.erase(Origin(group_.origin));
}

const Origin& Connection::origin() const { return group_.origin; }

Pool::Pool(net::Loop& loop, size_t max_idle_per_origin, std::chrono::seconds keep_alive)
    : net::Timer(loop), loop_(loop), max_idle_(max_idle_per_origin), keep_alive_(keep_alive) {}

Pool::~Pool() {
  closing_ = true;
  for (auto& [origin, group] : groups_) group->idle.clear();
}

std::unique_ptr<Connection> Pool::Take(const Origin& origin) {
  // Dropping the last connection ends the group, hence a look-up for each.
  for (auto at = groups_.find(origin); at != groups_.end() && !at->second->idle.empty();
       at = groups_.find(origin)) {
    std::unique_ptr<Connection> connection = std::move(at->second->idle.back());
    at->second->idle.pop_back();
    connection->socket_->SetPeerClosedHandler(nullptr);
    if (connection->socket_->IdleAndHealthy()) return connection;
  }
  return nullptr;
}

std::unique_ptr<Connection> Pool::Adopt(const Origin& origin, std::unique_ptr<net::Socket> socket) {
  std::unique_ptr<Connection::Group>& group = groups_[origin];
  if (group == nullptr) {
    group = std::make_unique<Connection::Group>();
    group->origin = origin;
  }
  return std::unique_ptr<Connection>(new Connection(*this, *group, std::move(socket)));
}

void Pool::Give(std::unique_ptr<Connection> connection) {
  if (max_idle_ == 0 || connection->socket_->peer_closed()) return;
  std::vector<std::unique_ptr<Connection>>& idle = connection->group_.idle;
  if (idle.size() >= max_idle_) idle.erase(idle.begin());
  connection->idle_since_ = loop_.now();
  connection->socket_->SetPeerClosedHandler([this, raw = connection.get()] { Drop(raw); });
  idle.push_back(std::move(connection));
  if (!armed()) Arm(loop_.now() + keep_alive_);
}

void Pool::Drop(Connection* connection) {
  std::vector<std::unique_ptr<Connection>>& idle = connection->group_.idle;
  const auto at =
      std::find_if(idle.begin(), idle.end(), [=](const auto& kept) { return kept.get() == connection; });
  if (at == idle.end()) return;
  const std::unique_ptr<Connection> dropped = std::move(*at);
  idle.erase(at);
}

void Pool::OnTimer() {
  const net::TimePoint now = loop_.now();
  net::TimePoint soonest = net::kNever;
  std::vector<std::unique_ptr<Connection>> expired;  // closed last: closing may end groups
  for (auto& [origin, group] : groups_) {
    const auto good = std::find_if(group->idle.begin(), group->idle.end(), [&](const auto& connection) {
      return connection->idle_since_ + keep_alive_ > now;
    });
    std::move(group->idle.begin(), good, std::back_inserter(expired));
    group->idle.erase(group->idle.begin(), good);
    if (!group->idle.empty()) soonest = std::min(soonest, group->idle.front()->idle_since_ + keep_alive_);
  }
  Arm(soonest);
}

size_t Pool::idle() const {
  size_t count = 0;
  for (const auto& [origin, group] : groups_) count += group->idle.size();
  return count;
}

}  // namespace portolan::upstream
