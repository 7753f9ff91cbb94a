// Counts the lines, words and bytes of a file of any size: word_count --model uring FILE
//
// Two buffers are all it needs: while the piece in one is counted, the next is read into the other.
// With --direct it reads past the page cache, and leaves that to others.

#include <duet/duet.hpp>
#include <filesystem>

using namespace duet;

constexpr std::size_t piece_bytes = 1U << 20;

struct Counts {
  std::uint64_t lines = 0;
  std::uint64_t words = 0;
  std::uint64_t bytes = 0;
  bool is_in_word = false;
};

Task<Counts> count(std::span<const std::byte> piece, Counts counts) {
  co_await yield();  // the read begins first
  for (std::byte byte : piece) {
    auto letter = static_cast<char>(byte);
    bool is_space = letter == ' ' || (letter >= '\t' && letter <= '\r');
    if (!is_space && !counts.is_in_word) ++counts.words;
    if (letter == '\n') ++counts.lines;
    counts.is_in_word = !is_space;
  }
  counts.bytes += piece.size();
  co_return counts;
}

Task<std::size_t> read(File& file, std::span<std::byte> buffer, std::uint64_t offset) {
  if (offset >= file.facts().size_bytes) co_return 0;
  co_return co_await file.read_at(buffer, offset);
}

Task<> word_count(std::filesystem::path path, Caching caching) {
  Directory folder(path.has_parent_path() ? path.parent_path() : ".");
  File file = co_await File::open(folder, path.filename(), FileAccess::read, caching);
  AlignedBuffer piece(piece_bytes, file.alignment());
  AlignedBuffer ahead(piece_bytes, file.alignment());
  Counts counts;
  std::size_t n = co_await read(file, piece.bytes(), 0);
  while (n > 0) {
    std::tuple<std::size_t, Counts> both = co_await all(read(file, ahead.bytes(), counts.bytes + n),
                                                        count(piece.bytes().first(n), counts));
    std::tie(n, counts) = both;
    std::swap(piece, ahead);
  }
  fmt::print("{} {} {} {}\n", counts.lines, counts.words, counts.bytes, path.string());
}

int main(int argc, char** argv) {
  std::vector<std::string> rest;
  Options options = Options::parse(argc, argv, rest);
  bool is_direct = std::erase(rest, "--direct") > 0;
  if (rest.size() != 1) {
    fmt::print(stderr, "usage: word_count [--direct] [--model NAME] FILE\n");
    return 2;
  }
  try {
    run_task(options, word_count(rest[0], is_direct ? Caching::direct : Caching::buffered));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "word_count: {}\n", error.what());
    return 1;
  }
}
