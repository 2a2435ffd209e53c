#include "tests/faults/token_fault.h"

namespace portolan::faults {
namespace {

using test::Respond;
using test::RespondJson;
using test::Script;
using test::SeenRequest;

}  // namespace

// What callers must never read has SECRETPART in it.
std::vector<TokenFault> TokenFaults() {
  std::vector<TokenFault> faults;
  const auto unavailable = [&](std::string name, std::string message, Script script) {
    faults.push_back({.name = std::move(name),
                      .message = std::move(message),
                      .tokens = [script](const SeenRequest&) { return script; }});
  };
  unavailable("answers with 500", "status 500", Respond(500, "SECRETPART"));
  unavailable("answers with HTML", "no access_token", Respond(200, "<html>SECRETPART</html>"));
  unavailable("gives another token than asked", "no access_token",
              RespondJson(200, R"({"id_token":"SECRETPART"})"));
  unavailable("does not say for how long the token is good", "how long",
              RespondJson(200, R"({"access_token":"SECRETPART"})"));
  unavailable("gives a token with line ends in it", "no access_token",
              RespondJson(200, R"({"access_token":"SECRETPART\r\nx: y","expires_in":3599})"));
  unavailable("gives an answer of more than 64 KB", "cannot be had",
              RespondJson(200, R"({"access_token":"SECRETPART","expires_in":3599,"x":")" +
                                   std::string(100'000, 'x') + "\"}"));
  unavailable("hangs up", "cannot be had", Script().Close());
  unavailable(
      "breaks off in its answer", "cannot be had",
      Script().Send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"access_token\":\"SECRETPART\"").Close());
  unavailable("redirects", "status 302", Respond(302, "", {{"Location", "http://127.0.0.1:1/SECRETPART"}}));
  unavailable("is busy (429)", "status 429", RespondJson(429, "{}"));
  faults.push_back({.name = "does not answer within 10 seconds",
                    .status = 504,
                    .message = "has not answered within 10 s",
                    .tokens = [](const SeenRequest&) { return Script().Stall(); }});
  faults.push_back({.name = "refuses the credentials",
                    .status = 401,
                    .code = "token_refused",
                    .message = "invalid_grant: Invalid JWT Signature.",
                    .tokens = [](const SeenRequest&) {
                      return RespondJson(
                          400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})");
                    }});
  return faults;
}

}  // namespace portolan::faults
