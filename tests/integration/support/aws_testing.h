#pragma once

// AWS as a test sees it: checks signatures and frames events, sharing nothing with the product.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/fake_upstream.h"

namespace portolan::test {

// What a server that knows these credentials finds wrong with the Signature Version 4 of a request; empty:
// nothing. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
struct AwsAccount {
  std::string key_id;
  std::string secret;
  std::string session_token = {};  // empty: none may be sent
  std::string region;
  std::string service = "bedrock";
};
std::string WrongWithSignature(const SeenRequest& request, const AwsAccount& account);

// The CRC of IEEE 802.3, as the framing has it.
std::string AwsCrc(const std::string& bytes);
// A message that states these lengths, be they true or not, with right CRCs. `rest`: its headers and its
// payload.
std::string AwsFrameStating(uint32_t total, uint32_t headers, const std::string& rest);
// One message of application/vnd.amazon.eventstream with right CRCs.
std::string AwsFrame(const std::vector<std::pair<std::string, std::string>>& headers,
                     const std::string& payload);
std::string AwsEvent(const std::string& type, const std::string& payload);
std::string AwsException(const std::string& type, const std::string& message);
// `frame` with one bit of its payload wrong.
std::string WithWrongBit(std::string frame);

}  // namespace portolan::test
