#pragma once

// The three ways through the gateway to a provider of its own dialect: REST with the request's bytes passed
// on, REST with the request decoded and encoded again, and gRPC. A test says what is sent and what the
// provider answers, and sees what came out at both ends.

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/gateway_fixture.h"
#include "tests/support/script.h"

namespace google::protobuf {
class Message;
}

namespace portolan::conformance {

enum class Way { kSpliced, kReencoded, kGrpc };
inline constexpr Way kAllWays[] = {Way::kSpliced, Way::kReencoded, Way::kGrpc};
const char* ToString(Way way);

enum class Endpoint { kChat, kCompletions, kEmbeddings, kListModels, kGetModel };

struct Sent {
  Endpoint endpoint = Endpoint::kChat;
  std::string body = {};            // JSON
  std::string model = {};           // of kGetModel
  bool stream = false;              // whether `body` asks for a stream; over gRPC: which rpc is called
  std::string provider = "openai";  // by header; empty: without
  test::Headers headers = {};       // besides provider and host; names in lower case
  // gRPC: a last change to the typed request.
  std::function<void(google::protobuf::Message&)> alter = {};
};

struct Outcome {
  bool reached = false;  // the provider saw the request
  std::string seen;      // its body there
  std::string target;    // and its path
  // REST: the status. gRPC: 200 for OK, else the negative of the code.
  int status = 0;
  test::Headers headers;  // REST only
  // REST: the body. gRPC: the answer encoded as JSON; of a failure its message.
  std::string answer;
  std::vector<std::string> events;  // gRPC stream: each message encoded as JSON
  bool complete = false;            // REST: in good framing
};

class Ways {
 public:
  Ways();
  ~Ways();
  // One call at a time. Over gRPC `sent.body` is decoded by the codec first; where that fails, nothing is
  // called and `answer` says why.
  Outcome Call(Way way, const Sent& sent, const test::Script& answer);

 private:
  Outcome Rest(test::TestClient& client, const Sent& sent);
  Outcome Rpc(const Sent& sent);
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The names of all fields that requests and answers of the API have anywhere: for test::Difference.
const std::set<std::string>& KnownNames();

}  // namespace portolan::conformance
