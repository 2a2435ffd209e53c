#include "server/config_file/proto_comments.h"

#include <google/protobuf/descriptor.pb.h>

#include <sstream>
#include <string_view>
#include <vector>

namespace portolan::config {

// A google.protobuf.FileDescriptorSet, made by the build.
extern const std::string_view kProtoComments;

namespace {

using google::protobuf::FileDescriptorProto;

std::string FirstParagraph(const std::string& comment) {
  std::istringstream lines(comment);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    bool empty = true;
    for (std::string word; words >> word; empty = false) text += (text.empty() ? "" : " ") + word;
    if (empty) break;
  }
  return text;
}

// The full name of what a location is about; empty for what has no description of its own.
std::string NameAt(const FileDescriptorProto& file, const google::protobuf::RepeatedField<int>& path) {
  if (path.size() != 2 && path.size() != 4) return {};
  if (path[0] != FileDescriptorProto::kMessageTypeFieldNumber) return {};
  const auto& message = file.message_type(path[1]);
  const std::string name = file.package() + "." + message.name();
  if (path.size() == 2) return name;
  if (path[2] != google::protobuf::DescriptorProto::kFieldFieldNumber) return {};
  return name + "." + message.field(path[3]).name();
}

}  // namespace

std::map<std::string, std::string> ProtoComments() {
  std::map<std::string, std::string> comments;
  google::protobuf::FileDescriptorSet files;
  files.ParseFromArray(kProtoComments.data(), static_cast<int>(kProtoComments.size()));
  for (const FileDescriptorProto& file : files.file()) {
    for (const auto& location : file.source_code_info().location()) {
      const std::string name = NameAt(file, location.path());
      if (!name.empty() && location.has_leading_comments())
        comments[name] = FirstParagraph(location.leading_comments());
    }
  }
  return comments;
}

}  // namespace portolan::config
