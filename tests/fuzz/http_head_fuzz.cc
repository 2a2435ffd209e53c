// Request and response heads from a hostile world. The first byte picks which, and how the rest is cut.
// Properties: however the bytes arrive, the outcome is the same; what is accepted holds nothing that a later
// parser could read otherwise; Boost.Beast takes a request that is accepted, and reads the same.

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace {

using namespace portolan::http;
namespace beast = boost::beast::http;

void Require(bool holds) {
  if (!holds) std::abort();
}

// A copy of its own, so that the sanitizer sees every byte read past the end.
struct Copy {
  explicit Copy(std::string_view text) : bytes(new char[text.size()]), size(text.size()) {
    std::copy(text.begin(), text.end(), bytes.get());
  }
  std::span<char> span() { return {bytes.get(), size}; }
  std::unique_ptr<char[]> bytes;
  size_t size;
};

void CheckFields(std::span<const portolan::HeaderView> headers) {
  Require(headers.size() <= kMaxHeaders);
  for (const auto& header : headers) {
    Require(IsHeaderName(header.name) && IsHeaderValue(header.value));
    // Nothing may stand between the two; the name still points into the head.
    Require(header.name.data()[header.name.size()] == ':');
    for (char c : header.name) Require(c < 'A' || c > 'Z');
    Require(!header.value.starts_with(' ') && !header.value.ends_with(' '));
  }
}

size_t Count(std::span<const portolan::HeaderView> headers, std::string_view name) {
  return static_cast<size_t>(
      std::count_if(headers.begin(), headers.end(), [&](const auto& header) { return header.name == name; }));
}

void CheckRequest(const RequestHead& head) {
  CheckFields(head.headers);
  for (const char* once : {"host", "content-length", "transfer-encoding"}) {
    Require(Count(head.headers, once) <= 1);
  }
  Require(IsHeaderName(head.method));
  Require(head.target.starts_with('/') || head.target == "*");
  Require(head.target.find_first_of(std::string_view(" \r\n\t\0#", 6)) == std::string_view::npos);
  Require(head.path.size() + head.query.size() + 1 >= head.target.size());
  Require(head.minor_version == 0 || !head.host.empty());
  const auto host = portolan::FindHeader(head.headers, "host");
  Require(!host || *host == head.host);
  const bool has_length = portolan::FindHeader(head.headers, "content-length").has_value();
  const bool has_coding = portolan::FindHeader(head.headers, "transfer-encoding").has_value();
  Require(!(has_length && has_coding));
  Require(has_length == (head.framing == BodyFraming::kLength));
  Require(has_coding == (head.framing == BodyFraming::kChunked));
}

// Whether a Connection field says close, which comes before all else (RFC 9112, 9.3). Beast lets the
// keep-alive of a request of HTTP/1.0 come first.
bool AsksToClose(const beast::fields& fields) {
  const auto [begin, end] = fields.equal_range(beast::field::connection);
  return std::any_of(begin, end,
                     [](const auto& field) { return beast::token_list(field.value()).exists("close"); });
}

void CompareWithBeast(std::string_view text, const RequestHead& head) {
  // Beast knows no empty line before a request.
  if (text.starts_with("\r\n")) text.remove_prefix(2);
  beast::request_parser<beast::empty_body> parser;
  parser.header_limit(1 << 20);
  parser.body_limit(boost::none);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(text.data(), text.size()), error);
  // It wants lists of tokens in fields whose lists do not matter here.
  if (error == beast::error::bad_value) return;
  Require(!error || error == beast::error::need_buffer || error == beast::error::need_more);
  Require(parser.is_header_done());
  Require(head.method == std::string_view(parser.get().method_string()));
  if (text.find("://") == std::string_view::npos)
    Require(head.target == std::string_view(parser.get().target()));
  Require(parser.chunked() == (head.framing == BodyFraming::kChunked));
  Require(parser.content_length().value_or(0) == head.content_length);
  Require((parser.keep_alive() && !AsksToClose(parser.get())) == head.keep_alive);
}

void FuzzRequest(std::string_view text, size_t step) {
  Copy whole(text);
  size_t scanned = 0;
  RequestHead head;
  const ParseResult at_once = ParseRequestHead(whole.span(), &scanned, &head);
  ParseResult in_steps;
  RequestHead stepped;
  scanned = 0;
  for (size_t size = 0; size <= text.size() && in_steps.state == ParseState::kNeedMore; size += step) {
    Copy grown(text.substr(0, size));
    in_steps = ParseRequestHead(grown.span(), &scanned, &stepped);
  }
  Copy last(text);
  if (in_steps.state == ParseState::kNeedMore) in_steps = ParseRequestHead(last.span(), &scanned, &stepped);
  if (at_once.state == ParseState::kDone || in_steps.state == ParseState::kDone) {
    Require(at_once.state == in_steps.state && at_once.consumed == in_steps.consumed);
    CheckRequest(head);
    CompareWithBeast(text.substr(0, at_once.consumed), head);
  }
  if (at_once.state == ParseState::kNeedMore) Require(in_steps.state == ParseState::kNeedMore);
  if (at_once.state == ParseState::kError) Require(at_once.status >= 400 && at_once.status <= 505);
}

void CheckResponse(const ResponseHead& head) {
  CheckFields(head.headers);
  Require(head.status >= 100 && head.status <= 599);
  Require(head.framing != BodyFraming::kUntilClose || !head.keep_alive);
  const size_t lengths = Count(head.headers, "content-length");
  const size_t codings = Count(head.headers, "transfer-encoding");
  if (head.framing == BodyFraming::kChunked) Require(codings == 1 && lengths == 0);
  if (head.framing == BodyFraming::kUntilClose) Require(codings == 0 && lengths == 0);
  if (head.framing != BodyFraming::kLength) return;
  Require(codings == 0 && lengths >= 1);
  // Several must be the same number, however it is written (RFC 9110, 8.6).
  for (const auto& header : head.headers) {
    if (header.name == "content-length")
      Require(std::stoull(std::string(header.value)) == head.content_length);
  }
}

void FuzzResponse(std::string_view text, std::string_view method) {
  Copy whole(text);
  size_t scanned = 0;
  ResponseHead head;
  const ParseResult result = ParseResponseHead(whole.span(), &scanned, method, &head);
  if (result.state != ParseState::kDone) return;
  Require(result.consumed <= text.size());
  CheckResponse(head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    FuzzRequest(text, 1 + data[0] / 2);
  } else {
    FuzzResponse(text, data[0] % 4 == 1 ? "POST" : "HEAD");
  }
  return 0;
}
