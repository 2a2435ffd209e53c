#pragma once

// What an upstream may do wrong, as data: one row a fault, with what a caller must get. The matrix test runs
// each row at both doors, unary and streamed, in both dialects, over TCP and TLS; the same rows make
// docs/reliability.md.

#include <grpcpp/support/status_code_enum.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/fake_upstream.h"
#include "tests/support/script.h"

namespace portolan::faults {

enum class Dialect { kOpenAi, kAnthropic };  // the second is translated
enum class Mode { kUnary, kStream };
enum class Transport { kTcp, kTls };

struct Setting {
  Dialect dialect = Dialect::kOpenAi;
  Mode mode = Mode::kUnary;
  Transport transport = Transport::kTcp;
};

// What the caller gets.
struct Outcome {
  enum class Kind {
    kError,     // an error before anything of an answer
    kBreak,     // a stream that began and ends in an error
    kAnswer,    // the whole answer: what happened was no fault
    kNotAsked,  // the fault cannot happen in this mode
  };
  Kind kind = Kind::kError;
  int status = 0;    // HTTP, of kError
  std::string code;  // of the error
  grpc::StatusCode rpc = grpc::OK;
  std::string or_code = {};              // as good: which of the two it is depends on who is faster
  std::string error_class = "provider";  // who is at fault
  // An error event in the caller's own dialect passes as it is, and says nothing of who is at fault.
  bool passes_untouched = false;
};

Outcome Refused(int status, std::string code, grpc::StatusCode rpc);
Outcome Breaks(std::string code, grpc::StatusCode rpc);
Outcome Whole();
Outcome NotAsked();

// 502, UNAVAILABLE: what most faults come to.
Outcome BadGateway(std::string code);
Outcome Callers(Outcome outcome);  // the same, but the caller's own fault
// 504, DEADLINE_EXCEEDED.
Outcome TooSlow(std::string code);

struct Fault {
  std::string group;
  std::string name;  // a sentence's predicate: `resets the connection in mid-head`
  Outcome unary;
  Outcome stream;
  // What the upstream answers. Null: a connection is refused.
  std::function<test::Script(const Setting&)> answer;

  // Less usual ways to fail.
  std::function<test::Script(const Setting&)> on_connect = nullptr;
  std::function<test::Script(const Setting&)> on_head = nullptr;
  enum class Certificate { kGood, kExpired, kOtherName, kUnknownAuthority };
  Certificate certificate = Certificate::kGood;
  bool tcp = true;     // makes sense over plain TCP
  bool tls = true;     // makes sense over TLS
  bool openai = true;  // makes sense in this dialect
  bool anthropic = true;
  bool reusable = false;  // the exchange ended in good framing: its connection may serve again
};

// The rows, group by group.
std::vector<Fault> ConnectionFaults();
std::vector<Fault> HeadFaults();
std::vector<Fault> BodyFaults();
std::vector<Fault> AnswerFaults();
std::vector<Fault> StreamFaults();
std::vector<Fault> AllFaults();

// A good answer of each kind, whose text is `Hello, world`.
inline constexpr char kText[] = "Hello, world";
std::string GoodBody(const Setting& setting);          // JSON, or the stream's bytes
std::vector<std::string> GoodEvents(Dialect dialect);  // each with its blank line
std::string ContentType(Mode mode);
test::Headers GoodHeaders(const Setting& setting);  // the content type
test::Script GoodAnswer(const Setting& setting);
std::string Joined(const std::vector<std::string>& pieces);

}  // namespace portolan::faults
