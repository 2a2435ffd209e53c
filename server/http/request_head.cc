#include <array>
#include <cstring>

#include "server/base/text.h"
#include "server/http/head_fields.h"
#include "server/http/message.h"
#include "server/http/text.h"

namespace portolan::http {
namespace {

constexpr size_t kMaxMethodBytes = 32;
// Of a request up to the LF of its line: an empty line before, method, target, version, and what stands
// between.
constexpr size_t kMaxLineBytes = 2 + kMaxMethodBytes + 1 + kMaxTargetBytes + sizeof(" HTTP/1.1\r") - 1;

ParseResult Refuse(int status, const char* problem) { return {ParseState::kError, 0, status, problem}; }
ParseResult Fine() { return {}; }
bool Refused(const ParseResult& result) { return result.state == ParseState::kError; }

// Letters, digits and what else host names and IP literals need. Narrower than RFC 3986's reg-name, which
// allows commas and quotes that no host name has and that other parsers read differently.
constexpr auto kHostByte = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    table[static_cast<size_t>(c)] = IsLetterOrDigit(static_cast<char>(c));
  }
  for (char c : std::string_view("-._~%")) table[static_cast<uint8_t>(c)] = true;
  return table;
}();

// Visible ASCII without the fragment's `#`.
constexpr auto kTargetByte = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0x21; c < 0x7f; ++c) table[c] = c != '#';
  return table;
}();

bool IsPort(std::string_view text) {
  if (text.size() > 5) return false;
  uint32_t port = 0;
  for (char c : text) {
    if (!IsDigit(c)) return false;
    port = port * 10 + static_cast<uint32_t>(c - '0');
  }
  return port <= 65535;
}

// host [":" port], where host is a name, an IPv4 address or a bracketed IPv6 address.
bool IsAuthority(std::string_view authority) {
  size_t host_size = 0;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos || close == 1) return false;
    for (char c : authority.substr(1, close - 1)) {
      if (HexValue(c) < 0 && c != ':' && c != '.') return false;
    }
    host_size = close + 1;
  } else {
    while (host_size < authority.size() && kHostByte[static_cast<uint8_t>(authority[host_size])]) ++host_size;
    if (host_size == 0) return false;
  }
  if (host_size == authority.size()) return true;
  return authority[host_size] == ':' && IsPort(authority.substr(host_size + 1));
}

// Reduces `http://host/path?query` to origin form. `target` is mutable text; the authority goes to
// head->host.
ParseResult ReduceAbsoluteForm(char* target, size_t size, RequestHead* head) {
  const std::string_view text(target, size);
  size_t scheme = 0;
  if (size > 7 && StartsWithIgnoreCase(text, "http://")) scheme = 7;
  if (size > 8 && StartsWithIgnoreCase(text, "https://")) scheme = 8;
  if (scheme == 0) return Refuse(400, "the request target is neither a path nor an absolute http URL");
  size_t authority_end = text.find_first_of("/?", scheme);
  if (authority_end == std::string_view::npos) authority_end = size;
  size_t authority = scheme;
  if (authority_end < size && text[authority_end] == '?') {
    // `http://host?query` has no path: its `/` takes the place that the authority leaves by moving one byte
    // to the left, over the scheme.
    std::memmove(target + scheme - 1, target + scheme, authority_end - scheme);
    --authority;
    --authority_end;
    target[authority_end] = '/';
  }
  head->host = std::string_view(target + authority, authority_end - authority);
  if (!IsAuthority(head->host)) return Refuse(400, "a bad host in the request target");
  head->target = authority_end == size ? std::string_view("/") : text.substr(authority_end);
  return Fine();
}

// `good`: every byte of it is a kTargetByte.
ParseResult ParseTarget(char* target, size_t size, bool good, RequestHead* head) {
  if (size == 0) return Refuse(400, "the request line has no target");
  if (size > kMaxTargetBytes) return Refuse(414, "the request target is too long");
  if (!good) return Refuse(400, "a bad character in the request target");
  if (head->method == "CONNECT") return Refuse(501, "CONNECT is not supported");
  head->target = std::string_view(target, size);
  if (*target == '*') {
    if (size != 1 || head->method != "OPTIONS") return Refuse(400, "the target * is for OPTIONS only");
  } else if (*target != '/') {
    const ParseResult reduced = ReduceAbsoluteForm(target, size, head);
    if (Refused(reduced)) return reduced;
  }
  const size_t question = head->target.find('?');
  head->path = head->target.substr(0, question);
  if (question != std::string_view::npos) head->query = head->target.substr(question + 1);
  return Fine();
}

// `text` starts after the target's space. Moves *p after the line.
ParseResult ParseVersion(char** p, char* end, RequestHead* head) {
  const std::string_view text(*p, static_cast<size_t>(end - *p));
  if (!text.starts_with("HTTP/") || text.size() < 8 || !IsDigit(text[5]) || text[6] != '.' ||
      !IsDigit(text[7])) {
    return Refuse(400, "the request line does not end in an HTTP version");
  }
  char* const next = TakeLineEnd(*p + 8, end, LineEnds::kCrLfOnly);
  if (next == nullptr) return Refuse(400, "the request line does not end after the HTTP version");
  if (text[5] != '1' || text[7] > '1') return Refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  head->minor_version = text[7] - '0';
  *p = next;
  return Fine();
}

ParseResult ParseRequestLine(char** p, char* end, RequestHead* head) {
  char* const method = *p;
  char* q = method;
  while (text::IsToken(*q)) ++q;
  if (q == method) return Refuse(400, "the request line does not start with a method");
  if (*q != ' ') return Refuse(400, "a bad character in the method");
  if (q - method > static_cast<ptrdiff_t>(kMaxMethodBytes)) return Refuse(501, "the method is not known");
  head->method = std::string_view(method, static_cast<size_t>(q - method));
  char* const target = q + 1;
  q = target;
  while (kTargetByte[static_cast<uint8_t>(*q)]) ++q;  // the head holds a CR further on
  const bool good_target = *q == ' ' || *q == '\r';
  while (*q != ' ' && *q != '\r') ++q;
  if (*q != ' ') return Refuse(400, "the request line has no HTTP version");
  char* version = q + 1;
  // The version comes first: what is not HTTP/1 is told so, whatever its target.
  const ParseResult version_result = ParseVersion(&version, end, head);
  if (Refused(version_result)) return version_result;
  *p = version;
  return ParseTarget(target, static_cast<size_t>(q - target), good_target, head);
}

// What the fields seen so far say about framing and the connection.
struct Framing {
  HeaderView* host = nullptr;
  bool length = false;
  bool transfer_encoding = false;
  ConnectionOptions connection;
};

ParseResult NoteHost(HeaderView* field, RequestHead* head, Framing* framing) {
  if (framing->host != nullptr) return Refuse(400, "two Host headers");
  framing->host = field;
  if (!IsAuthority(field->value)) return Refuse(400, "a bad Host header");
  if (head->host.empty()) head->host = field->value;  // else the absolute form's authority goes before it
  return Fine();
}

ParseResult NoteLength(std::string_view value, RequestHead* head, Framing* framing) {
  if (framing->length) return Refuse(400, "two Content-Length headers");
  framing->length = true;
  if (!ParseContentLength(value, &head->content_length)) return Refuse(400, "a bad Content-Length header");
  head->framing = BodyFraming::kLength;
  return Fine();
}

ParseResult NoteTransferEncoding(std::string_view value, Framing* framing) {
  if (framing->transfer_encoding) return Refuse(400, "two Transfer-Encoding headers");
  framing->transfer_encoding = true;
  if (!EqualsIgnoreCase(value, "chunked")) return Refuse(501, "a Transfer-Encoding other than chunked");
  return Fine();
}

// Looks at one of the head's fields. The length tells most names apart.
ParseResult NoteField(HeaderView* field, RequestHead* head, Framing* framing) {
  switch (field->name.size()) {
    case 4:
      if (field->name == "host") return NoteHost(field, head, framing);
      break;
    case 6:
      if (field->name == "expect" && head->minor_version == 1) {
        if (!EqualsIgnoreCase(field->value, "100-continue")) return Refuse(417, "an unknown expectation");
        head->expect_continue = true;
      }
      break;
    case 10:
      if (field->name == "connection") framing->connection.Add(field->value);
      break;
    case 14:
      if (field->name == "content-length") return NoteLength(field->value, head, framing);
      break;
    case 16:
      if (field->name == "content-encoding") head->content_encoding = true;
      break;
    case 17:
      if (field->name == "transfer-encoding") return NoteTransferEncoding(field->value, framing);
      break;
    default:
      break;
  }
  return Fine();
}

// Judges the fields together.
ParseResult Conclude(const Framing& framing, RequestHead* head) {
  if (framing.host == nullptr && head->minor_version == 1)
    return Refuse(400, "HTTP/1.1 without a Host header");
  if (framing.host != nullptr) framing.host->value = head->host;
  if (framing.transfer_encoding) {
    if (framing.length) return Refuse(400, "both Content-Length and Transfer-Encoding");
    if (head->minor_version == 0) return Refuse(400, "Transfer-Encoding in HTTP/1.0");
    head->framing = BodyFraming::kChunked;
  }
  const ConnectionOptions& connection = framing.connection;
  head->keep_alive = !connection.close && (head->minor_version == 1 || connection.keep_alive);
  return Fine();
}

// All but the fields.
void Reset(RequestHead* head) {
  head->method = head->target = head->path = head->query = head->host = {};
  head->minor_version = 1;
  head->framing = BodyFraming::kNone;
  head->content_length = 0;
  head->keep_alive = true;
  head->expect_continue = false;
  head->content_encoding = false;
}

// A head that is not whole yet: refused as soon as it cannot become a good one.
ParseResult JudgeUnfinished(std::string_view text) {
  if (!text.empty() && text[0] != '\r' && !text::IsToken(text[0])) {
    return Refuse(400, "the request does not start with a method");
  }
  if (text.size() <= kMaxLineBytes) return {};
  // A line that has ended is measured too: what is refused must not depend on how the bytes were split.
  if (text.find('\n', 2) > kMaxLineBytes) return Refuse(414, "the request target is too long");
  if (text.size() >= kMaxHeadBytes) return Refuse(431, "the request's head is too large");
  return {};
}

}  // namespace

ParseResult ParseRequestHead(std::span<char> text, size_t* scanned, RequestHead* head) {
  const std::string_view view(text.data(), text.size());
  const HeadEnd head_end = FindHeadEnd(text, LineEnds::kCrLfOnly, scanned, &head->headers);
  if (head_end.state == HeadEnd::State::kBareLf) return Refuse(400, "a bare LF in the request's head");
  if (head_end.state == HeadEnd::State::kNotYet) return JudgeUnfinished(view);
  if (head_end.size > kMaxHeadBytes) return Refuse(431, "the request's head is too large");

  Reset(head);
  char* p = text.data();
  char* const end = p + head_end.size;
  // One empty line before a request is passed over (RFC 9112 section 2.2): some clients end a body with one.
  if (view.starts_with("\r\n")) p += 2;
  const ParseResult line = ParseRequestLine(&p, end, head);
  if (Refused(line)) return line;

  FieldsEnd fields_end;
  if (!head_end.fields_read) fields_end = ReadFields(p, end, LineEnds::kCrLfOnly, &head->headers);
  Framing framing;
  for (HeaderView& field : head->headers) {
    const ParseResult noted = NoteField(&field, head, &framing);
    if (Refused(noted)) return noted;
  }
  if (fields_end.state == FieldsEnd::State::kTooMany) return Refuse(431, "the request has too many headers");
  if (fields_end.state == FieldsEnd::State::kBad) return Refuse(400, fields_end.problem);
  const ParseResult concluded = Conclude(framing, head);
  if (Refused(concluded)) return concluded;
  return {ParseState::kDone, head_end.size, 0, ""};
}

}  // namespace portolan::http
