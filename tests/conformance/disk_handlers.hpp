#pragma once
// The fixture of what handlers do with files: a body runs in a handler under the model, on a folder
// that the test sees as well, and tells the test in words what it saw.

#include <string>
#include <system_error>

#include "conformance/handlers.hpp"
#include "duet/fs/path.hpp"
#include "support/disk_folder.hpp"
#include "support/model_test.hpp"

namespace duet::test {

using DiskBody = Task<std::string> (*)(Directory folder);

// Runs `body` and sends what it returns, or how it failed.
Task<> answer_on_disk(Stream peer, Directory folder, DiskBody body);

// The whole content, by File.
Task<std::string> content_of(Directory folder, std::string name);

// "done", or the text of the error.
template <class Result>
std::string outcome(const Result& result) {
  return result ? "done" : result.error().message();
}

class DiskTest : public ModelTest {
 protected:
  // What `body` returns when it is run under the model.
  std::string result_of(DiskBody body) {
    ServerProcess server(options(), serving(answer_on_disk, Directory(folder_.path()), body));
    return ClientSocket(server.address()).receive_rest();
  }

  DiskFolder folder_;
};

}  // namespace duet::test
