#include "server/http/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace portolan::http {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr size_t kMaxInput = std::numeric_limits<uInt>::max();

// Frees the inflater on every way out.
struct Inflater {
  z_stream stream{};
  ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

GunzipResult Gunzip(std::string_view compressed, size_t limit, std::string* out) {
  out->clear();
  Inflater inflater;
  z_stream& stream = inflater.stream;
  if (compressed.size() > kMaxInput) return GunzipResult::kTooLarge;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return GunzipResult::kCorrupt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());

  std::array<char, 16 * 1024> block;
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) return GunzipResult::kCorrupt;
    const size_t produced = block.size() - stream.avail_out;
    if (produced > limit - out->size()) return GunzipResult::kTooLarge;
    out->append(block.data(), produced);
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) return GunzipResult::kOk;
      if (inflateReset(&stream) != Z_OK) return GunzipResult::kCorrupt;  // another member follows
    }
  }
}

}  // namespace portolan::http
