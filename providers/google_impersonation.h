#pragma once

// A token of Google Cloud is exchanged for one of a service account, by whoever may impersonate it. Source:
// cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken.

#include <cstdint>
#include <string_view>
#include <variant>

#include "providers/google_credentials.h"
#include "providers/need.h"

namespace portolan::providers {

// Where Google has it; an operator may name another address.
inline constexpr std::string_view kGoogleImpersonation = "https://iamcredentials.googleapis.com/";

// What is lacking for credentials with an impersonation_url once their own `token` is there: everything but
// the name of the need.
Need ImpersonationNeed(const GoogleCredentials& credentials, std::string_view token);

// Reads the answer; `unix_seconds` is now.
std::variant<Token, Refusal> ReadImpersonation(int http_status, std::string_view body, int64_t unix_seconds);

}  // namespace portolan::providers
