#pragma once

// AWS's Signature Version 4, in headers, over the whole body.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html has its
// description. Pure functions: the time is given.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/base/header.h"

namespace portolan::providers::sigv4 {

// Views of somebody's secret.
struct Credentials {
  std::string_view key_id;
  std::string_view secret;
  std::string_view session_token;  // of temporary credentials; else empty
};

// `ID:SECRET` or `ID:SECRET:TOKEN`; nullopt for any other text. Views `key`.
std::optional<Credentials> ParseCredentials(std::string_view key);

// What the signature is good for.
struct Scope {
  std::string_view region;
  std::string_view service;
  std::string_view date_time;  // as FormatDateTime gives it
};

struct Request {
  std::string_view method;
  std::string_view path;                // as it is sent, query included
  std::span<const HeaderView> headers;  // all that are to be signed, `host` and `x-amz-date` among them
  std::string_view body_hash;           // SHA-256 in lower-case hexadecimal digits
};

// Of a base URL, as the upstream client reads it: a signature covers the Host header that it sends.
struct Address {
  std::string host;       // as the Host header has it
  std::string_view path;  // without a slash at its end
};
// False if it is none. *out views `base_url`.
bool ReadAddress(std::string_view base_url, Address* out);

// What AWS says of a request whose signature is wrong, without what was signed, session tokens among it,
// which must get neither into logs nor to callers.
std::string_view WithoutWhatWasSigned(std::string_view message);

// `20150830T123600Z`, the value of `x-amz-date`.
std::string FormatDateTime(int64_t unix_seconds);

// What is signed of a request. The path is encoded once more than it is sent, as all services but S3 want it.
std::string CanonicalRequest(const Request& request);

// The value of `authorization`.
std::string Authorization(const Credentials& credentials, const Scope& scope, const Request& request);

}  // namespace portolan::providers::sigv4
