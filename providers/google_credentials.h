#pragma once

// The JSON files by which Google Cloud knows who calls, and how each fetches a token: a service account's
// key (RFC 7523: a signed assertion), what `gcloud auth application-default login` writes (RFC 6749, section
// 6: a refresh token), and a workload of somebody else's cloud or cluster, whose own token is in a file (RFC
// 8693: token exchange; google.aip.dev/auth/4117). The last, and an `impersonated_service_account`, may have
// their token exchanged for that of a service account (see google_impersonation.h). Sources:
// developers.google.com/identity/protocols/oauth2/service-account, and google-auth-library, which reads the
// same members.

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::providers {

inline constexpr std::string_view kGoogleTokenUrl = "https://oauth2.googleapis.com/token";
inline constexpr std::string_view kGoogleScope = "https://www.googleapis.com/auth/cloud-platform";

struct GoogleCredentials {
  enum class Kind : uint8_t { kServiceAccount, kAuthorizedUser, kExternalAccount };
  Kind kind = Kind::kServiceAccount;
  std::string token_url{kGoogleTokenUrl};
  std::string client_email;    // service account
  std::string private_key;     // PEM
  std::string private_key_id;  // may be empty
  std::string client_id;       // authorized user
  std::string client_secret;
  std::string refresh_token;
  std::string audience;  // external account
  std::string subject_token_type;
  std::string token_file;         // whose text belongs behind the body of GoogleTokenRequest, percent-encoded
  std::string impersonation_url;  // where the token is exchanged for a service account's; empty: it is not
  std::string delegates;          // on the way there, as a JSON array; empty: none
};

// Returns what is wrong with `json`, for whoever wrote it and without a secret; empty: nothing.
std::string ReadGoogleCredentials(std::string_view json, GoogleCredentials* out);

// What of these only the gateway's operator may say, as it names whom the gateway calls or files of its
// machine; empty: nothing.
std::string OnlyForOperators(const GoogleCredentials& credentials);

// The project that such a file names; empty: none.
std::string GoogleProjectOf(std::string_view json);

// The body of the request that asks for a token with the scope of Google Cloud. Empty if the private key
// cannot sign.
std::string GoogleTokenRequest(const GoogleCredentials& credentials, int64_t unix_seconds);

}  // namespace portolan::providers
