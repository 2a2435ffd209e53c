#pragma once

#include <string>
#include <string_view>

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace portolan::transcode {

// Reads `text` as a value of `field` and sets it in *message, or adds it if the field is repeated. Returns
// "", or what is wrong: `expected an integer from 0 to 4294967295`. A string is taken as it is, a
// google.protobuf.Duration is written `1.5s`, an enum by its spelling or name. Bytes and other messages have
// no text form.
[[nodiscard]] std::string SetFromText(const google::protobuf::FieldDescriptor& field, std::string_view text,
                                      google::protobuf::Message* message);

}  // namespace portolan::transcode
