#pragma once

// What providers' error answers have in common: whose fault a status is, whether a retry helps and when.

#include <span>
#include <string>
#include <string_view>

#include "providers/error_text.h"
#include "providers/provider.h"
#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::providers {

// Fills in what follows from the status and the headers: the class (a refused key is the caller's fault if
// the caller gave it), retryable, retry_after and http_status. If `message` is empty it becomes a sentence
// with the status.
void ClassifyStatus(int http_status, std::span<const HeaderView> headers, const Target& target, Error* error);

// The error of an answer with such a status: the provider's own code and words, and what follows from the
// status and the headers. An empty code becomes `upstream_status_529`; the type is OpenAI's word.
Error AnsweredError(int http_status, std::string code, std::string message,
                    std::span<const HeaderView> headers, const Target& target);

// Corrects the class of an error that a mapping found in a good answer and that says that the key was
// refused: mappings do not know whose key it was, and call it the provider's. Leaves other errors as they
// are.
void ClassifyRefusedKey(const Target& target, Error* error);

// The status of an error that came with a good status: the number from 400 to 599 that its JSON has under
// `code`, else under `status` or a similar name, in the object under `error` or beside it; else `otherwise`.
int StatusInError(std::string_view json, int otherwise);

// An answer that cannot be what it should be: 502, the provider's fault; another attempt may help, and counts
// as one after a connection that failed.
Error BrokenAnswer(std::string code, std::string message);

}  // namespace portolan::providers
