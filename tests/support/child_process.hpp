#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/// Servers that a test starts: they end with the test's process, however that ends.
namespace snippetd::test {

/// A port of 127.0.0.1 that nobody listens on.
inline int free_port() {
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(probe, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error{"there is no free port"};
    }
    close(probe);
    return ntohs(address.sin_port);
}

/// Starts a program, whose output goes to the end of the file `log_path`: one of the test's own, outside of a folder
/// that another user owns.
inline pid_t start_child(std::vector<std::string> command, const std::string& log_path) {
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error{"fork failed"};
    if (child > 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // runuser hands it on
    if (getppid() != parent) _exit(1);
    const int log_file = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (dup2(log_file, STDOUT_FILENO) < 0 || dup2(log_file, STDERR_FILENO) < 0 || chdir("/") != 0) _exit(126);
    execvp(arguments.front(), arguments.data());
    _exit(127);
}

/// The exit status, or -1 when a signal has ended it.
inline int wait_for_child(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace snippetd::test
