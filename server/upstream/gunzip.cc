#include "server/upstream/gunzip.h"

namespace portolan::upstream {

std::unique_ptr<Gunzip> Gunzip::Create() {
  std::unique_ptr<Gunzip> gunzip(new Gunzip());
  constexpr int kGzipOnly = 16;
  if (inflateInit2(&gunzip->stream_, MAX_WBITS + kGzipOnly) != Z_OK) return nullptr;
  return gunzip;
}

Gunzip::~Gunzip() { inflateEnd(&stream_); }

void Gunzip::Push(std::string_view bytes) {
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream_.avail_in = static_cast<uInt>(bytes.size());
}

Gunzip::Result Gunzip::Next(std::span<char> out, size_t* size) {
  stream_.next_out = reinterpret_cast<Bytef*>(out.data());
  stream_.avail_out = static_cast<uInt>(out.size());
  for (;;) {
    if (at_member_end_ && stream_.avail_in > 0) {
      inflateReset(&stream_);
      at_member_end_ = false;
    }
    const int result = inflate(&stream_, Z_NO_FLUSH);
    *size = out.size() - stream_.avail_out;
    if (result == Z_STREAM_END) at_member_end_ = true;
    if (*size > 0) return Result::kData;
    // Z_BUF_ERROR: nothing to do with what is there.
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return Result::kBad;
    if (stream_.avail_in == 0) return Result::kNeedMore;
  }
}

}  // namespace portolan::upstream
