#pragma once

// What an upstream may do wrong, as data: one row a fault, with what a caller must get. The matrix test runs
// each row by every way through the gateway, unary and streamed; the same rows make docs/reliability.md.

#include <grpcpp/support/status_code_enum.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/faults/dialects.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/script.h"

namespace portolan::faults {

enum class Mode { kUnary, kStream };
enum class Transport { kTcp, kTls };

struct Setting {
  Dialect dialect = Dialect::kOpenAi;  // of the upstream
  Mode mode = Mode::kUnary;
  Transport transport = Transport::kTcp;
};

// What the caller gets.
struct Outcome {
  enum class Kind {
    kError,     // an error before anything of an answer
    kBreak,     // a stream that began and ends in an error
    kCut,       // an answer whose framing breaks off, as HTTP tells it
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
  // The code is the provider's own word for this; `code` is empty.
  std::optional<Trouble> trouble = std::nullopt;
};

Outcome Refused(int status, std::string code, grpc::StatusCode rpc);
Outcome Refused(int status, Trouble trouble, grpc::StatusCode rpc);
Outcome Breaks(std::string code, grpc::StatusCode rpc);
Outcome Breaks(Trouble trouble, grpc::StatusCode rpc);
// Cut off; or an error of this code, if the fault is seen before anything of the answer has left.
Outcome Cut(std::string code = "upstream_reset");
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
  // Where the call is relayed, and nobody looks at what is said. Unary or streamed is the same.
  Outcome relayed = NotAsked();
  // At the Messages door, where that is not as at the others.
  std::optional<Outcome> messages_unary = std::nullopt;
  std::optional<Outcome> messages_stream = std::nullopt;

  // Less usual ways to fail.
  std::function<test::Script(const Setting&)> on_connect = nullptr;
  std::function<test::Script(const Setting&)> on_head = nullptr;
  enum class Certificate { kGood, kExpired, kOtherName, kUnknownAuthority };
  Certificate certificate = Certificate::kGood;
  bool tcp = true;                                // makes sense over plain TCP
  bool tls = true;                                // makes sense over TLS
  std::vector<Dialect> dialects = AllDialects();  // makes sense in these
  bool reusable = false;  // the exchange ended in good framing: its connection may serve again

  Fault& Only(std::vector<Dialect> those);
  Fault& ButFor(Dialect one);
  bool Concerns(Dialect dialect) const;
};

// The rows, group by group.
std::vector<Fault> ConnectionFaults();
std::vector<Fault> HeadFaults();
std::vector<Fault> BodyFaults();
std::vector<Fault> AnswerFaults();
std::vector<Fault> StreamFaults();
std::vector<Fault> AwsFramingFaults();
std::vector<Fault> AllFaults();

// A good answer of each kind, whose text is `Hello, world`.
inline constexpr char kText[] = "Hello, world";
std::string GoodBody(const Setting& setting);  // JSON, or the stream's bytes
const std::vector<std::string>& GoodEvents(Dialect dialect);
// The stream up to and with its first text.
std::string UntilText(Dialect dialect);
std::string ContentType(const Setting& setting);
test::Script GoodAnswer(const Setting& setting);
std::string Joined(const std::vector<std::string>& pieces);

// What the upstream is asked for, read from the request itself.
Setting SettingOf(const test::SeenRequest& request, Transport transport);

}  // namespace portolan::faults
