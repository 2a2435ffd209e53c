#ifndef PORTOLAN_CLIENT_TESTS_FORMS_H_
#define PORTOLAN_CLIENT_TESTS_FORMS_H_

#include <portolan/client.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

// Both forms of a client's calls behind one face, so that both are tried with the same scenarios.

using Chunk = portolan::v1::ChatCompletionChunk;
using Request = portolan::v1::ChatCompletionRequest;

class Form {
 public:
  virtual ~Form() = default;
  virtual portolan::Result<portolan::v1::ChatCompletion> Chat(const Request& request,
                                                              portolan::CallOptions options = {}) = 0;
  virtual portolan::AnswerStream<Chunk> Stream(const Request& request,
                                               portolan::CallOptions options = {}) = 0;
};

// Calls that wait.
class Waiting final : public Form {
 public:
  Waiting(const std::string& target, portolan::ClientOptions options) : client_(target, std::move(options)) {}
  portolan::Result<portolan::v1::ChatCompletion> Chat(const Request& request,
                                                      portolan::CallOptions options) override {
    return client_.Chat(request, options);
  }
  portolan::AnswerStream<Chunk> Stream(const Request& request, portolan::CallOptions options) override {
    return client_.Stream(request, std::move(options));
  }

 private:
  portolan::Client client_;
};

// What callbacks were given, for a loop. Cancels by the token of its options.
class Queue final : public portolan::internal::Source<Chunk> {
 public:
  void Begin(portolan::Client& client, const Request& request, portolan::CallOptions options) {
    options.stop = stop_.get_token();
    client.StreamAsync(
        request, [state = state_](const Chunk& piece) { state->Put(portolan::Result<Chunk>(piece)); },
        [state = state_](std::optional<portolan::Error> error) {
          if (error) state->Put(portolan::Result<Chunk>(*error));
          state->Put(std::nullopt);
        },
        std::move(options));
  }
  std::optional<portolan::Result<Chunk>> Next() override { return state_->Take(); }
  void Cancel() override { stop_.request_stop(); }
  ~Queue() override { stop_.request_stop(); }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable is_there;
    std::deque<std::optional<portolan::Result<Chunk>>> given;

    void Put(std::optional<portolan::Result<Chunk>> one) {
      const std::lock_guard lock(mutex);
      given.push_back(std::move(one));
      is_there.notify_one();
    }
    std::optional<portolan::Result<Chunk>> Take() {
      std::unique_lock lock(mutex);
      is_there.wait(lock, [this] { return !given.empty(); });
      auto one = std::move(given.front());
      given.pop_front();
      return one;
    }
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::stop_source stop_;
};

// Calls whose answers go to callbacks.
class CalledBack final : public Form {
 public:
  CalledBack(const std::string& target, portolan::ClientOptions options)
      : client_(target, std::move(options)) {}
  portolan::Result<portolan::v1::ChatCompletion> Chat(const Request& request,
                                                      portolan::CallOptions options) override {
    const auto given = std::make_shared<std::promise<portolan::Result<portolan::v1::ChatCompletion>>>();
    client_.ChatAsync(
        request, [given](auto result) { given->set_value(std::move(result)); }, std::move(options));
    return given->get_future().get();
  }
  portolan::AnswerStream<Chunk> Stream(const Request& request, portolan::CallOptions options) override {
    auto queue = std::make_unique<Queue>();
    queue->Begin(client_, request, std::move(options));
    return portolan::AnswerStream<Chunk>(std::move(queue));
  }

 private:
  portolan::Client client_;
};

#endif  // PORTOLAN_CLIENT_TESTS_FORMS_H_
