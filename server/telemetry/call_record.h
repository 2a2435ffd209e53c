#pragma once

// What is known of a call when it is over, for the metrics and the access log.

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
  uint64_t cached = 0;     // the part of `input` that the provider read from its cache
  uint64_t reasoning = 0;  // the part of `output` spent on reasoning
};

// The views must stay valid while a function is given the record. All of it is logged, so nothing here may be
// a secret, a prompt or an answer. An empty view, a zero and a negative duration mean "not known" and are
// left out.
struct CallRecord {
  std::string_view request_id;
  std::string_view trace_id;
  Door door = Door::kHttp;
  std::string_view route;   // `/v1/chat/completions`; `other` where no route matched
  std::string_view path;    // where no route matched: what was asked for, without the query
  std::string_view method;  // `POST`, or the rpc `portolan.v1.ChatService/CreateChatCompletion`
  std::string_view peer;    // `127.0.0.1:50712`
  std::string_view client;  // the subject of the caller's certificate: `CN=billing,O=Example`
  int status = 0;           // of HTTP; of a gRPC call the status that its error has over HTTP
  int grpc_status = -1;     // the code of a gRPC call; -1: none
  std::string_view provider;
  std::string_view model;  // as the provider saw it
  // Where the last attempt went: `https://api.openai.com`, never with user info or a query.
  std::string_view target;
  std::string_view caller;      // the name of the caller's key
  std::string_view config;      // the operator's name for the call's route
  std::string_view option;      // the path of the last target in the call's config: `config.targets[1]`
  std::string_view tried;       // how the attempts before it ended
  std::string_view decisions;   // why the call went there, if the caller asked
  std::string_view guardrails;  // of those that did not pass: `input:denied no_secrets/default.regexMatch`
  std::string_view feedback;    // that guardrails have given: JSON objects with commas between them
  std::string_view middleware;  // what they did: `pii:replaced, pii:email=2`
  int64_t middleware_ms = -1;   // that the call has waited for them; negative: none was asked
  bool stream = false;
  std::string_view reshaped;  // `stream` or `whole`: what an answer that came as the other was made into
  int attempts = 0;           // upstream attempts
  int resends = 0;            // how many of these were sent again because a kept connection died at once
  int upstream_status = 0;    // of the last attempt; 0: no answer came
  std::string_view upstream_request_id;
  // nullptr if all went well. Its message is not logged, as providers quote prompts in theirs.
  const Error* error = nullptr;
  std::string_view finish;                // the finish reason of the first choice
  uint64_t bytes_in = 0;                  // of the caller's body
  uint64_t bytes_out = 0;                 // of the answer's body
  TokenCounts tokens;                     // as the upstream reported them
  std::chrono::nanoseconds duration{-1};  // from the request's first byte to the answer's last
  std::chrono::nanoseconds upstream{-1};  // the sum over all attempts, from sending to the answer's last byte
  // Of streams: until the first event with content was sent.
  std::chrono::nanoseconds time_to_first_token{-1};
};

}  // namespace portolan::telemetry
