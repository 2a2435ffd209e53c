#include "tests/conformance/replay.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <tuple>

#include "tests/support/strict_json.h"

namespace portolan::conformance {
namespace {

using test::JsonNode;

[[noreturn]] void Give(const std::string& what) {
  std::fprintf(stderr, "recordings: %s\n", what.c_str());
  std::abort();
}

// RFC 4648 section 4.
std::string DecodeBase64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;  // padding
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  return bytes;
}

// A string body is the text itself, any other value stands for its own text, but for bytes in base64.
std::string BodyText(const JsonNode& body) {
  if (body.kind == JsonNode::Kind::kNull) return "";
  const JsonNode* const bytes = body.Find("base64");
  if (bytes != nullptr && body.items.size() == 1) return DecodeBase64(bytes->text);
  return body.kind == JsonNode::Kind::kString ? body.text : std::string(body.raw);
}

std::string PathOf(const std::string& url) {
  const size_t host = url.find("://");
  const size_t path = url.find('/', host == std::string::npos ? 0 : host + 3);
  return path == std::string::npos ? "/" : url.substr(path);
}

Replay ReadReplay(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  const std::string content = text.str();
  const auto root = test::ParseJson(content);
  if (!root) Give(file.string() + " is not JSON");
  const auto need = [&](const char* outer, const char* inner) -> const JsonNode& {
    const JsonNode* found = root->At(outer, inner);
    if (found == nullptr) Give(file.string() + " has no " + outer + "." + inner);
    return *found;
  };
  Replay replay;
  replay.provider = file.parent_path().filename().string();
  replay.name = file.stem().string();
  if (const JsonNode* endpoint = root->Find("endpoint")) replay.endpoint = endpoint->text;
  replay.method = need("request", "method").text;
  replay.path = PathOf(need("request", "url").text);
  if (const JsonNode* type = need("request", "headers").Find("content-type"))
    replay.request_type = type->text;
  replay.request = BodyText(need("request", "body"));
  replay.status = std::atoi(need("response", "status").text.c_str());
  const JsonNode& headers = need("response", "headers");
  for (size_t i = 0; i < headers.items.size(); ++i) {
    replay.headers.emplace_back(headers.names[i], headers.items[i].text);
  }
  replay.response = BodyText(need("response", "body"));
  return replay;
}

}  // namespace

std::string Replay::content_type() const {
  for (const auto& [header, value] : headers) {
    if (header == "content-type") return value;
  }
  return "";
}

std::optional<std::vector<Replay>> LoadReplays() {
  const char* named = std::getenv("PORTOLAN_RECORDINGS");
  const std::filesystem::path root = named != nullptr ? named : "../shared/recordings";
  if (!std::filesystem::is_directory(root)) return std::nullopt;
  std::vector<Replay> replays;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".json") replays.push_back(ReadReplay(entry.path()));
  }
  std::sort(replays.begin(), replays.end(), [](const Replay& a, const Replay& b) {
    return std::tie(a.provider, a.name) < std::tie(b.provider, b.name);
  });
  return replays;
}

test::Script AnswerOf(const Replay& replay, size_t piece) {
  if (!replay.streams()) return test::Respond(replay.status, replay.response, replay.headers);
  return ChunkedAnswerOf(replay, piece);
}

test::Script ChunkedAnswerOf(const Replay& replay, size_t piece) {
  std::vector<std::string> pieces;
  const size_t size = piece == 0 ? std::max<size_t>(replay.response.size(), 1) : piece;
  for (size_t at = 0; at < replay.response.size(); at += size) {
    pieces.push_back(replay.response.substr(at, size));
  }
  return test::RespondChunked(replay.status, pieces, replay.headers);
}

std::vector<std::string> EventData(std::string_view stream) {
  std::vector<std::string> events;
  std::string data;
  while (!stream.empty()) {
    const size_t end = std::min(stream.find('\n'), stream.size());
    std::string_view line = stream.substr(0, end);
    stream.remove_prefix(std::min(end + 1, stream.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (!data.empty()) events.push_back(std::move(data));
      data.clear();
    } else if (line.starts_with("data:")) {
      line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
      data.append(data.empty() ? "" : "\n").append(line);
    }
  }
  return events;
}

}  // namespace portolan::conformance
