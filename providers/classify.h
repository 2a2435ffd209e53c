#pragma once

// What providers' error answers have in common: whose fault a status is, whether a retry helps and when.

#include <span>
#include <string_view>

#include "providers/error_text.h"
#include "providers/provider.h"
#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::providers {

// Fills in what follows from the status alone: class (a refused key is the caller's fault if the key came
// from it), retryable, retry_after, http_status; `message` becomes a sentence with the status if it is empty.
void ClassifyStatus(int http_status, std::span<const HeaderView> headers, const Target& target, Error* error);

// The status of an error that came under a good one: what its JSON tells as a number from 400 to 599, under
// `code` first, then `status` and its like, of the object under `error` or beside it; else `otherwise`.
int StatusInError(std::string_view json, int otherwise);

}  // namespace portolan::providers
