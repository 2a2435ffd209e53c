#pragma once

// What providers' error answers have in common: whose fault a status is, whether a retry helps and when.

#include <span>
#include <string>
#include <string_view>

#include "providers/provider.h"
#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::providers {

// Fills in what follows from the status alone: class (a refused key is the caller's fault if the key came
// from it), retryable, retry_after, http_status; `message` becomes a sentence with the status if it is empty.
void ClassifyStatus(int http_status, std::span<const HeaderView> headers, const Target& target, Error* error);

// The members of an error object in a JSON text, wherever a dialect keeps it. Missing ones stay empty; a
// number or boolean is given as its text.
struct ErrorMembers {
  std::string message;
  std::string type;
  std::string code;
  std::string param;
};
// Reads the object under the top-level member `object` (`error`), or the top-level object itself if `object`
// is empty. False if `body` is not JSON or has no such object with a message. A string under `object` is
// taken as the message; of a list of problems, as servers built on FastAPI give it under `detail`
// (https://fastapi.tiangolo.com/tutorial/handling-errors/), each is named by its place.
bool ReadErrorMembers(std::string_view body, std::string_view object, ErrorMembers* out);

// The message of an error body that is plain text: the text, cut at 1000 bytes. Empty for markup, JSON and
// what is no text.
std::string PlainErrorText(std::string_view body);

}  // namespace portolan::providers
