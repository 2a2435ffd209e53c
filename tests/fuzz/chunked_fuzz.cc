// Chunked framing from a hostile world. The first byte is the seed of the cuts. Properties: any split of the
// bytes gives the same data and the same end; the data is no more than the input; Boost.Beast takes what is
// taken here and finds the same data and the same end (it takes less care, so not the other way round).

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "server/http/message.h"

namespace {

using namespace portolan::http;
namespace beast = boost::beast::http;

void Require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  ParseState state = ParseState::kNeedMore;
  std::string data;
  size_t consumed = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome Decode(std::string_view text, uint32_t seed) {
  Outcome outcome;
  ChunkedDecoder decoder;
  while (outcome.state == ParseState::kNeedMore && !text.empty()) {
    seed = seed * 1664525 + 1013904223;
    const size_t size = seed == 0 ? text.size() : std::min<size_t>(1 + (seed >> 20) % 24, text.size());
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy_n(text.data(), size, copy.get());
    std::string_view input(copy.get(), size);
    while (true) {
      const ChunkedDecoder::Piece piece = decoder.Next(&input);
      outcome.data.append(piece.data);
      outcome.state = piece.state;
      if (piece.state != ParseState::kNeedMore || piece.data.empty()) break;
    }
    outcome.consumed += size - input.size();
    text.remove_prefix(size);
  }
  return outcome;
}

Outcome DecodeWhole(std::string_view text) {
  Outcome outcome;
  ChunkedDecoder decoder;
  std::string_view input = text;
  while (true) {
    const ChunkedDecoder::Piece piece = decoder.Next(&input);
    outcome.data.append(piece.data);
    outcome.state = piece.state;
    if (piece.state != ParseState::kNeedMore || piece.data.empty()) break;
  }
  outcome.consumed = text.size() - input.size();
  return outcome;
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; }

// Takes a line and its CR LF off the front of `*text`; false if there is none, or a control character is in
// it.
bool TakeLine(std::string_view* text, std::string_view* line) {
  const size_t end = text->find("\r\n");
  if (end == std::string_view::npos) return false;
  *line = text->substr(0, end);
  text->remove_prefix(end + 2);
  return std::none_of(line->begin(), line->end(), IsControl);
}

// RFC 9112 section 7.1, as it is written there but for what extensions and trailers are made of.
void ReadAsTheRfcSays(std::string_view text, const Outcome& outcome) {
  const size_t whole = text.size();
  std::string data;
  std::string_view line;
  uint64_t size = 0;
  do {
    Require(TakeLine(&text, &line));
    const char* const end = line.data() + line.size();
    const auto number = std::from_chars(line.data(), end, size, 16);
    Require(number.ec == std::errc());
    Require(number.ptr == end || *number.ptr == ';' || *number.ptr == ' ' || *number.ptr == '\t');
    if (size == 0) break;
    Require(size <= text.size());
    data.append(text.substr(0, static_cast<size_t>(size)));
    text.remove_prefix(static_cast<size_t>(size));
    Require(TakeLine(&text, &line) && line.empty());
  } while (true);
  do Require(TakeLine(&text, &line));
  while (!line.empty());
  Require(data == outcome.data && whole - text.size() == outcome.consumed);
}

void CompareWithBeast(std::string_view text, const Outcome& outcome) {
  std::string message = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const size_t head = message.size();
  message.append(text);
  beast::response_parser<beast::string_body> parser;
  parser.eager(true);
  boost::beast::error_code error;
  size_t used = 0;
  while (used < message.size() && !parser.is_done() && !error) {
    const size_t put = parser.put(boost::asio::buffer(message.data() + used, message.size() - used), error);
    used += put;
    if (put == 0) break;
  }
  // It wants names in extensions and fields in the trailer, which are passed over here.
  if (error == beast::error::bad_chunk_extension || error == beast::error::bad_field ||
      error == beast::error::bad_value)
    return;
  Require(!error || error == beast::error::need_more);
  Require(parser.is_done());
  Require(parser.get().body() == outcome.data);
  Require(used - head == outcome.consumed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = DecodeWhole(text);
  Require(whole == Decode(text, data[0]));
  Require(whole.data.size() <= text.size());
  if (whole.state == ParseState::kDone) {
    ReadAsTheRfcSays(text, whole);
    CompareWithBeast(text, whole);
  }
  return 0;
}
