#ifndef PORTOLAN_ERROR_H_
#define PORTOLAN_ERROR_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace portolan {

// Metadata by name, without what is binary; several values of a name are joined by commas as in HTTP.
using Headers = std::map<std::string, std::string>;

// Whose fault an error is.
enum class ErrorClass {
  // The request is wrong, or its own time ran out, or it was cancelled.
  kCaller,
  // The request is right, but not allowed here.
  kPolicy,
  // The provider refused or failed.
  kProvider,
  // The gateway failed, or there is no way to it.
  kGateway,
};

// `caller`, `policy`, `provider` or `gateway`.
std::string_view NameOf(ErrorClass error_class);
// `RESOURCE_EXHAUSTED` and so on.
std::string_view NameOf(grpc::StatusCode status);

// A call that failed. What the gateway says about errors is in docs/errors.md of the project. What fails on
// the way to it has a code of the client's: `gateway_unreachable` (no connection, or a broken one),
// `request_timeout` (the call's own timeout), `client_closed_request` (cancelled here), `invalid_argument` of
// the class `caller` (a header that cannot be sent), or the gRPC status in lower case.
struct Error {
  ErrorClass error_class = ErrorClass::kGateway;
  // Stable, for programs: the provider's own, or the gateway's.
  std::string code;
  // gRPC's.
  grpc::StatusCode status = grpc::StatusCode::UNKNOWN;
  // For people.
  std::string message;
  // How often a provider was called.
  int attempts = 0;
  // Whether trying again can help.
  bool retryable = false;
  // How long to wait before that, where it is known.
  std::optional<std::chrono::milliseconds> retry_delay;
  // The same error's over HTTP; 0 if the gateway did not say.
  int http_status = 0;
  // The member of the request that is at fault, if one is.
  std::string param;
  // All that the gateway tells of the error, by name: `tried`, `upstream`, `limit` and so on.
  std::map<std::string, std::string> info;
  // What came with the error: the gateway's own headers, the provider's rate limits.
  Headers headers;

  // One line for people: message, class, code and status.
  std::string ToString() const;

  // The error that a failed gRPC call stands for; for calls by stubs over Client::channel(). `context` is
  // that of the call, which must be over.
  static Error Of(const grpc::Status& status, const grpc::ClientContext& context);
};

// What a call gave: an answer, or why there is none. To take the answer of one that failed ends the program,
// with the error's text on stderr.
template <typename Answer>
class [[nodiscard]] Result {
 public:
  Result(Answer answer) : value_(std::move(answer)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error) : value_(std::move(error)) {}     // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const Answer& operator*() const& { return *Taken(); }
  Answer& operator*() & { return *const_cast<Answer*>(Taken()); }
  Answer operator*() && { return std::move(*const_cast<Answer*>(Taken())); }
  const Answer* operator->() const { return Taken(); }
  Answer* operator->() { return const_cast<Answer*>(Taken()); }

  // Only if the call failed.
  const Error& error() const { return std::get<Error>(value_); }

 private:
  const Answer* Taken() const;

  std::variant<Answer, Error> value_;
};

namespace internal {
[[noreturn]] void EndOf(const Error& error);
}  // namespace internal

template <typename Answer>
const Answer* Result<Answer>::Taken() const {
  if (!ok()) internal::EndOf(error());
  return std::get_if<0>(&value_);
}

}  // namespace portolan

#endif  // PORTOLAN_ERROR_H_
