#pragma once

// The JSON files by which Google Cloud knows who calls, and how each fetches a token: a service account's
// key (RFC 7523: a signed assertion) and what `gcloud auth application-default login` writes (RFC 6749,
// section 6: a refresh token). Sources: developers.google.com/identity/protocols/oauth2/service-account, and
// google-auth-library, which reads the same members.

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::providers {

inline constexpr std::string_view kGoogleTokenUrl = "https://oauth2.googleapis.com/token";

struct GoogleCredentials {
  enum class Kind : uint8_t { kServiceAccount, kAuthorizedUser };
  Kind kind = Kind::kServiceAccount;
  std::string token_url{kGoogleTokenUrl};
  std::string client_email;    // service account
  std::string private_key;     // PEM
  std::string private_key_id;  // may be empty
  std::string client_id;       // authorized user
  std::string client_secret;
  std::string refresh_token;
};

// Returns what is wrong with `json`, for whoever wrote it and without a secret; empty: nothing.
std::string ReadGoogleCredentials(std::string_view json, GoogleCredentials* out);

// The project that such a file names; empty: none.
std::string GoogleProjectOf(std::string_view json);

// The body of the request that asks for a token with the scope of Google Cloud. Empty if the private key
// cannot sign.
std::string GoogleTokenRequest(const GoogleCredentials& credentials, int64_t unix_seconds);

}  // namespace portolan::providers
