// Writes the tables of access.h for the messages of one .proto file:
//
//   access_generator DESCRIPTOR_SET FILE.proto >>FILE.pb.cc
//
// DESCRIPTOR_SET is what protoc --descriptor_set_out --include_imports wrote. The text goes to the end of
// what protoc generated for the file, so that it is linked wherever the messages are.

#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace {

namespace pb = google::protobuf;

// Names that protoc gives an underscore.
const std::set<std::string> kKeywords = {
    "alignas",  "alignof",  "and",      "and_eq",   "asm",          "auto",      "bitand",  "bitor",
    "bool",     "break",    "case",     "catch",    "char",         "class",     "compl",   "const",
    "continue", "decltype", "default",  "delete",   "do",           "double",    "else",    "enum",
    "explicit", "export",   "extern",   "false",    "float",        "for",       "friend",  "goto",
    "if",       "inline",   "int",      "long",     "mutable",      "namespace", "new",     "noexcept",
    "not",      "not_eq",   "nullptr",  "operator", "or",           "or_eq",     "private", "protected",
    "public",   "register", "return",   "short",    "signed",       "sizeof",    "static",  "static_assert",
    "struct",   "switch",   "template", "this",     "thread_local", "throw",     "true",    "try",
    "typedef",  "typeid",   "typename", "union",    "unsigned",     "using",     "virtual", "void",
    "volatile", "wchar_t",  "while",    "xor",      "xor_eq"};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// `::portolan::v1::Outer_Inner`, of a message or an enum.
template <typename Descriptor>
std::string ClassName(const Descriptor& type) {
  std::string name = type.name();
  for (const pb::Descriptor* outer = type.containing_type(); outer != nullptr;
       outer = outer->containing_type()) {
    name = outer->name() + "_" + name;
  }
  return "::" + Replaced(type.file()->package(), ".", "::") + "::" + name;
}

std::string Accessor(const pb::FieldDescriptor& field) {
  std::string name = field.lowercase_name();
  if (kKeywords.contains(name)) name += "_";
  return name;
}

std::string ToBits(const pb::FieldDescriptor& field, const std::string& value) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return "std::bit_cast<uint64_t>(" + value + ")";
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return "std::bit_cast<uint32_t>(" + value + ")";
    default:
      return "static_cast<uint64_t>(" + value + ")";  // extends by the sign where there is one
  }
}

std::string FromBits(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return "std::bit_cast<double>(bits)";
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return "std::bit_cast<float>(static_cast<uint32_t>(bits))";
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return "bits != 0";
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return "static_cast<" + ClassName(*field.enum_type()) + ">(static_cast<int>(bits))";
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return "static_cast<int32_t>(bits)";
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return "static_cast<uint32_t>(bits)";
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return "static_cast<int64_t>(bits)";
    default:
      return "bits";
  }
}

// Whether the field of `m` is set.
std::string Present(const pb::FieldDescriptor& field) {
  const std::string name = Accessor(field);
  if (field.is_repeated()) return "m." + name + "_size() != 0";
  if (field.has_presence()) return "m.has_" + name + "()";
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) return "!m." + name + "().empty()";
  return ToBits(field, "m." + name + "()") + " != 0";
}

// Maps, which have no order, have no functions.
void WriteField(const pb::FieldDescriptor& field, const std::string& type) {
  if (field.is_map()) {
    std::cout << "    {},\n";
    return;
  }
  const std::string name = Accessor(field);
  const std::string in = "static_cast<const " + type + "&>(message)";
  const std::string out = "static_cast<" + type + "*>(message)";
  const std::string value = in + "." + name + (field.is_repeated() ? "(index)" : "()");
  const std::string set = out + (field.is_repeated() ? "->add_" : "->set_") + name;
  const std::string reader = "[](const Message& message, [[maybe_unused]] int index) -> ";
  std::cout << "    {\n";
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
    std::cout << "      .text = " << reader << "const std::string& { return " << value << "; },\n";
  } else if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
    std::cout << "      .message = " << reader << "const Message& { return " << value << "; },\n";
  } else {
    std::cout << "      .bits = " << reader << "uint64_t { return " << ToBits(field, value) << "; },\n";
  }
  if (field.is_repeated()) {
    std::cout << "      .size = [](const Message& message) { return " << in << "." << name << "_size(); },\n";
  }
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
    // Setters that take data and size copy it twice.
    std::cout << "      .put_text = [](Message* message, const char* data, size_t size) { " << out
              << (field.is_repeated() ? "->add_" : "->mutable_") << name << "()->assign(data, size); },\n";
  } else if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
    std::cout << "      .put_message = [](Message* message) -> Message* { return " << out
              << (field.is_repeated() ? "->add_" : "->mutable_") << name << "(); },\n";
  } else {
    std::cout << "      .put_bits = [](Message* message, uint64_t bits) { " << set << "(" << FromBits(field)
              << "); },\n";
  }
  std::cout << "    },\n";
}

void WriteTables(const pb::Descriptor& message, std::vector<const pb::Descriptor*>* written) {
  for (int i = 0; i < message.nested_type_count(); ++i) WriteTables(*message.nested_type(i), written);
  if (message.options().map_entry()) return;
  const std::string number = std::to_string(written->size());
  written->push_back(&message);
  const std::string type = ClassName(message);

  std::cout << "\n// " << message.full_name() << "\n";
  if (message.field_count() > 0) {
    std::cout << "constexpr FieldAccess kFields" << number << "[] = {\n";
    for (int i = 0; i < message.field_count(); ++i) WriteField(*message.field(i), type);
    std::cout << "};\n";
  } else {
    std::cout << "constexpr std::span<const FieldAccess> kFields" << number << ";\n";
  }

  std::vector<const pb::FieldDescriptor*> ordered;
  for (int i = 0; i < message.field_count(); ++i) ordered.push_back(message.field(i));
  std::sort(ordered.begin(), ordered.end(), [](auto* a, auto* b) { return a->number() < b->number(); });
  std::cout << "size_t List" << number << "(const Message& message, uint16_t* out) {\n"
            << "  [[maybe_unused]] const auto& m = static_cast<const " << type << "&>(message);\n"
            << "  const uint16_t* const begin = out;\n";
  for (const pb::FieldDescriptor* field : ordered) {
    std::cout << "  if (" << Present(*field) << ") *out++ = " << field->index() << ";\n";
  }
  std::cout << "  return static_cast<size_t>(out - begin);\n}\n";
}

void WriteFile(const pb::FileDescriptor& file) {
  std::cout
      << "\n#include <bit>\n#include <span>\n#include <string>\n\n#include \"proto/access/access.h\"\n\n"
      << "namespace {\n\nusing ::google::protobuf::Message;\n"
      << "using ::portolan::access::FieldAccess;\n";
  std::vector<const pb::Descriptor*> written;
  for (int i = 0; i < file.message_type_count(); ++i) WriteTables(*file.message_type(i), &written);
  if (!written.empty()) {
    std::cout << "\nconstexpr ::portolan::access::MessageAccess kMessages[] = {\n";
    for (size_t i = 0; i < written.size(); ++i) {
      std::cout << "    {\"" << written[i]->full_name() << "\", kFields" << i << ", List" << i << "},\n";
    }
    std::cout << "};\n\nconst ::portolan::access::File file(kMessages);\n";
  }
  std::cout << "\n}  // namespace\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: access_generator DESCRIPTOR_SET FILE.proto\n";
    return 2;
  }
  pb::FileDescriptorSet set;
  std::ifstream input(argv[1], std::ios::binary);
  if (!set.ParseFromIstream(&input)) {
    std::cerr << "access_generator: cannot read " << argv[1] << "\n";
    return 1;
  }
  pb::DescriptorPool pool;
  for (const pb::FileDescriptorProto& file : set.file()) pool.BuildFile(file);
  const pb::FileDescriptor* const file = pool.FindFileByName(argv[2]);
  if (file == nullptr) {
    std::cerr << "access_generator: " << argv[2] << " is not there\n";
    return 1;
  }
  WriteFile(*file);
}
