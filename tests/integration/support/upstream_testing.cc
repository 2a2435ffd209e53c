#include "tests/integration/support/upstream_testing.h"

#include <gtest/gtest.h>

#include <utility>

namespace portolan::upstream {

struct Call::State {
  explicit State(net::Loop& loop) : read_on(loop, {}) {}
  Want want;
  net::CancelScope scope;
  net::Waiter read_on;
  std::promise<Answer> promise;
  std::shared_future<Answer> future = promise.get_future().share();
  test::Latch head;
};

namespace {

net::Task<void> ReadBody(Want want, Exchange& exchange, net::Wait wait, Answer* answer) {
  if (want.how == How::kHeadOnly) co_return;
  if (want.how == How::kReadAll) {
    answer->failure = co_await exchange.ReadAll(want.limit, &answer->body, wait);
    answer->end = answer->failure.ok();
    co_return;
  }
  while (!answer->end) {
    const Exchange::Piece piece = co_await exchange.Read(wait);
    answer->failure = piece.failure;
    if (!piece.failure.ok()) co_return;
    EXPECT_TRUE(piece.end || !piece.data.empty());
    answer->body += piece.data;
    if (!piece.data.empty()) answer->pieces.emplace_back(piece.data);
    answer->end = piece.end;
    if (want.how == How::kOnePiece) co_return;
  }
  const Exchange::Piece more = co_await exchange.Read(wait);
  EXPECT_TRUE(more.end);
  EXPECT_TRUE(more.failure.ok());
  answer->after_end = more.data;
}

net::Task<void> Perform(Client& client, net::Loop& loop, Want want, net::CancelScope& scope,
                        net::Waiter& read_on, test::Latch head, Answer* answer) {
  Request request;
  std::string problem;
  std::string base_path;
  Origin origin;
  EXPECT_TRUE(ParseUrl(want.url, &origin, &base_path, &problem)) << want.url << ": " << problem;
  origin.untrusted = want.untrusted;
  request.origin = &origin;
  request.method = want.method;
  request.base_path = base_path;
  request.path = want.path;
  for (const HeaderField& header : want.headers) request.headers.push_back({header.name, header.value});
  request.keep_encoding = want.keep_encoding;
  // In pieces, as a spliced body is.
  const size_t half = want.body.size() / 2;
  const std::string_view pieces[] = {std::string_view(want.body).substr(0, half), "",
                                     std::string_view(want.body).substr(half)};
  if (!want.body.empty()) request.body = pieces;
  const net::Wait wait{loop.UpdateNow() + want.budget, &scope};
  std::unique_ptr<Exchange> exchange;
  answer->failure = co_await client.Send(request, want.timeouts, wait, &exchange);
  answer->resent = answer->failure.resent;
  EXPECT_EQ(answer->failure.ok(), exchange != nullptr);
  if (exchange != nullptr) {
    answer->head = true;
    answer->status = exchange->status();
    head.Release();
    if (want.how == How::kHoldAtHead) co_await read_on;
    co_await ReadBody(want, *exchange, wait, answer);
    // The headers stay as long as the exchange does.
    for (const HeaderView& header : exchange->headers()) {
      answer->headers.push_back({std::string(header.name), std::string(header.value)});
    }
  }
  head.Release();
}

net::Task<void> PerformAndTell(Client& client, net::Loop& loop, [[maybe_unused]] std::shared_ptr<void> keep,
                               Want want, net::CancelScope& scope, net::Waiter& read_on, test::Latch head,
                               std::promise<Answer>& promise) {
  Answer answer;
  co_await Perform(client, loop, std::move(want), scope, read_on, std::move(head), &answer);
  promise.set_value(std::move(answer));
}

}  // namespace

Answer Call::Wait() {
  if (state_->future.wait_for(std::chrono::seconds(90)) != std::future_status::ready) {
    ADD_FAILURE() << "the call did not end";
    std::abort();
  }
  return state_->future.get();
}

test::TestClock::time_point Call::Cancel(net::CancelReason reason) {
  test::TestClock::time_point before;
  thread_->OnLoop([&] {
    before = test::TestClock::now();
    state_->scope.Cancel(reason);
  });
  return before;
}

void Call::ReadOn() {
  thread_->OnLoop([this] { state_->read_on.Notify(); });
}

void Call::WaitForHead() { EXPECT_TRUE(state_->head.Wait()); }

ClientThread::ClientThread(ClientOptions options) {
  std::promise<void> ready;
  thread_ = std::thread([this, &options, &ready] {
    loop_ = std::make_unique<net::Loop>();
    auto client = NewClient(*loop_, options);
    EXPECT_TRUE(client.ok()) << client.status();
    if (client.ok()) client_ = *std::move(client);
    ready.set_value();
    loop_->Run();
    client_.reset();
    // The loop outlives the thread: who stops it may still be at it.
  });
  ready.get_future().wait();
}

ClientThread::~ClientThread() {
  loop_->Stop();
  thread_.join();
}

void ClientThread::OnLoop(std::function<void()> function) {
  std::promise<void> done;
  loop_->Post([&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

Call ClientThread::Start(Want want) {
  Call call;
  call.thread_ = this;
  OnLoop([&] {
    call.state_ = std::make_shared<Call::State>(*loop_);
    Call::State& state = *call.state_;
    loop_->Spawn(PerformAndTell(*client_, *loop_, call.state_, std::move(want), state.scope, state.read_on,
                                state.head, state.promise));
  });
  return call;
}

}  // namespace portolan::upstream
