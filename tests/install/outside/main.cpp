#include <duet/base/error.hpp>

int main() { return make_error_code(duet::Errc::closed).message() == "closed" ? 0 : 1; }
