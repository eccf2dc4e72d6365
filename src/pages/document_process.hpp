#pragma once

#include "pages/document.hpp"

#include <sys/types.h>

namespace snippetd::pages {

/// A process that makes documents, one at a time, started when the first is asked for. It is this program again, with
/// nothing open but a socket to here, with limits that the system holds it to, and it is replaced when it has died of a
/// document, or has had many. So a document can fail, but not the service.
///
/// For one thread at a time.
class DocumentProcess {
  public:
    /// What it makes. Code in colours takes more memory, for the grammars that are kept from one text to the next.
    enum class Purpose { differences, code, pictures };

    explicit DocumentProcess(Purpose purpose = Purpose::code) : purpose_{purpose} {}
    /// Kills it.
    ~DocumentProcess() { end(); }
    DocumentProcess(const DocumentProcess&) = delete;
    DocumentProcess& operator=(const DocumentProcess&) = delete;

    /// Blocks for little more than the document's time. Throws base::Unavailable when no process can be started, or the
    /// machine is so busy that it comes to nothing.
    Document make(const DocumentRequest& request);

  private:
    void start();
    bool send(const DocumentRequest& request, base::Deadline deadline);
    Document receive(base::Deadline deadline);
    /// What it died of; kills it first when it has not.
    Document after_death();
    void end();

    const Purpose purpose_;
    int socket_ = -1;
    pid_t process_ = -1;
    int documents_left_ = 0;  ///< before it is replaced
};

/// Whether this process was started to be such a one; `main` asks this first of all.
bool is_document_process(int argc, char** argv);
/// Makes documents until nobody wants any more. Returns the exit code.
int run_document_process(char** argv);

}  // namespace snippetd::pages
