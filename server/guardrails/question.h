#pragma once

// What checks of the network ask, and what they make of the answers. Both are pure: whoever runs guardrails
// asks, and hands the answers in (guardrail_run.h).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/base/header.h"
#include "server/guardrails/check.h"
#include "server/guardrails/view.h"

namespace portolan::guardrails {

// The longest answer that a check reads.
inline constexpr size_t kMaxAnswer = 1u << 20;

// A request or an answer as checks of the network are told of it.
struct Said {
  std::string json;  // in the words of its door; empty: there is none, or it is no JSON
  std::string text;  // the last message's, or the first choice's
  bool is_transformed = false;
};

// The call that such checks look at. Owns what it says, so that it may outlive the call.
struct Subject {
  bool is_answer = false;  // the answer is looked at, else the request
  Said request;
  Said response;  // of an answer
  bool is_stream = false;
  std::string provider;
  std::string request_type;               // CallFacts::request_type
  nlohmann::json metadata = nullptr;      // CallFacts::metadata
  std::vector<Demanded> demanded = {};    // what a check that demands looks at
  std::vector<HeaderField> headers = {};  // of the call, those alone that a check names (Network::header)
  int64_t unix_seconds = 0;
};

// Something to be asked.
struct Question {
  std::string method = "GET";  // empty: whether the URL's host has an address that callers may name
  std::string url;
  std::vector<HeaderField> headers = {};
  std::string body = {};
  std::chrono::milliseconds timeout{3000};
  size_t max_answer = kMaxAnswer;  // in bytes
  bool needs_body = true;          // of the answer
  // The URL was named by a text or by a caller: only addresses that callers may name are asked.
  bool is_untrusted = false;
  // The answer may be one that is not older than that; 0: it is asked anew each time.
  std::chrono::seconds max_age{0};
};

// What became of it.
struct Reply {
  int status = 0;  // of HTTP; 0: there is no answer
  std::string body = {};
  std::chrono::seconds age{0};
  std::string failure = {};  // why there is none, for a person; names no host, and nothing secret
};

// What a check makes of the replies.
struct Judgement {
  Finding finding;
  // A JSON object that takes the place of what was looked at.
  std::optional<std::string> replacement = std::nullopt;
  // Ask once more, for replies that are no older than that.
  std::optional<std::chrono::seconds> fresher = std::nullopt;
};

using Asked = std::variant<Finding, std::vector<Question>>;

// How a check asks the network. Immutable; its functions are pure and thread-safe.
struct Network {
  // What is to be asked, or what is found without.
  std::function<Asked(const Subject&)> ask;
  // REQUIRES: one reply for each question, in their order.
  std::function<Judgement(const Subject&, std::span<const Reply>)> judge;
  // Nobody waits for the replies, which decide nothing.
  bool is_beside = false;
  // Whether Said::json and Said::text are of use to it.
  bool tells_bodies = false;
  // The header of the call that it looks at, in lower case; empty: none.
  std::string header = {};
};

}  // namespace portolan::guardrails
