# cmake -DINPUT=file -DOUTPUT=file.cc -DNAME=kName -P embed.cmake: the bytes of INPUT as portolan::config::NAME, a
# std::string_view.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include <string_view>

namespace portolan::config {
namespace {
const unsigned char kBytes[] = {
${bytes}
};
}  // namespace
extern const std::string_view ${NAME};
const std::string_view ${NAME}(reinterpret_cast<const char*>(kBytes), sizeof(kBytes));
}  // namespace portolan::config
")
