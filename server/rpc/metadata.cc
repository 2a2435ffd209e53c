#include "server/rpc/metadata.h"

#include <algorithm>
#include <array>

#include "server/base/text.h"

namespace portolan::rpc {
namespace {

bool IsPrintableByte(char c) { return c >= 0x20 && c <= 0x7e; }

// By byte: whether it may stand in a name.
constexpr auto kNameBytes = [] {
  std::array<bool, 256> table{};
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  table['-'] = table['_'] = table['.'] = true;
  return table;
}();

bool IsName(std::string_view name) {
  bool all = !name.empty();
  for (const char c : name) all &= kNameBytes[static_cast<unsigned char>(c)];
  return all;
}

}  // namespace

bool IsPrintable(std::string_view value) { return std::ranges::all_of(value, IsPrintableByte); }

bool FitForMetadata(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kFraming = {
      "connection", "content-encoding", "content-length",    "content-type", "host",      "keep-alive",
      "te",         "trailer",          "transfer-encoding", "upgrade",      "user-agent"};
  if (!IsName(name) || name.ends_with("-bin")) return false;
  // Most names begin in a way that none of those does.
  if (name.starts_with("x-")) return true;
  return !name.starts_with("grpc-") && std::ranges::find(kFraming, name) == kFraming.end();
}

void SetMetadataValue(std::string_view value, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  if (IsPrintable(value)) {
    out->assign(value);
    return;
  }
  out->clear();
  for (const char c : value) {
    if (IsPrintableByte(c) && c != '%') {
      *out += c;
    } else {
      *out += '%';
      *out += kHex[static_cast<unsigned char>(c) >> 4];
      *out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
}

std::string PeerAddress(std::string_view name) {
  if (name.starts_with("ipv4:") || name.starts_with("ipv6:")) name.remove_prefix(5);
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const int high = name[i] == '%' && i + 2 < name.size() ? HexValue(name[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexValue(name[i + 2]);
    if (low < 0) {
      out += name[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace portolan::rpc
