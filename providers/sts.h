#pragma once

// AWS's Security Token Service: temporary credentials for a role, which a key assumes (AssumeRole) or the
// token of a workload does (AssumeRoleWithWebIdentity).
// Sources: docs.aws.amazon.com/STS/latest/APIReference (API_AssumeRole.html,
// API_AssumeRoleWithWebIdentity.html), docs.aws.amazon.com/sdkref/latest/guide/access-assume-role-web.html,
// and botocore's description of the service and of AWS's partitions. Pure functions: the time is given.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "providers/need.h"
#include "providers/sigv4.h"

namespace portolan::providers::sts {

// Views of somebody's.
struct Role {
  std::string_view arn;
  std::string_view external_id;  // may be empty
  std::string_view region;       // where the service is asked, and the signature's
  std::string_view endpoint;     // instead of the region's own, which only an operator may name; empty: that
};

// What is wrong with a role, for whoever named it, and which option says it.
struct Problem {
  std::string option;  // `aws_role_arn` …; empty: nothing is wrong
  std::string message;
};
Problem ProblemOf(const Role& role);
// Only whether its region can stand in a host.
Problem ProblemOfRegion(const Role& role);

// How AWS knows a workload, as in Kubernetes (EKS, IRSA): by the role that was made for it and the file that
// holds its token, which somebody else renews. As a key it is one text, `ROLE_ARN:/FILE`. Views of that.
struct WebIdentity {
  std::string_view role_arn;
  std::string_view token_file;
};
// Whether a key is meant as one: no id of a key begins as an ARN does.
inline bool IsWebIdentity(std::string_view key) { return key.starts_with("arn:"); }
// Reads such a key. Returns what is wrong with it; empty: nothing.
std::string ReadWebIdentity(std::string_view key, WebIdentity* out);

// The name under which the credentials are kept that `key` fetches for a role.
std::string NameOf(std::string_view key, const Role& role);
// That of the credentials of a workload, whose key `key` is, from this service.
std::string NameOfWebIdentity(std::string_view key, const Role& service);

// The call that fetches them, signed by `base`: everything but the name of the need. Its token is
// `ID:SECRET:TOKEN`, as sigv4::ParseCredentials reads it. `role` must have no problem. Its URL is empty if
// the operator's endpoint is none.
Need AssumeRole(const sigv4::Credentials& base, const Role& role, int64_t unix_seconds);

// The call that fetches those of a workload: everything but the name of the need. It is not signed: the token
// is what the service goes by. `service` says where it is, by its region and endpoint. Its URL is empty if
// that endpoint is none.
Need AssumeRoleWithWebIdentity(const WebIdentity& identity, const Role& service);

// Reads the service's answer, which is XML, to either call.
std::variant<Token, Refusal> ReadAnswer(int http_status, std::string_view body);

}  // namespace portolan::providers::sts
