#include "tests/integration/support/aws_testing.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <algorithm>
#include <sstream>

namespace portolan::test {
namespace {

std::string HexOf(const std::string& bytes) {
  static const char* const digits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += digits[static_cast<unsigned char>(c) / 16];
    hex += digits[static_cast<unsigned char>(c) % 16];
  }
  return hex;
}

std::string Digest(const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), out, &size, EVP_sha256(), nullptr);
  return std::string(reinterpret_cast<char*>(out), size);
}

std::string Mac(const std::string& key, const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return std::string(reinterpret_cast<char*>(out), size);
}

std::string After(const std::string& text, const std::string& before) {
  const size_t at = text.find(before);
  if (at == std::string::npos) return "";
  const size_t begin = at + before.size();
  return text.substr(begin, text.find(',', begin) - begin);
}

// Each byte of the path as it came that is not unreserved is encoded, `%` too.
std::string CanonicalPath(const std::string& target) {
  std::string out;
  for (const char c : target.substr(0, target.find('?'))) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
        std::string("-._~/").find(c) != std::string::npos) {
      out += c;
    } else {
      char escaped[4];
      std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escaped;
    }
  }
  return out;
}

std::string BigEndian(uint32_t number, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> (8 * i) & 0xff);
  return out;
}

}  // namespace

std::string WrongWithSignature(const SeenRequest& request, const AwsAccount& account) {
  const std::string authorization = request.Header("authorization");
  const std::string date_time = request.Header("x-amz-date");
  if (date_time.size() != 16) return "x-amz-date: " + date_time;
  const std::string date = date_time.substr(0, 8);
  const std::string scope = date + "/" + account.region + "/" + account.service + "/aws4_request";
  if (!authorization.starts_with("AWS4-HMAC-SHA256 ")) return "authorization: " + authorization;
  if (After(authorization, "Credential=") != account.key_id + "/" + scope)
    return "credential: " + authorization;
  if (request.Header("x-amz-security-token") != account.session_token) return "the session token is another";
  const std::string body_hash = HexOf(Digest(request.body));
  // Services for tokens are not told it besides.
  const std::string told = request.Header("x-amz-content-sha256");
  if (told != (account.service == "sts" ? "" : body_hash)) return "the body's hash is another";

  const std::string signed_headers = After(authorization, "SignedHeaders=");
  std::string canonical = request.method + "\n" + CanonicalPath(request.target) + "\n\n";
  std::istringstream names(signed_headers);
  std::string last;
  std::vector<std::string> all;
  for (std::string name; std::getline(names, name, ';'); last = name) {
    if (name <= last) return "the signed headers are not in order: " + signed_headers;
    if (request.CountHeader(name) != 1) return "a signed header is not there once: " + name;
    canonical += name + ":" + request.Header(name) + "\n";
    all.push_back(name);
  }
  for (const auto& [name, value] : request.headers) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return static_cast<char>(std::tolower(c)); });
    const bool needed = lower == "host" || lower.starts_with("x-amz-");
    if (needed && std::find(all.begin(), all.end(), lower) == all.end()) return "not signed: " + lower;
  }
  canonical += "\n" + signed_headers + "\n" + body_hash;
  const std::string text = "AWS4-HMAC-SHA256\n" + date_time + "\n" + scope + "\n" + HexOf(Digest(canonical));
  const std::string key =
      Mac(Mac(Mac(Mac("AWS4" + account.secret, date), account.region), account.service), "aws4_request");
  const std::string signature = HexOf(Mac(key, text));
  return After(authorization, "Signature=") == signature ? "" : "the signature does not match";
}

std::string AwsCrc(const std::string& bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  return BigEndian(static_cast<uint32_t>(crc32(0, data, static_cast<uInt>(bytes.size()))), 4);
}

std::string AwsFrameStating(uint32_t total, uint32_t headers, const std::string& rest) {
  std::string frame = BigEndian(total, 4) + BigEndian(headers, 4);
  frame += AwsCrc(frame);
  frame += rest;
  return frame + AwsCrc(frame);
}

std::string AwsFrame(const std::vector<std::pair<std::string, std::string>>& headers,
                     const std::string& payload) {
  std::string block;
  for (const auto& [name, value] : headers) {
    block += static_cast<char>(name.size());
    block += name;
    block += '\x07';
    block += BigEndian(static_cast<uint32_t>(value.size()), 2) + value;
  }
  const auto total = static_cast<uint32_t>(16 + block.size() + payload.size());
  return AwsFrameStating(total, static_cast<uint32_t>(block.size()), block + payload);
}

std::string AwsEvent(const std::string& type, const std::string& payload) {
  return AwsFrame({{":event-type", type}, {":content-type", "application/json"}, {":message-type", "event"}},
                  payload);
}

std::string AwsException(const std::string& type, const std::string& message) {
  return AwsFrame(
      {{":exception-type", type}, {":content-type", "application/json"}, {":message-type", "exception"}},
      "{\"message\":\"" + message + "\"}");
}

std::string WithWrongBit(std::string frame) {
  frame[frame.size() - 6] = static_cast<char>(frame[frame.size() - 6] ^ 1);
  return frame;
}

}  // namespace portolan::test
