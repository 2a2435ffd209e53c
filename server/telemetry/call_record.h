#pragma once

// What is known of a call when it is over: written once by whoever ran it, read by the metrics and the access
// log.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "server/base/error.h"

namespace portolan::telemetry {

enum class Door : uint8_t { kHttp, kGrpc, kAdmin };
inline constexpr int kDoorCount = 3;
std::string_view ToString(Door door);  // `http`, `grpc`, `admin`

struct TokenCounts {
  uint64_t input = 0;
  uint64_t output = 0;
  uint64_t cached = 0;     // part of `input` that the provider read from its cache
  uint64_t reasoning = 0;  // part of `output` spent on reasoning
};

// Views need to live only as long as the function the record is given to. Nothing here may be a secret, a
// prompt or an answer: what is here is logged. An empty view, a zero and a negative duration mean "not known"
// and are left out.
struct CallRecord {
  std::string_view request_id;
  std::string_view trace_id;
  Door door = Door::kHttp;
  std::string_view route;   // `/v1/chat/completions`; `other` where no route matched
  std::string_view path;    // where no route matched: what was asked for, without its query
  std::string_view method;  // `POST`, or the rpc `portolan.v1.ChatService/CreateChatCompletion`
  std::string_view peer;    // `127.0.0.1:50712`
  std::string_view client;  // subject of the caller's certificate: `CN=billing,O=Example`
  int status = 0;           // HTTP; for a gRPC call the status its error has over HTTP
  int grpc_status = -1;     // the code, for gRPC calls; -1: none
  std::string_view provider;
  std::string_view model;  // as the provider saw it
  std::string_view
      target;  // where the last attempt went: `https://api.openai.com`, never with user info or a query
  std::string_view caller;     // the name of the caller's key
  std::string_view config;     // the operator's name of the call's route
  std::string_view option;     // path of the last target in the call's config: `config.targets[1]`
  std::string_view tried;      // what the attempts before it came to
  std::string_view decisions;  // why it went there, if the caller asked
  bool stream = false;
  std::string_view reshaped;  // `stream` or `whole`: what the answer was made to be, which came as the other
  int attempts = 0;           // upstream attempts
  int resends = 0;            // of these, sent anew on a fresh connection because a kept one died at once
  int upstream_status = 0;    // of the last attempt; 0: no answer came
  std::string_view upstream_request_id;
  const Error* error =
      nullptr;  // nullptr: all went well. Its message is not logged: providers quote prompts in theirs.
  std::string_view finish;                // the finish reason of the first choice
  uint64_t bytes_in = 0;                  // of the caller's body
  uint64_t bytes_out = 0;                 // of the answer's body
  TokenCounts tokens;                     // as the upstream reported them
  std::chrono::nanoseconds duration{-1};  // from the request's first byte to the answer's last
  std::chrono::nanoseconds upstream{-1};  // sum over attempts: from sending to the last byte of the answer
  std::chrono::nanoseconds time_to_first_token{-1};  // streams: until the first event with content left
};

}  // namespace portolan::telemetry
