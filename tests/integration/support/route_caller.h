#pragma once

// Calls with configs at both doors, what came of them in the same words, and answers for scripted upstreams.

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {

enum class Door : uint8_t { kRest, kGrpc };

// One chat request: `hi` to the model `m`, with one tool if asked for.
struct RouteCall {
  std::string config = {};  // JSON, sent as x-portolan-config; empty: none
  Door door = Door::kRest;
  bool stream = false;
  Headers headers = {};  // besides, lower case
  bool tools = false;
  std::string model = "m";
  int deadline_ms = 120'000;  // gRPC's
};

std::string Describe(const RouteCall& call);
// The two doors, unary and streamed.
std::vector<RouteCall> AtBothDoors(const RouteCall& call);

struct RouteAnswer {
  int status = 0;  // HTTP's; of gRPC 200 or that of the error
  grpc::StatusCode rpc = grpc::OK;
  std::string text;                            // of the answer, as far as it came
  std::string tool;                            // `weather {"city":"Oslo"}`
  bool broke = false;                          // a stream that began and ended in an error
  bool done = false;                           // REST: a stream that ended in [DONE]
  std::string code;                            // of the error
  std::string message;                         // likewise
  int attempts = -1;                           // likewise; -1: not told
  std::vector<std::string> tried;              // likewise
  std::string upstream;                        // likewise: `POST http://host/v1/chat/completions`
  std::string limit;                           // likewise: `request_timeout caller 50`
  std::string error_class;                     // likewise
  bool retryable = false;                      // likewise
  std::map<std::string, std::string> headers;  // lower case; of gRPC all metadata
  std::string body;                            // REST's

  std::string Header(const std::string& name) const;
};

// Thread-safe.
class RouteCaller {
 public:
  explicit RouteCaller(const GatewayFixture& gateway);
  RouteAnswer Call(const RouteCall& call) const;
  v1::ChatService::Stub& chat() const { return *chat_; }
  const std::string& http_address() const { return http_address_; }

 private:
  RouteAnswer Rest(const RouteCall& call) const;
  RouteAnswer Rpc(const RouteCall& call) const;

  const std::string http_address_;
  std::unique_ptr<v1::ChatService::Stub> chat_;
};

std::string RestBody(const RouteCall& call);
v1::ChatCompletionRequest RpcRequest(const RouteCall& call);
RouteAnswer ReadRest(const RouteCall& call, const TestAnswer& answer);

// Whole answers in the dialect that the request's path tells, streamed if it asks for that.
Script Answering(const SeenRequest& request, const std::string& text);
Script CallingATool(const SeenRequest& request);  // weather, {"city":"Oslo"}
Script Failing(const SeenRequest& request, int status, const Headers& headers = {});

// Events of a stream, each with its blank line.
std::string OpenAiDelta(const std::string& delta);  // of one chunk with this delta, not finished
std::string OpenAiFinish();                         // finish reason and [DONE]
std::string AnthropicEvent(const std::string& type, const std::string& members);
std::string AnthropicStart();  // message_start
std::string AnthropicEnd();    // content_block_stop to message_stop
std::string StreamHead();      // of a chunked event stream

// `{"provider":"openai","api_key":"k","custom_host":URL,…}`; `more` begins with a comma if there is any.
std::string TargetOf(const FakeUpstream& upstream, const std::string& provider = "openai",
                     const std::string& more = {});

}  // namespace portolan::test
