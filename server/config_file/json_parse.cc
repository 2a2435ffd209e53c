#include "server/config_file/json_parse.h"

#include <string>

#include "server/codec/json_reader.h"

namespace portolan::config {
namespace {

using codec::JsonReader;
using codec::JsonType;

class JsonEvents {
 public:
  JsonEvents(std::string_view text, Places* places, TreeBuilder* builder)
      : reader_(text, TreeBuilder::kMaxDepth), places_(*places), builder_(*builder) {}

  void Value() {
    const JsonType type = reader_.Peek();
    const Position at = places_.OfByte(reader_.offset());
    std::string_view text;
    switch (type) {
      case JsonType::kObject:
      case JsonType::kArray:
        return Container(type, at);
      case JsonType::kString:
        if (reader_.ReadString(&text, &scratch_)) builder_.Scalar(at, std::string(text), /*quoted=*/true);
        break;
      case JsonType::kNull:
        if (reader_.ReadNull()) builder_.Null(at);
        break;
      default:
        if (reader_.Skip(&text)) builder_.Scalar(at, std::string(text), /*quoted=*/false);
    }
    // What is left to be wrong is half a surrogate pair.
    if (reader_.failed()) builder_.Stop(at, std::string("this is not JSON: ") + reader_.problem());
  }

 private:
  void Container(JsonType type, Position at) {
    const bool object = type == JsonType::kObject;
    builder_.Open(object ? YamlNode::Type::kMap : YamlNode::Type::kSequence, at);
    object ? reader_.EnterObject() : reader_.EnterArray();
    std::string_view name;
    while (!builder_.stopped() && (object ? reader_.NextMember(&name, &scratch_) : reader_.NextElement())) {
      if (object) builder_.Scalar(places_.OfByte(reader_.name_offset()), std::string(name), /*quoted=*/true);
      Value();
    }
    builder_.Close();
  }

  JsonReader reader_;
  Places& places_;
  TreeBuilder& builder_;
  std::string scratch_;
};

}  // namespace

void BuildFromJson(std::string_view text, Places* places, TreeBuilder* builder) {
  JsonEvents(text, places, builder).Value();
}

}  // namespace portolan::config
