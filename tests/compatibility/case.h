#pragma once

// What Portkey's open-source gateway (1.15.2) does with configs and errors, as data: one row a rule, with
// what Portolan does, and routes, targets and calls that prove it. The test runs every row; the same rows
// make docs/portkey-compatibility.md.

#include <string>
#include <utility>
#include <vector>

#include "tests/support/script.h"

namespace portolan::compatibility {

enum class Verdict {
  kSame,
  kFixed,          // otherwise, and on purpose
  kWithoutEffect,  // accepted, but nothing comes of it
  kRefused,        // 400
};

// A config walked without I/O.
struct Route {
  std::string config = {};
  std::vector<std::string> happens = {"200"};  // to each attempt in turn, as test Happens() reads it
  std::string attempts = "config";             // as Told() writes them
  int retry_count = 0;
  std::string metadata = {};  // the header
  std::string params = "{}";  // the request's body
  std::string pathname = "/v1/chat/completions";
  double chance = 0;         // each wait is half of what it could be
  std::string ignored = {};  // what is named in x-portolan-ignored
};

// A config that is refused, and what the message holds.
struct Refusal {
  std::string config;
  std::string message;
};

// What the first target of a config comes to, as Describe() writes it.
struct Spec {
  std::string config;
  std::string target;
};

// A request through the whole gateway. `UPSTREAM` in a header is the URL of an upstream, `REFUSED` one where
// nobody listens.
struct Call {
  std::string method = "POST";
  std::string path = "/v1/chat/completions";
  test::Headers headers = {};
  std::string body = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
  bool content_type = true;  // is sent
  std::vector<test::Script> answers =
      {};         // of the upstream, in turn; the last goes on. None: nobody is called
  int calls = 1;  // that the upstream gets

  int status = 200;
  std::string text = {};       // the whole body of the answer, if not empty
  bool ends_in_error = false;  // it is a stream that ends in an error event
  std::vector<std::pair<std::string, std::string>> says =
      {};                             // JSON pointers into the answer, and JSON there
  test::Headers answer_headers = {};  // "*": any value; "": not there
  std::string upstream_text = {};     // the body of its last request, if not empty
  std::vector<std::pair<std::string, std::string>> upstream_gets = {};  // the same for its last request
  test::Headers upstream_headers = {};                                  // of the same; "": not there
};

struct Case {
  std::string group = {};
  std::string what = {};
  std::string portkey = {};
  Verdict verdict = Verdict::kSame;
  std::string portolan = {};  // empty if it is the same

  std::vector<Route> routes = {};
  std::vector<Refusal> refusals = {};
  std::vector<Spec> specs = {};
  std::vector<Call> calls = {};
};

// The rows, group by group.
std::vector<Case> ConfigCases();
std::vector<Case> InheritanceCases();
std::vector<Case> StrategyCases();
std::vector<Case> ConditionCases();
std::vector<Case> RetryCases();
std::vector<Case> HeaderCases();
std::vector<Case> GuardrailCases();
std::vector<Case> ErrorCases();
std::vector<Case> AllCases();

// Good answers, and the headers of calls.
test::Script GoodAnswer();
test::Script GoodEmbedding();
test::Headers Config(const std::string& config);
// A config of one target at the upstream, with more members (each with a comma before it).
std::string AtUpstream(const std::string& members = "");

}  // namespace portolan::compatibility
