#pragma once

// Changes to the text of a JSON object that leave every byte that is not part of a change as it was.

#include <cstdint>
#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::providers {

// One object's text. `json` must outlive it. Not thread-safe.
class JsonObjectEdit {
 public:
  struct Member {
    std::string_view name;   // unescaped
    std::string_view value;  // its exact text
  };

  // An empty list of members where `json` is no object.
  explicit JsonObjectEdit(std::string_view json);
  JsonObjectEdit(const JsonObjectEdit&) = delete;
  JsonObjectEdit& operator=(const JsonObjectEdit&) = delete;

  // The value of the member, nullptr if there is none. Valid until the next change. Of several with one name
  // it is the last, which is the one that most readers take.
  const std::string_view* Find(std::string_view name) const;
  // The names of all members, in order.
  std::vector<std::string_view> Names() const;

  // Each changes every member of the name, and nothing if there is none.
  void Remove(std::string_view name);
  void Rename(std::string_view name, std::string_view new_name);
  void Set(std::string_view name, std::string value);
  // Behind the last member. Nothing where there is none.
  void Add(std::string_view name, std::string value);

  bool changed() const { return changed_; }
  // Appends the object with its changes.
  void Write(std::string* out) const;

 private:
  struct Entry {
    std::string_view name;
    std::string_view value;
    std::string_view text;    // name and value as they stand
    std::string_view before;  // what stands between it and the member before
    bool kept = true;
    bool is_new = false;  // written as name and value
  };
  std::string_view Keep(std::string text) { return held_.emplace_front(std::move(text)); }
  // The bit of `lengths_` for names as long as this one.
  static uint64_t BitOf(std::string_view name) { return uint64_t{1} << (name.size() % 64); }

  std::string_view json_;
  std::vector<Entry> entries_;
  std::string_view tail_;  // what stands behind the last member
  // Of the names of all entries: rules ask for many names, and most bodies have few of them.
  uint64_t lengths_ = 0;
  std::forward_list<std::string> held_;  // what the entries point to, where that is not the text
  bool changed_ = false;
};

// Calls `edit(index, element, &text)` for each element of the array `json`; where it returns true, `text`
// takes the element's place. Appends the array to *out and returns true if there was any such element; else,
// and where `json` is no array, leaves *out alone.
template <typename Edit>
bool EditElements(std::string_view json, Edit edit, std::string* out);

// The elements of an array, none where `json` is no array.
std::vector<std::string_view> ElementsOf(std::string_view json);

template <typename Edit>
bool EditElements(std::string_view json, Edit edit, std::string* out) {
  std::string edited;
  const char* from = json.data();
  size_t index = 0;
  for (const std::string_view element : ElementsOf(json)) {
    std::string text;
    if (edit(index++, element, &text)) {
      edited.append(from, element.data()).append(text);
      from = element.data() + element.size();
    }
  }
  if (from == json.data()) return false;
  out->append(edited).append(from, json.data() + json.size());
  return true;
}

}  // namespace portolan::providers
