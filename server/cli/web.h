#pragma once

// One HTTP call of a command, on a loop of its own in the calling thread. Internal to cli/.

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/base/header.h"
#include "server/upstream/client.h"

namespace portolan::cli {

struct WebRequest {
  std::string_view method = "GET";
  std::string url;
  std::vector<HeaderField> headers = {};
  std::string body = {};
  std::chrono::milliseconds timeout{30'000};  // of the whole call
  size_t max_answer = 16u << 20;
};

struct WebAnswer {
  int status = 0;
  std::vector<HeaderField> headers;
  std::string body;
};

// Makes the call and waits for the whole answer, whatever its status is. Fails, with a clause for a person,
// if none came. Never goes through a proxy.
absl::Status Ask(const WebRequest& request, WebAnswer* answer);

// Makes the call and hands the bytes of an answer of status 200 to `take` as they come, until that returns
// false; any other answer is collected in answer->body. `stopped` is asked twenty times a second: once it
// says so the connection is closed, and this fails with Cancelled. request.timeout is for the head, and for
// each wait after it.
absl::Status AskStreamed(const WebRequest& request, const std::function<bool()>& stopped, WebAnswer* answer,
                         const std::function<bool(std::string_view)>& take);

// What others wrote, on one line and at most `most` bytes of it, without what a terminal might obey.
std::string Printable(std::string_view text, size_t most = 300);

}  // namespace portolan::cli
