// Asking what checks want to know, over real sockets: whom, how many at once, how often, and for how long.

#include "server/core/check_asker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/upstream/address_policy.h"
#include "server/upstream/client.h"
#include "tests/support/fake_upstream.h"
#include "tests/unit/core/quiet_observer.h"

namespace portolan::core {
namespace {

using guardrails::Question;
using guardrails::Reply;
using std::chrono::milliseconds;
using test::FakeUpstream;
using test::Latch;
using test::RespondJson;
using test::Script;
using test::SeenRequest;

class Observer final : public QuietObserver {
 public:
  void OnCheck(HookPhase, std::string_view check, CheckVerdict verdict, std::chrono::nanoseconds) override {
    checked.set_value(std::string(check) + " " + std::to_string(static_cast<int>(verdict)));
  }
  std::promise<std::string> checked;
};

struct Came {
  net::WaitResult result = net::WaitResult::kReady;
  std::vector<Reply> replies;
};

// An asker on a loop with a thread of its own.
class AskerThread {
 public:
  // Addresses of this machine are those that callers may not name, unless `open`.
  explicit AskerThread(bool open = false) {
    std::promise<void> ready;
    thread_ = std::thread([this, open, &ready] {
      upstream::ClientOptions options;
      options.allow_address = upstream::MakeAddressPolicy(/*allow_loopback=*/open, {});
      client_ = *upstream::NewClient(loop_, std::move(options));
      asker_ = std::make_unique<CheckAsker>(loop_, *client_, observer_);
      ready.set_value();
      loop_.Run();
      asker_.reset();
      client_.reset();
    });
    ready.get_future().wait();
  }
  ~AskerThread() {
    loop_.Stop();
    thread_.join();
  }

  std::future<Came> Start(std::vector<Question> questions, milliseconds budget = milliseconds(60'000)) {
    auto promise = std::make_shared<std::promise<Came>>();
    auto asked = std::make_shared<std::vector<Question>>(std::move(questions));
    std::future<Came> future = promise->get_future();
    loop_.Post([this, promise, asked, budget] { loop_.Spawn(Ask(promise, std::move(*asked), budget)); });
    return future;
  }
  Came Do(std::vector<Question> questions, milliseconds budget = milliseconds(60'000)) {
    return Start(std::move(questions), budget).get();
  }
  Reply One(Question question) {
    std::vector<Question> questions(1);
    questions[0] = std::move(question);
    return Do(std::move(questions)).replies.at(0);
  }
  void OnLoop(const std::function<void(CheckAsker&)>& function) {
    std::promise<void> done;
    loop_.Post([&] {
      function(*asker_);
      done.set_value();
    });
    done.get_future().wait();
  }
  void Cancel() {
    OnLoop([this](CheckAsker&) { scope_.Cancel(net::CancelReason::kClientGone); });
  }
  std::string Checked() { return observer_.checked.get_future().get(); }

 private:
  net::Task<void> Ask(std::shared_ptr<std::promise<Came>> promise, std::vector<Question> questions,
                      milliseconds budget) {
    Came came;
    const net::Wait wait{loop_.UpdateNow() + budget, &scope_};
    came.result = co_await asker_->Ask(std::move(questions), wait, &came.replies);
    promise->set_value(std::move(came));
  }

  net::Loop loop_;
  Observer observer_;
  net::CancelScope scope_;
  std::unique_ptr<upstream::Client> client_;
  std::unique_ptr<CheckAsker> asker_;
  std::thread thread_;
};

Question To(const FakeUpstream& server, const std::string& path = "/") {
  Question question;
  question.url = server.url() + path;
  question.timeout = milliseconds(60'000);
  return question;
}

TEST(CheckAsker, TellsWhatItIsGivenAndNoMore) {
  const FakeUpstream server([](const SeenRequest&) { return RespondJson(201, "{}"); });
  AskerThread asker;
  Question question = To(server, "/a/b?c=d#e");
  question.method = "POST";
  question.headers = {{"x-key", "k"}, {"content-type", "text/plain"}};
  question.body = "told";
  const Reply reply = asker.One(question);
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "{}");
  EXPECT_EQ(reply.failure, "");
  const SeenRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/a/b?c=d");
  EXPECT_EQ(seen.Header("x-key"), "k");
  EXPECT_EQ(seen.Header("content-type"), "text/plain");
  EXPECT_EQ(seen.body, "told");
}

TEST(CheckAsker, AsksAllAtOnceAndAnswersInOrder) {
  Latch both;
  const FakeUpstream server([&](const SeenRequest& request) {
    return Script().Hold(both).Send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" + request.target);
  });
  AskerThread asker;
  std::future<Came> came = asker.Start({To(server, "/1"), To(server, "/2"), To(server, "/3")});
  ASSERT_TRUE(server.WaitForRequests(3));
  both.Release();
  const Came all = came.get();
  ASSERT_EQ(all.replies.size(), 3U);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(all.replies[i].body, "/" + std::to_string(i + 1));
}

TEST(CheckAsker, EachHasItsOwnTime) {
  const FakeUpstream server([](const SeenRequest& request) {
    return request.target == "/slow" ? Script().Stall() : RespondJson(200, "{}");
  });
  AskerThread asker;
  Question slow = To(server, "/slow");
  slow.timeout = milliseconds(50);
  const Came came = asker.Do({slow, To(server)});
  EXPECT_EQ(came.result, net::WaitResult::kReady);
  EXPECT_EQ(came.replies[0].failure, "it did not answer in time");
  EXPECT_EQ(came.replies[1].status, 200);
}

TEST(CheckAsker, TheCallsTimeEndsThemAll) {
  const FakeUpstream server([](const SeenRequest&) { return Script().Stall(); });
  AskerThread asker;
  EXPECT_EQ(asker.Do({To(server)}, milliseconds(50)).result, net::WaitResult::kTimeout);
  EXPECT_EQ(asker.Do({To(server), To(server)}, milliseconds(50)).result, net::WaitResult::kTimeout);
  EXPECT_TRUE(server.WaitForConnectionsToEnd());
}

TEST(CheckAsker, WhoLeavesTakesThemAlong) {
  const FakeUpstream server([](const SeenRequest&) { return Script().Stall(); });
  AskerThread asker;
  std::future<Came> came = asker.Start({To(server), To(server)});
  ASSERT_TRUE(server.WaitForRequests(2));
  asker.Cancel();
  EXPECT_EQ(came.get().result, net::WaitResult::kCancelled);
  EXPECT_TRUE(server.WaitForConnectionsToEnd());
}

// Callers may not name this machine here; the operator may.
TEST(CheckAsker, AsksForCallersOnlyWhereTheyMay) {
  const FakeUpstream server([](const SeenRequest&) { return RespondJson(200, "keys"); });
  AskerThread asker;
  Question question = To(server);
  question.max_age = std::chrono::hours(1);
  EXPECT_EQ(asker.One(question).body, "keys");
  // What is kept for the operator is not the callers'.
  question.is_untrusted = true;
  EXPECT_EQ(asker.One(question).failure, "its address is not one that callers may name");
  EXPECT_EQ(server.requests().size(), 1U);
  question.method = "";
  question.max_age = {};
  EXPECT_EQ(asker.One(question).failure, "its address is not one that callers may name");
  AskerThread open(/*open=*/true);
  EXPECT_EQ(open.One(question).failure, "");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(CheckAsker, KeepsRepliesThatMayBeKept) {
  int asked = 0;
  const FakeUpstream server([&](const SeenRequest&) { return RespondJson(200, std::to_string(++asked)); });
  AskerThread asker;
  Question question = To(server);
  EXPECT_EQ(asker.One(question).body, "1");
  EXPECT_EQ(asker.One(question).body, "2");
  question.max_age = std::chrono::hours(1);
  EXPECT_EQ(asker.One(question).body, "3");
  EXPECT_EQ(asker.One(question).body, "3");
  question.url += "other";
  EXPECT_EQ(asker.One(question).body, "4");
}

// The fetch belongs to nobody: who began it may leave.
TEST(CheckAsker, OneFetchServesAll) {
  Latch go;
  const FakeUpstream server([&](const SeenRequest&) {
    return Script().Hold(go).Send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nkeys");
  });
  AskerThread asker;
  Question question = To(server);
  question.max_age = std::chrono::hours(1);
  std::future<Came> first = asker.Start({question}, milliseconds(100));
  ASSERT_TRUE(server.WaitForRequests(1));
  EXPECT_EQ(first.get().result, net::WaitResult::kTimeout);
  std::future<Came> second = asker.Start({question});
  std::future<Came> third = asker.Start({question, question});
  go.Release();
  EXPECT_EQ(second.get().replies.at(0).body, "keys");
  EXPECT_EQ(third.get().replies.at(1).body, "keys");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(CheckAsker, SaysWhyThereIsNoReply) {
  const FakeUpstream server([](const SeenRequest& request) {
    if (request.target == "/long") return RespondJson(200, std::string(100, 'x'));
    if (request.target == "/cut") {
      return Script().Send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx").CutOff();
    }
    return Script().Send("no HTTP at all\r\n\r\n").Close();
  });
  AskerThread asker;
  Question question = To(server, "/long");
  question.max_answer = 99;
  EXPECT_EQ(asker.One(question).failure, "its answer is no HTTP, or too long");
  question.max_answer = 100;
  EXPECT_EQ(asker.One(question).body.size(), 100U);
  EXPECT_EQ(asker.One(To(server, "/cut")).failure, "it closed the connection");
  EXPECT_EQ(asker.One(To(server, "/x")).failure, "its answer is no HTTP, or too long");
  Question closed;
  {
    const FakeUpstream gone([](const SeenRequest&) { return Script(); });
    closed = To(gone);
  }
  EXPECT_EQ(asker.One(closed).failure, "it refuses connections");
  Question wrong;
  wrong.url = "http://";
  EXPECT_NE(asker.One(wrong).failure, "");
}

TEST(CheckAsker, HoldsNoMoreBesideTheCallsThanItMay) {
  const FakeUpstream server([](const SeenRequest&) { return Script().Stall(); });
  AskerThread asker;
  guardrails::BesidePost post;
  post.check = "default.log";
  post.network = std::make_shared<guardrails::Network>();
  post.question = To(server);
  asker.OnLoop([&](CheckAsker& on_loop) {
    guardrails::BesidePost large = post;
    large.question.body = std::string(CheckAsker::kMaxBesideBytes, 'x');
    EXPECT_TRUE(on_loop.Post(HookPhase::kInput, large));
    // There is room in number, and not in bytes.
    post.question.body = "x";
    EXPECT_FALSE(on_loop.Post(HookPhase::kInput, post));
    post.question.body.clear();
    for (size_t i = 1; i < CheckAsker::kMaxBeside; ++i) EXPECT_TRUE(on_loop.Post(HookPhase::kInput, post));
    EXPECT_FALSE(on_loop.Post(HookPhase::kInput, post));
  });
}

TEST(CheckAsker, CountsWhatBecomesOfAPost) {
  const FakeUpstream server([](const SeenRequest&) { return RespondJson(500, "{}"); });
  AskerThread asker;
  nlohmann::json parameters = {{"logURL", server.url()}};
  guardrails::Problem problem;
  const auto check = guardrails::MakeCheck("log", parameters, "p", &problem);
  ASSERT_TRUE(check);
  guardrails::BesidePost post{check->id, check->network, To(server)};
  asker.OnLoop([&](CheckAsker& on_loop) { EXPECT_TRUE(on_loop.Post(HookPhase::kOutput, std::move(post))); });
  EXPECT_EQ(asker.Checked(), "default.log 2");
}

}  // namespace
}  // namespace portolan::core
