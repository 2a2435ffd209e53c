#pragma once

// The ways to call the gateway, and what came of it in the same words.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/faults/fault.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::faults {

// Chat at three doors; and by REST a path that no type of the gateway's knows, which is relayed.
enum class Door { kRest, kGrpc, kMessages, kRelay };
std::string NameOf(Door door);

struct Seen {
  Outcome::Kind kind = Outcome::Kind::kNotAsked;
  int status = 0;
  std::string code;
  std::string error_class;
  grpc::StatusCode rpc = grpc::OK;
  std::string text;       // of the answer, as far as it came
  std::string malformed;  // what is wrong with the form of the answer, if something is
};

// Thread-safe.
class Caller {
 public:
  explicit Caller(test::GatewayFixture& gateway);

  // Calls the upstream of this URL, with a config (JSON) if there is one. A call that takes longer than two
  // minutes hangs: the test's failure.
  Seen Call(Door door, const Setting& setting, const std::string& upstream, const std::string& config = {});

 private:
  Seen Rest(Door door, const Setting& setting, const test::Headers& headers);
  Seen Rpc(const Setting& setting, const test::Headers& headers);

  const std::string http_address_;
  std::unique_ptr<v1::ChatService::Stub> chat_;
};

}  // namespace portolan::faults
