#pragma once

// How Azure knows who calls: by a key of the resource, by a token of Microsoft Entra ID, or by credentials
// that fetch such a token. Sources: learn.microsoft.com/entra/identity-platform
// (v2-oauth2-client-creds-grant-flow),
// learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token, and
// @azure/identity 4.13, which reads the same variables and sends the same requests.

#include <string>
#include <string_view>

#include "providers/need.h"

namespace portolan::providers {

inline constexpr std::string_view kEntraAuthority = "https://login.microsoftonline.com";
inline constexpr std::string_view kAzureScope = "https://cognitiveservices.azure.com/.default";

// A key is one text, whatever it is:
//   TENANT:CLIENT:SECRET             an application's secret
//   TENANT:CLIENT:/FILE              a workload identity, whose own token is in the file
//   managed-identity[:CLIENT]        of the machine that the gateway runs on
//   eyJ….….…                         a token, which is a JWT
//   anything else                    a key of the resource
// The first two may end in `:https://AUTHORITY`.
struct AzureCredentials {
  enum class Kind : uint8_t { kKey, kToken, kSecret, kTokenFile, kManagedIdentity };
  Kind kind = Kind::kKey;
  std::string_view tenant;
  std::string_view client;
  std::string_view secret;  // or the path of the file
  std::string_view authority = kEntraAuthority;
};

// Reads such a text, of which *out holds parts. Returns what is wrong with it, without a secret; empty:
// nothing.
std::string ReadAzureCredentials(std::string_view key, AzureCredentials* out);

// Whether only the gateway's operator may say these: they are what the machine has, not what a caller brings,
// or name whom the gateway calls.
bool AreOperators(const AzureCredentials& credentials);

// What is lacking for these, which are none of kKey and kToken: everything but the name of the need.
// `identity_host`: where the machine's metadata service is.
Need AzureTokenNeed(const AzureCredentials& credentials, std::string_view scope,
                    std::string_view identity_host);

}  // namespace portolan::providers
