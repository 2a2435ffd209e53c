#ifndef PORTOLAN_CLIENT_TESTS_WORLD_H_
#define PORTOLAN_CLIENT_TESTS_WORLD_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// The process that scenarios run in; see clients/testing/world.py. What goes wrong with it ends the program.
class World {
 public:
  explicit World(const std::vector<std::string>& command);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Where everything is.
  const nlohmann::json& places() const { return places_; }
  std::string Text(const char* place) const { return places_.at(place).get<std::string>(); }
  // Tells it a command; its answer.
  nlohmann::json Tell(const std::string& command) const;

 private:
  int input_ = -1;
  int process_ = -1;
  nlohmann::json places_;
};

// What the command prints on stdout, or "status N" if it fails. Words are quoted for a shell.
std::string OutputOf(const std::vector<std::string>& command);

#endif  // PORTOLAN_CLIENT_TESTS_WORLD_H_
