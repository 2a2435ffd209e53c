#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <utility>

#include "connection.h"
#include "metadata.h"

namespace portolan::internal {
namespace {

// As gRPC wants names.
std::string Lower(std::string name) {
  for (char& letter : name) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return name;
}

// That of gRPC's deadlines.
using Clock = std::chrono::system_clock;

}  // namespace

Call::Call(std::shared_ptr<Connection> connection, CallOptions options)
    : connection_(std::move(connection)), options_(std::move(options)) {
  SetMetadata();
  SetDeadline();
  by_caller_.emplace(options_.stop, CancelCall{this});
  by_client_.emplace(connection_->closing(), CancelCall{this});
}

void Call::SetMetadata() {
  const ClientOptions& ours = connection_->options();
  Headers merged;
  if (!ours.key.empty()) merged["authorization"] = "Bearer " + ours.key;
  for (const Headers* headers : std::initializer_list<const Headers*>{&ours.headers, &options_.headers}) {
    for (const auto& [name, value] : *headers) merged[Lower(name)] = value;
  }
  for (const auto& [name, value] : merged) {
    if (!unsendable_) unsendable_ = Unsendable(name, value);
    if (!unsendable_) context_.AddMetadata(name, value);
  }
}

void Call::SetDeadline() {
  const auto timeout = options_.timeout ? options_.timeout : connection_->options().timeout;
  if (!timeout) return;
  // One that the clock cannot tell is none.
  const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::hours(24 * 365));
  deadline_ = Clock::now() + std::clamp(*timeout, std::chrono::milliseconds(0), most);
  context_.set_deadline(*deadline_);
}

void Call::WhenConnected(std::function<void()> then) {
  if (connection_->channel()->GetState(true) == GRPC_CHANNEL_READY) {
    context_.set_wait_for_ready(true);
    then();
    return;
  }
  // A watch on the channel would need a queue, and a thread for it: the gateway is asked for its health
  // instead.
  const auto connected_by = Clock::now() + connection_->options().connect_timeout;
  probe_.set_deadline(deadline_ ? std::min(*deadline_, connected_by) : connected_by);
  probe_.set_wait_for_ready(true);
  const grpc::Slice empty;
  probe_request_ = grpc::ByteBuffer(&empty, 1);
  connection_->probe().UnaryCall(&probe_, "/grpc.health.v1.Health/Check", grpc::StubOptions(),
                                 &probe_request_, &probe_answer_,
                                 [this, then = std::move(then)](const grpc::Status& status) {
                                   const grpc::StatusCode code = status.error_code();
                                   const bool is_there = code != grpc::StatusCode::DEADLINE_EXCEEDED &&
                                                         code != grpc::StatusCode::UNAVAILABLE;
                                   context_.set_wait_for_ready(is_there);
                                   then();
                                 });
}

void Call::Cancel() {
  probe_.TryCancel();
  context_.TryCancel();
}

void Call::TellHeaders() {
  if (options_.on_headers) options_.on_headers(Plain(context_.GetServerInitialMetadata()));
}

}  // namespace portolan::internal
