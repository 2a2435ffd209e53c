#include "server/http/aws_event_stream.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "server/base/json_text.h"

namespace portolan::http {
namespace {

constexpr size_t kPrelude = 12;  // both lengths and their CRC
constexpr size_t kCrc = 4;
constexpr size_t kMaxHeaders = 128u << 10;  // as AWS itself has it

uint32_t Number(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

uint32_t Crc(std::string_view bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  return static_cast<uint32_t>(crc32(0, data, static_cast<uInt>(bytes.size())));
}

// Takes `size` bytes off the front; false if there are fewer.
bool Take(std::string_view* rest, size_t size, std::string_view* taken) {
  if (rest->size() < size) return false;
  *taken = rest->substr(0, size);
  rest->remove_prefix(size);
  return true;
}

// What follows its own length in two bytes.
bool TakeText(std::string_view* rest, std::string_view* text) {
  std::string_view length;
  if (!Take(rest, 2, &length)) return false;
  const auto size =
      static_cast<size_t>(static_cast<unsigned char>(length[0]) << 8 | static_cast<unsigned char>(length[1]));
  return Take(rest, size, text);
}

// The value of a header; `text` is set if it is a string.
bool TakeValue(std::string_view* rest, std::string_view* text) {
  constexpr size_t kSizes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};  // of each type; 6 and 7 say their own
  std::string_view type;
  std::string_view skipped;
  if (!Take(rest, 1, &type)) return false;
  const auto number = static_cast<unsigned char>(type[0]);
  if (number == 7) return TakeText(rest, text);
  if (number == 6) return TakeText(rest, &skipped);
  return number < std::size(kSizes) && Take(rest, kSizes[number], &skipped);
}

struct Told {
  std::string_view name;  // of the event, the exception or the error
  std::string_view error_message;
  AwsMessage::Kind kind = AwsMessage::Kind::kEvent;
};

AwsMessage::Kind KindOf(std::string_view type) {
  if (type == "error") return AwsMessage::Kind::kError;
  return type == "exception" ? AwsMessage::Kind::kException : AwsMessage::Kind::kEvent;
}

bool ReadHeaders(std::string_view headers, Told* told) {
  while (!headers.empty()) {
    std::string_view length;
    std::string_view name;
    std::string_view value;
    if (!Take(&headers, 1, &length)) return false;
    if (!Take(&headers, static_cast<unsigned char>(length[0]), &name)) return false;
    if (!TakeValue(&headers, &value)) return false;
    if (name == ":event-type" || name == ":exception-type" || name == ":error-code") told->name = value;
    if (name == ":error-message") told->error_message = value;
    if (name == ":message-type") told->kind = KindOf(value);
  }
  return true;
}

}  // namespace

void AwsEventReader::Push(std::string_view bytes) { input_ = bytes; }

EventReader::Result AwsEventReader::NextMessage(AwsMessage* message) {
  if (failed_) return Result::kBroken;
  // As much as tells the length, then the whole.
  size_t needed = kPrelude;
  while (true) {
    const size_t missing = needed - std::min(needed, buffer_.size());
    if (buffer_.empty() && input_.size() >= needed) {
      // In one piece, as nearly all are.
      const size_t total = Number(input_);
      if (total <= max_message_bytes_ && total >= kPrelude + kCrc && input_.size() >= total) {
        const std::string_view bytes = input_.substr(0, total);
        input_.remove_prefix(total);
        return Parse(bytes, message);
      }
    }
    const size_t taken = std::min(missing, input_.size());
    buffer_.append(input_.substr(0, taken));
    input_.remove_prefix(taken);
    if (buffer_.size() < needed) return Result::kNeedMore;
    if (needed > kPrelude) break;
    const size_t total = Number(buffer_);
    if (Crc(std::string_view(buffer_).substr(0, 8)) != Number(std::string_view(buffer_).substr(8)) ||
        total < kPrelude + kCrc) {
      failed_ = true;
      return Result::kBroken;
    }
    if (total > max_message_bytes_) {
      failed_ = true;
      return Result::kTooLarge;
    }
    needed = total;
  }
  taken_.swap(buffer_);
  buffer_.clear();
  return Parse(taken_, message);
}

EventReader::Result AwsEventReader::Parse(std::string_view bytes, AwsMessage* message) {
  const std::string_view body = bytes.substr(0, bytes.size() - kCrc);
  const size_t headers = Number(bytes.substr(4));
  Told told;
  const bool sound = Crc(bytes.substr(0, 8)) == Number(bytes.substr(8)) &&
                     Crc(body) == Number(bytes.substr(body.size())) && headers <= kMaxHeaders &&
                     headers <= body.size() - kPrelude && ReadHeaders(body.substr(kPrelude, headers), &told);
  if (!sound) {
    failed_ = true;
    return Result::kBroken;
  }
  message->raw = bytes;
  message->name = told.name;
  message->payload = body.substr(kPrelude + headers);
  message->error_message = told.error_message;
  message->kind = told.kind;
  return Result::kEvent;
}

EventReader::Result AwsEventReader::Next(StreamEvent* event) {
  AwsMessage message;
  const Result result = NextMessage(&message);
  if (result != Result::kEvent) return result;
  data_ = "{";
  AppendJsonString(message.name, &data_);
  data_ += ':';
  if (message.kind == AwsMessage::Kind::kError && message.payload.empty()) {
    data_ += "{\"message\":";
    AppendJsonString(message.error_message, &data_);
    data_ += '}';
  } else {
    data_ += message.payload.empty() ? std::string_view("{}") : message.payload;
  }
  data_ += '}';
  event->name = message.name;
  event->data = data_;
  event->raw = message.raw;
  event->has_data = true;
  return Result::kEvent;
}

}  // namespace portolan::http
