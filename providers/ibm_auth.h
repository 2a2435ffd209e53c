#pragma once

// How IBM Cloud knows who calls: by a token of its Identity and Access Management, fetched with an API key.
// Sources: cloud.ibm.com/apidocs/iam-identity-token-api (getTokenApiKey), ibm-cloud-sdk-core 3.28 (PyPI,
// iam_token_manager.py), and recorded answers.

#include <string_view>
#include <variant>

#include "providers/auth.h"
#include "providers/need.h"

namespace portolan::providers {

// `Authorization: Bearer TOKEN`. The key is an API key, for which tokens are fetched, or a token, which is a
// JWT. The option `ibm_iam_endpoint`, which only operators may give, says where.
const Auth& IbmCloudAuth();

// Reads the answer of IBM's token endpoint, whose refusals have names of their own.
std::variant<Token, Refusal> ReadIbmTokenAnswer(int http_status, std::string_view body);

}  // namespace portolan::providers
