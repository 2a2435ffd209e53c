#pragma once

// What middleware are told of a call, as something that stands by itself: they may be asked beside the call,
// or when it is over. Internal to core/.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/base/header.h"
#include "server/middleware/middleware.h"

namespace portolan::core {

struct CallState;

class ToldCall {
 public:
  // The call as it is now, for one middleware: with the headers that its settings list.
  ToldCall(const CallState& call, const middleware::Settings& settings, middleware::Notes notes);
  ToldCall(ToldCall&&) = default;
  ToldCall& operator=(ToldCall&&) = default;

  // Valid as long as this is.
  middleware::CallInfo View() const;

 private:
  std::string request_id_;
  std::string trace_id_;
  std::string caller_;
  std::string route_;
  std::string target_;
  std::string provider_;
  std::string model_;
  std::string operation_;
  std::string path_;
  std::string metadata_;
  std::vector<HeaderField> headers_;
  std::vector<HeaderView> header_views_;  // of these
  std::optional<std::chrono::nanoseconds> remaining_;
  middleware::Notes notes_;
  uint32_t attempt_ = 0;
  bool streams_ = false;
};

// A question that nobody waits for.
struct ToldEvent {
  ToldCall call;
  middleware::Hook hook = middleware::Hook::kRequest;
  std::unique_ptr<google::protobuf::Message> typed;
  std::optional<std::string> json;
  int status = 0;
  middleware::Usage usage = {};
  bool streamed = false;
  std::string request_json = {};
};

// The end of a call.
struct ToldEnd {
  ToldCall call;
  int status = 0;
  std::string error_code = {};
  std::string error_class = {};
  middleware::Usage usage = {};
  std::string finish_reason = {};
  std::chrono::nanoseconds took{0};
  uint32_t attempts = 0;
};

// Tokens as middleware are told them.
middleware::Usage UsageOf(const CallState& call);

}  // namespace portolan::core
