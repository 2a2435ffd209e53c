#include "server/middleware/built_in/user_of_caller.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "server/middleware/no_stream.h"

namespace portolan::middleware {
namespace {

using nlohmann::json;

// The operations whose requests have `user`.
constexpr std::array<std::string_view, 5> kPaths = {"/chat/completions", "/completions", "/embeddings",
                                                    "/responses", "/images/generations"};

// Where the name goes. nullopt: nowhere.
std::optional<json> AddName(std::string_view path, std::string_view caller, std::string_view text) {
  json request = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!request.is_object()) return std::nullopt;
  if (path == "/messages") {
    if (request.contains("metadata")) return std::nullopt;
    return json{{"metadata", {{"user_id", caller}}}};
  }
  const bool has_user = std::find(kPaths.begin(), kPaths.end(), path) != kPaths.end();
  if (!has_user || request.contains("user") || request.contains("safety_identifier")) return std::nullopt;
  return json{{"user", caller}};
}

class UserOfCaller final : public Service {
 public:
  explicit UserOfCaller(const Settings& settings) {
    if (settings.hooks) {
      wants_.hooks = *settings.hooks;
    } else {
      wants_.hooks.Add(Hook::kRequest);
    }
  }

  const Wants* wants() const override { return &wants_; }
  net::Task<std::string> Learn(net::Wait /*wait*/) override { co_return std::string(); }

  net::Task<Outcome> Ask(const Event& event, net::Wait /*wait*/) override {
    Outcome outcome;
    outcome.verdict.emplace();
    if (event.hook == Hook::kResponse || event.call.caller.empty() || !event.body.json) co_return outcome;
    const std::string_view text = *event.body.json;
    const std::optional<json> member = AddName(event.call.path, event.call.caller, text);
    if (!member) co_return outcome;
    // The other bytes stay as they came.
    const size_t open = text.find('{');
    const bool empty = text[text.find_first_not_of(" \t\r\n", open + 1)] == '}';
    std::string& changed = outcome.verdict->body.json;
    changed = member->dump(-1, ' ', false, json::error_handler_t::replace);
    changed.pop_back();
    changed.append(empty ? "" : ",").append(text.substr(open + 1));
    outcome.verdict->action = Verdict::Action::kReplace;
    co_return outcome;
  }

  std::unique_ptr<ChunkStream> Open(const CallInfo& /*call*/, int /*status*/,
                                    std::function<void()> /*on_news*/) override {
    return std::make_unique<NoStream>();
  }
  net::Task<std::string> Tell(const EndEvent& /*event*/, net::Wait /*wait*/) override {
    co_return std::string();
  }

 private:
  Wants wants_;
};

}  // namespace

std::unique_ptr<Service> NewUserOfCaller(const Settings& settings) {
  return std::make_unique<UserOfCaller>(settings);
}

}  // namespace portolan::middleware
