#include "tests/cli/command_run.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string ContentsOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string PortolanBinary() {
  const char* const binary = std::getenv("PORTOLAN_BINARY");
  if (binary != nullptr) return binary;
  std::fprintf(stderr, "PORTOLAN_BINARY names no program\n");
  std::abort();
}

CommandRun RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                      const Variables& variables, const std::string& in) {
  const TempFolder folder;
  const std::string in_path = folder.path() + "/in";
  const std::string out_path = folder.path() + "/out";
  const std::string err_path = folder.path() + "/err";
  std::ofstream(in_path, std::ios::binary) << in;

  std::vector<std::string> argument_texts = {program};
  argument_texts.insert(argument_texts.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variable_texts;
  if (const char* const path = std::getenv("PATH")) variable_texts.push_back(std::string("PATH=") + path);
  for (const auto& [name, value] : variables) variable_texts.push_back(name + "=" + value);
  const std::vector<char*> argv = Pointers(&argument_texts);
  const std::vector<char*> envp = Pointers(&variable_texts);

  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(open(in_path.c_str(), O_RDONLY), 0);
    dup2(open(out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    dup2(open(err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  CommandRun run;
  int status = 0;
  if (waitpid(child, &status, 0) == child && WIFEXITED(status)) run.exit_status = WEXITSTATUS(status);
  run.out = ContentsOf(out_path);
  run.err = ContentsOf(err_path);
  return run;
}

CommandRun RunPortolan(const std::vector<std::string>& arguments, const Variables& variables,
                       const std::string& in) {
  return RunProgram(PortolanBinary(), arguments, variables, in);
}

}  // namespace portolan::test
