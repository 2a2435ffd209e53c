#pragma once

// The agents of EKS Pod Identity and ECS, which give containers their AWS credentials.
// Sources: docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html, botocore's
// ContainerProvider, aws-config's module `ecs`, and the handler of EKS's agent
// (github.com/aws/eks-pod-identity-agent). Pure functions, but for ReadAnswer.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "providers/need.h"

namespace portolan::providers::container {

// Where it is asked, and what it wants to be told. As a key it is one text, the values of AWS's variables
// joined by colons, of which the last two may be missing: `URI:/FILE`, `URI::TOKEN`. A colon in the URI's
// path is written `%3A` there.
struct Source {
  std::string url;              // `/PATH` is ECS's own agent, `http://169.254.170.2/PATH`
  std::string_view token_file;  // whose text is sent as `authorization`, rather than `token`
  std::string_view token;       // may be empty, as both may
};

// Whether a key is meant as one: neither an id of a key nor a key of Bedrock's begins so.
inline bool IsSource(std::string_view key) {
  return key.starts_with('/') || key.starts_with("http://") || key.starts_with("https://");
}

// Reads such a key, of which *out holds parts. Returns what is wrong with it, without the token; empty:
// nothing. Without TLS only this machine and the agents' own addresses are asked, as AWS's clients have it.
std::string Read(std::string_view key, Source* out);

// The name under which the credentials are kept that this key fetches.
std::string NameOf(std::string_view key);

// The call that fetches them: everything but the name of the need. Its token is `ID:SECRET:TOKEN`, or
// `ID:SECRET`, as sigv4::ParseCredentials reads it.
Need Fetch(const Source& source);

// Reads the answer, which says at what time its credentials end.
std::variant<Token, Refusal> ReadAnswerAt(int http_status, std::string_view body, int64_t unix_seconds);
// The same by this machine's clock.
std::variant<Token, Refusal> ReadAnswer(int http_status, std::string_view body);

}  // namespace portolan::providers::container
