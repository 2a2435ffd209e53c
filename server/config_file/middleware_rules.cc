#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/text.h"
#include "server/config/values.h"
#include "server/config_file/rules.h"
#include "server/middleware/built_in/built_in.h"
#include "server/middleware/settings.h"
#include "server/routing/forward_headers.h"
#include "server/upstream/client.h"

namespace portolan::config {
namespace {

constexpr uint64_t kLeastBody = 1u << 10;
constexpr uint64_t kMostBody = 64u << 20;

// Calls `check` for every member of a list.
template <typename Check>
void ForEach(const YamlNode* list, Check check) {
  if (YamlNode::IsNull(list)) return;
  for (const auto& child : list->children) check(*child);
}

// One entry of `middleware`.
class Rules {
 public:
  explicit Rules(Findings* findings) : findings_(*findings) {}

  void Check(const YamlNode& entry) {
    if (!IsName(entry.key))
      findings_.AddKey(entry, "a name has letters, digits and . _ - in it, at most 128");
    Address(entry);
    Times(entry);
    Hooks(entry);
    const YamlNode* const on_error = entry.Member("on_error");
    if (Given(on_error) && on_error->text != "deny" && on_error->text != "pass")
      findings_.AddValue(*on_error, "must be deny or pass");
    if (Given(on_error) && on_error->text == "deny" && IsTrue(entry.Member("async")))
      findings_.AddValue(*on_error, "what is asked beside the call cannot end it");
    ForEach(entry.Member("headers"), [this](const YamlNode& node) {
      if (!routing::MayForward(LowerCase(node.text)))
        findings_.AddValue(
            node,
            "this header is not handed on: it is a credential, the gateway's own, or frames the "
            "message");
    });
    Secrets(entry);
  }

 private:
  bool Given(const YamlNode* node) const { return !YamlNode::IsNull(node) && !findings_.Touched(*node); }
  static bool IsTrue(const YamlNode* node) {
    bool value = false;
    std::string ignored;
    return !YamlNode::IsNull(node) && ParseBool(node->text, &value, &ignored) && value;
  }

  void Address(const YamlNode& entry) {
    const std::array<const YamlNode*, 3> kinds = {entry.Member("grpc"), entry.Member("webhook"),
                                                  entry.Member("built_in")};
    const auto given = std::count_if(kinds.begin(), kinds.end(),
                                     [](const YamlNode* node) { return !YamlNode::IsNull(node); });
    if (given != 1)
      return findings_.AddKey(entry, "a middleware has exactly one of grpc, webhook and built_in");
    if (Given(kinds[0])) CheckHostAndPort(*kinds[0]);
    if (Given(kinds[1])) CheckCalledUrl(*kinds[1]);
    if (Given(kinds[2])) CheckBuiltIn(*kinds[2]);
    const YamlNode* const tls = entry.Member("tls");
    if (Given(tls) && YamlNode::IsNull(kinds[0]))
      findings_.AddKey(*tls, "is for grpc; a webhook's URL says itself whether it is https");
  }

  void CheckBuiltIn(const YamlNode& node) {
    if (middleware::FindBuiltIn(node.text) != nullptr) return;
    std::vector<std::string_view> names;
    for (const middleware::BuiltIn& one : middleware::BuiltIns()) names.push_back(one.name);
    std::string known;
    for (const std::string_view name : names) known.append(known.empty() ? "" : ", ").append(name);
    findings_.AddValue(node,
                       "there is no such middleware; built in are " + known + DidYouMean(node.text, names));
  }

  void CheckHostAndPort(const YamlNode& node) {
    upstream::Origin origin;
    std::string path;
    std::string problem;
    const bool good = upstream::ParseUrl("http://" + node.text, &origin, &path, &problem) && path.empty() &&
                      node.text.rfind(':') != std::string::npos && !node.text.ends_with(']');
    if (!good) findings_.AddValue(node, "must be HOST:PORT");
  }

  void CheckCalledUrl(const YamlNode& node) {
    upstream::Origin origin;
    std::string target;
    std::string problem;
    if (!upstream::ParseRequestUrl(node.text, &origin, &target, &problem)) findings_.AddValue(node, problem);
  }

  void Times(const YamlNode& entry) {
    std::string problem;
    const YamlNode* const timeout = entry.Member("timeout");
    std::chrono::milliseconds time{};
    if (Given(timeout)) {
      if (!ParseDuration(timeout->text, &time, &problem)) {
        findings_.AddValue(*timeout, problem);
      } else if (time.count() <= 0) {
        findings_.AddValue(*timeout, "must be more than 0");
      }
    }
    const YamlNode* const max_body = entry.Member("max_body");
    uint64_t size = 0;
    if (!Given(max_body)) return;
    if (!ParseSize(max_body->text, &size, &problem)) {
      findings_.AddValue(*max_body, problem);
    } else if (size < kLeastBody || size > kMostBody) {
      findings_.AddValue(*max_body, "must be from 1KB to 64MB");
    }
  }

  void Hooks(const YamlNode& entry) {
    const YamlNode* const hooks = entry.Member("hooks");
    if (Given(hooks) && hooks->children.empty())
      findings_.AddValue(*hooks, "an empty list asks for nothing; leave it out for what the middleware says");
    const bool webhook = !YamlNode::IsNull(entry.Member("webhook"));
    ForEach(hooks, [&](const YamlNode& node) {
      const auto hook = middleware::HookOf(node.text);
      if (!hook) {
        findings_.AddValue(node, "must be request, attempt, response, chunk or end");
      } else if (webhook && *hook == middleware::Hook::kChunk) {
        findings_.AddValue(
            node, "a webhook is not asked about chunks; with response it gets a stream when it is whole");
      } else if (webhook && *hook == middleware::Hook::kEnd) {
        findings_.AddValue(node,
                           "a webhook is not told of the end; with response and async it gets the answer");
      }
    });
  }

  void Secrets(const YamlNode& entry) {
    const YamlNode* const headers = entry.Member("secret_headers");
    ForEach(headers, [this](const YamlNode& node) {
      if (!IsHeaderName(node.key)) findings_.AddKey(node, kHeaderNameRule);
      if (LowerCase(node.key) == "host" || LowerCase(node.key).starts_with("grpc-"))
        findings_.AddKey(node, "this header is the gateway's to write");
      CheckReferenceAt(&node, &findings_);
    });
  }

  Findings& findings_;
};

// A list of names.
void CheckNames(const RuleInputs& inputs, const YamlNode* list, Findings* findings) {
  if (YamlNode::IsNull(list) || findings->Touched(*list)) return;
  const std::vector<std::string_view> names(inputs.middleware.begin(), inputs.middleware.end());
  ForEach(list, [&](const YamlNode& node) {
    if (inputs.middleware.contains(node.text)) return;
    findings->AddValue(node, names.empty() ? "there is no such middleware; the file has none"
                                           : "there is no such middleware" + DidYouMean(node.text, names));
  });
}

}  // namespace

routing::MiddlewareNames MiddlewareOf(const YamlNode& root) {
  routing::MiddlewareNames names;
  for (const YamlNode* const node : root.Members("middleware")) names.insert(node->key);
  return names;
}

void CheckMiddleware(const RuleInputs& inputs, Findings* findings) {
  Rules rules(findings);
  for (const YamlNode* const entry : inputs.root.Members("middleware")) {
    if (!findings->Touched(*entry)) rules.Check(*entry);
  }
  CheckNames(inputs, inputs.root.Member("default_middleware"), findings);
  const YamlNode* const callers = inputs.root.Member("callers");
  if (YamlNode::IsNull(callers)) return;
  ForEach(callers->Member("keys"),
          [&](const YamlNode& key) { CheckNames(inputs, key.Member("middleware"), findings); });
}

}  // namespace portolan::config
