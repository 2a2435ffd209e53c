#pragma once

// What a caller may send that it should not, as data: one row a fault, with what it gets. The same rows make
// docs/reliability.md.

#include <grpcpp/support/status_code_enum.h>

#include <optional>
#include <string>
#include <vector>

namespace portolan::faults {

struct CallerFault {
  std::string group;
  std::string name;  // a sentence's predicate: `sends both a length and chunks`
  std::string sent;  // the bytes on the connection
  int status = 0;    // of the answer
  std::string code;  // of the error
  // What follows on the connection is not read as a request: it closes.
  bool closes = true;
  // Answers to good requests that stand before the bad one.
  int good_before = 0;
};

std::vector<CallerFault> CallerFaults();

struct RpcCallerFault {
  std::string name;
  std::string sent;
  // What the call ends in; OK: nothing is answered and the connection goes on. Absent: the connection closes.
  std::optional<grpc::StatusCode> status;
};

std::vector<RpcCallerFault> RpcCallerFaults();

}  // namespace portolan::faults
