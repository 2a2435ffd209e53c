#pragma once

// What an adapter lacks before it can go on: a token that somebody else issues. It says what it lacks; the
// driver fetches it (adapters do no I/O), keeps it for other calls, and asks the adapter again.

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/base/error.h"
#include "server/base/header.h"
#include "server/base/secret.h"

namespace portolan::providers {

struct Token {
  Secret text;
  std::chrono::seconds lifetime{0};  // from now on
};

// Why a token cannot be had, for whoever gave the credentials. Holds nothing secret.
struct Refusal {
  bool final = false;   // the credentials are refused: another attempt would not help
  std::string message;  // `invalid_grant: Invalid JWT Signature.`
};

// A token that is lacking, and the call that fetches it.
struct Need {
  std::string name = {};  // under which it is kept: a hash of the credentials, never they themselves
  std::string what = {};  // for people: `an access token of Google Cloud`
  // The call. Its URL is one that the operator or this program has named.
  std::string_view method = "POST";
  std::string url = {};
  std::vector<HeaderField> headers = {};
  Secret body = {};
  // A file of the operator's, of at most 64 KB, read for each fetch, as somebody else renews it. Its text,
  // but for blanks at its ends, is added to the body, percent-encoded; of a GET it is `authorization`.
  std::string body_file = {};
  size_t max_answer = 64 * 1024;  // in bytes
  // Reads the endpoint's answer.
  std::variant<Token, Refusal> (*read)(int http_status, std::string_view body) = nullptr;
};

// The tokens that were fetched before. For one thread.
class Tokens {
 public:
  virtual ~Tokens() = default;
  // nullptr if there is none of this name, or it should be fetched anew. Valid until something else is
  // awaited.
  virtual const Secret* Find(std::string_view name) const = 0;
};

// What an adapter says when it was asked to do its part.
struct Done {};
using Outcome = std::variant<Done, Error, Need>;

}  // namespace portolan::providers
