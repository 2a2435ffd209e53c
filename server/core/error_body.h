#pragma once

#include <string>
#include <string_view>

#include "providers/dialect.h"
#include "server/base/error.h"

namespace portolan::core {

// Appends an error as callers of `door` read it, as the body of an answer or as the last event of a stream,
// with what the gateway knows besides under `portolan`. docs/errors.md describes it.
void AppendErrorBody(const providers::Door& door, const Error& error, std::string_view request_id,
                     std::string* out);
void AppendErrorEvent(const providers::Door& door, const Error& error, std::string_view request_id,
                      std::string* out);

// What these put under `portolan`, alone and in ASCII: for the x-portolan-error header beside a provider's
// untouched body.
std::string ErrorDetail(const Error& error);

}  // namespace portolan::core
