#pragma once

// A guardrail on its way through what it looks at, where some of its checks ask the network. Free of I/O: the
// questions are handed out, the replies handed in.
//
//   GuardrailRun run(guardrail, scene);
//   for (auto questions = run.Go(); !questions.empty(); questions = run.Go()) run.Take(AskAll(questions));
//   PostAll(run.TakePosts());
//   GuardrailResult result = run.TakeResult();
//
// Checks come in the order of the list, and see what those before have changed. Neighbours that ask the
// network are asked together, unless the guardrail is sequential or there is more to ask than a call may ask
// at once. If one of them changes the text, those behind it have judged what is no more, and are asked again,
// one by one.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/guardrails/guardrail.h"
#include "server/guardrails/question.h"
#include "server/guardrails/view.h"

namespace portolan::guardrails {

// What is looked at as a whole, which webhooks are told of and may replace.
class Body {
 public:
  virtual ~Body() = default;
  // In the words of its door, as it is now; empty: it is no JSON.
  virtual std::string Json() const = 0;
  // Becomes `json`, which is a JSON object, and makes *view anew. False, with nothing changed, if it cannot
  // be that.
  virtual bool Replace(std::string_view json, View* view) = 0;
};

// What a run is about. All that it points to must outlive the run.
struct Scene {
  const CallFacts* facts = nullptr;
  View* view = nullptr;
  Subject* subject = nullptr;  // the run keeps it up to date
  Body* body = nullptr;        // null: it is not told, and cannot be replaced
};

// What is posted and not waited for.
struct BesidePost {
  std::string check;  // its id
  std::shared_ptr<const Network> network;
  Question question;
};

class GuardrailRun {
 public:
  // `guardrail` must outlive the run. REQUIRES: all of the scene but `body` is there.
  GuardrailRun(const Guardrail& guardrail, const Scene& scene) : guardrail_(guardrail), scene_(scene) {}

  // Goes on until replies are needed. The questions to be asked now; empty: it is over.
  std::vector<Question> Go();
  // REQUIRES: one reply for each of the questions, in their order.
  void Take(std::span<const Reply> replies);

  // What has been posted since the last time.
  std::vector<BesidePost> TakePosts();
  GuardrailResult TakeResult() { return std::move(result_); }

 private:
  // One check that is asked.
  struct Asking {
    size_t check;
    std::optional<Finding> found;  // without a question
    size_t begin = 0;              // of its questions
    size_t end = 0;
    std::vector<Question> posts = {};  // of a check beside the call, which leave when it has its result
  };

  void Begin();
  void Ask(size_t index);
  void UpdateSubject(bool with_bodies);
  // Judges one. False if those behind it are to be asked anew.
  bool Settle(Asking& asking, std::span<const Reply> replies);
  bool Replace(std::string_view json, CheckResult* result);
  void Add(CheckResult result);

  const Guardrail& guardrail_;
  const Scene scene_;
  size_t next_ = 0;  // the first check that has no result
  bool one_by_one_ = false;
  std::optional<std::chrono::seconds> fresher_;  // for the next check, which is asked once more
  std::vector<Asking> asking_;
  std::vector<Question> questions_;
  std::vector<BesidePost> posts_;
  GuardrailResult result_;
};

}  // namespace portolan::guardrails
