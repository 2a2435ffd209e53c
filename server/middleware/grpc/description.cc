#include "server/middleware/grpc/description.h"

#include <chrono>
#include <optional>
#include <utility>

#include "portolan/middleware/v1/middleware.pb.h"
#include "server/middleware/grpc/bytes.h"

namespace portolan::middleware {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kProtocolVersion = 1;

// Describe belongs to no call, so no call's time limits it.
constexpr std::chrono::seconds kDescribeTime = 5s;

std::optional<Hook> HookOf(int hook) {
  switch (hook) {
    case v1::HOOK_REQUEST:
      return Hook::kRequest;
    case v1::HOOK_ATTEMPT:
      return Hook::kAttempt;
    case v1::HOOK_RESPONSE:
      return Hook::kResponse;
    case v1::HOOK_CHUNK:
      return Hook::kChunk;
    case v1::HOOK_END:
      return Hook::kEnd;
    default:
      return std::nullopt;
  }
}

// What this version does not know is an error: a middleware that is not asked where it wants to be must not
// pass for one that has nothing to say.
std::string Read(const v1::DescribeResponse& said, const Settings& settings, Wants* wants) {
  if (said.protocol_version() > kProtocolVersion) {
    return "protocol_version " + std::to_string(said.protocol_version()) +
           " is not spoken here: 1 is, which 0 means too";
  }
  *wants = Wants();
  for (const int name : said.hooks()) {
    if (name == v1::HOOK_UNSPECIFIED) continue;
    const std::optional<Hook> hook = HookOf(name);
    if (!hook) return "hook " + std::to_string(name) + " is not known";
    wants->hooks.Add(*hook);
  }
  switch (static_cast<int>(said.form())) {
    case v1::BODY_FORM_UNSPECIFIED:
    case v1::BODY_FORM_NONE:
      wants->form = BodyForm::kNone;
      break;
    case v1::BODY_FORM_JSON:
      wants->form = BodyForm::kJson;
      break;
    case v1::BODY_FORM_TYPED:
      wants->form = BodyForm::kTyped;
      break;
    default:
      return "form " + std::to_string(said.form()) + " is not known";
  }
  wants->request = said.wants_request();
  wants->read_only = settings.read_only.value_or(said.read_only());
  if (settings.hooks) wants->hooks = *settings.hooks;
  return {};
}

std::string Read(const UnaryCall::Waiting& call, const Settings& settings, Wants* wants) {
  if (!call.status().ok()) return "Describe: " + CodeOf(call.status());
  v1::DescribeResponse said;
  if (!Parse(call.answer(), &said)) return "Describe: the answer is no DescribeResponse";
  // Read aside, so that calls under way never see half of it.
  Wants read;
  std::string problem = Read(said, settings, &read);
  if (!problem.empty()) return "Describe: " + problem;
  *wants = read;
  return {};
}

}  // namespace

Description::Learner::Learner(net::Loop& loop, net::Wait wait, std::vector<Learner*>& all)
    : waiter(loop, wait), learners(all) {
  learners.push_back(this);
}

Description::Learner::~Learner() { std::erase(learners, this); }

Description::Description(Connection& connection) : connection_(connection) {
  if (connection_.problem().empty()) Begin();
}

void Description::Begin() {
  outdated_ = false;
  v1::DescribeRequest request;
  request.set_protocol_version(kProtocolVersion);
  request.set_name(connection_.settings().name);
  call_ = UnaryCall::Start(connection_, kDescribe, ToBytes(request), net::Clock::now() + kDescribeTime,
                           [this] { OnOver(); });
}

void Description::OnOver() {
  const UnaryCall::Waiting call = std::move(call_);
  const std::string failure = Read(call, connection_.settings(), &wants_);
  if (failure.empty() && outdated_) return Begin();
  known_ = failure.empty();
  for (Learner* learner : std::exchange(learners_, {})) {
    learner->failure = failure;
    learner->waiter.Notify();
  }
}

net::Task<std::string> Description::Learn(net::Wait wait) {
  if (!connection_.problem().empty()) co_return connection_.problem();
  while (!known_) {
    if (!call_) Begin();
    Learner learner(connection_.loop(), wait, learners_);
    const net::WaitResult result = co_await learner.waiter;
    if (result != net::WaitResult::kReady) co_return CodeOf(result);
    if (!learner.failure.empty()) co_return std::move(learner.failure);
  }
  co_return std::string();
}

void Description::Heed(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return;
  known_ = false;
  if (call_) outdated_ = true;
}

}  // namespace portolan::middleware
