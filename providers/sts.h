#pragma once

// AWS's Security Token Service: temporary credentials for a role (AssumeRole).
// Source: docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, and botocore's description of the
// service and of AWS's partitions. Pure functions: the time is given.

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

// The name under which the credentials are kept that `key` fetches for a role.
std::string NameOf(std::string_view key, const Role& role);

// The call that fetches them, signed by `base`: everything but the name of the need. Its token is
// `ID:SECRET:TOKEN`, as sigv4::ParseCredentials reads it. `role` must have no problem. Its URL is empty if
// the operator's endpoint is none.
Need AssumeRole(const sigv4::Credentials& base, const Role& role, int64_t unix_seconds);

// Reads the service's answer, which is XML.
std::variant<Token, Refusal> ReadAnswer(int http_status, std::string_view body);

}  // namespace portolan::providers::sts
