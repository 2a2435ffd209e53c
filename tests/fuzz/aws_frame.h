#pragma once

// The numbers and CRCs of AWS's event stream, for fuzzers that frame what is in it: none finds a CRC by
// itself.

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::fuzz {

// Four bytes, the greatest first.
inline std::string Number(size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

inline uint32_t Crc(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

inline std::string WithCrc(const std::string& bytes) { return bytes + Number(Crc(bytes)); }

// A message of which the length of its headers is said to be `headers`. `rest`: these and the payload.
inline std::string AwsMessage(size_t headers, std::string_view rest) {
  return WithCrc(WithCrc(Number(16 + rest.size()) + Number(headers)) + std::string(rest));
}

}  // namespace portolan::fuzz
