#include "server/base/text.h"
#include "server/http/head_fields.h"
#include "server/http/message.h"
#include "server/http/text.h"

namespace portolan::http {
namespace {

ParseResult Garbage(const char* problem) { return {ParseState::kError, 0, 0, problem}; }

// `HTTP/1.1 200 OK`; the reason may be absent, with or without its space. Returns what follows the line, or
// null.
char* ParseStatusLine(char* p, char* end, ResponseHead* head, const char** problem) {
  const std::string_view text(p, static_cast<size_t>(end - p));
  *problem = "the answer does not start with an HTTP/1 status line";
  if (text.size() < 12 || !text.starts_with("HTTP/1.") || (text[7] != '0' && text[7] != '1') ||
      text[8] != ' ') {
    return nullptr;
  }
  head->minor_version = text[7] - '0';
  int status = 0;
  for (char c : text.substr(9, 3)) {
    if (!IsDigit(c)) return nullptr;
    status = status * 10 + (c - '0');
  }
  if (status < 100 || status > 599) return nullptr;
  head->status = status;
  p += 12;
  if (*p == ' ') p += text::FindNonValue(p, end) - p;
  return TakeLineEnd(p, end, LineEnds::kLfToo);
}

struct Framing {
  bool length = false;
  int transfer_encodings = 0;
  bool chunked = false;
  ConnectionOptions connection;
};

bool NoteField(const HeaderView& field, ResponseHead* head, Framing* framing, const char** problem) {
  if (field.name == "connection") framing->connection.Add(field.value);
  if (field.name == "transfer-encoding") {
    ++framing->transfer_encodings;
    framing->chunked = EqualsIgnoreCase(field.value, "chunked");
  }
  if (field.name != "content-length") return true;
  uint64_t length = 0;
  if (!ParseContentLength(field.value, &length)) {
    *problem = "a bad Content-Length header";
    return false;
  }
  // The same length twice leaves no doubt about where the body ends.
  if (framing->length && length != head->content_length) {
    *problem = "two different Content-Length headers";
    return false;
  }
  framing->length = true;
  head->content_length = length;
  return true;
}

// RFC 9112 section 6.3. Null: fine.
const char* Conclude(const Framing& framing, std::string_view method, ResponseHead* head) {
  const ConnectionOptions& connection = framing.connection;
  head->keep_alive = !connection.close && (head->minor_version == 1 || connection.keep_alive);
  const bool bodiless = head->status < 200 || head->status == 204 || head->status == 304;
  if (bodiless || method == "HEAD") {
    head->framing = BodyFraming::kNone;
    return nullptr;
  }
  if (framing.transfer_encodings > 0) {
    if (framing.length) return "both Content-Length and Transfer-Encoding";
    if (framing.transfer_encodings > 1) return "two Transfer-Encoding headers";
    if (!framing.chunked) return "a Transfer-Encoding other than chunked";
    if (head->minor_version == 0) return "Transfer-Encoding in HTTP/1.0";
    head->framing = BodyFraming::kChunked;
    return nullptr;
  }
  if (framing.length) {
    head->framing = BodyFraming::kLength;
    return nullptr;
  }
  head->framing = BodyFraming::kUntilClose;
  head->keep_alive = false;
  return nullptr;
}

// All but the fields.
void Reset(ResponseHead* head) {
  head->status = 0;
  head->minor_version = 1;
  head->framing = BodyFraming::kNone;
  head->content_length = 0;
  head->keep_alive = true;
}

}  // namespace

ParseResult ParseResponseHead(std::span<char> text, size_t* scanned, std::string_view request_method,
                              ResponseHead* head) {
  const std::string_view view(text.data(), text.size());
  const HeadEnd head_end = FindHeadEnd(text, LineEnds::kLfToo, scanned, &head->headers);
  if (head_end.state != HeadEnd::State::kFound) {
    constexpr std::string_view kStart = "HTTP/1.";
    if (view.substr(0, kStart.size()) != kStart.substr(0, view.size())) {
      return Garbage("the answer does not start with an HTTP/1 status line");
    }
    if (text.size() >= kMaxHeadBytes) return Garbage("the answer's head is too large");
    return {};
  }
  if (head_end.size > kMaxHeadBytes) return Garbage("the answer's head is too large");

  Reset(head);
  const char* problem = "";
  char* const end = text.data() + head_end.size;
  char* const fields = ParseStatusLine(text.data(), end, head, &problem);
  if (fields == nullptr) return Garbage(problem);

  FieldsEnd fields_end;
  if (!head_end.fields_read) fields_end = ReadFields(fields, end, LineEnds::kLfToo, &head->headers);
  Framing framing;
  for (const HeaderView& field : head->headers) {
    if (!NoteField(field, head, &framing, &problem)) return Garbage(problem);
  }
  if (fields_end.state == FieldsEnd::State::kTooMany) return Garbage("the answer has too many headers");
  if (fields_end.state == FieldsEnd::State::kBad) return Garbage(fields_end.problem);
  const char* const conclusion = Conclude(framing, request_method, head);
  if (conclusion != nullptr) return Garbage(conclusion);
  return {ParseState::kDone, head_end.size, 0, ""};
}

}  // namespace portolan::http
