#include "io/engine/uring_entries.hpp"

#include <algorithm>
#include <span>

#include "sys/file.hpp"
#include "sys/poll.hpp"

namespace duet::io {
namespace {

// An entry of the ring counts bytes in 32 bits; so much is enough for one transfer.
template <class Byte>
std::span<Byte> transferable(std::span<Byte> bytes) {
  constexpr std::size_t transfer_bytes_max = std::size_t{1} << 30;
  return bytes.first(std::min(bytes.size(), transfer_bytes_max));
}

sys::SocketAddress& name_of(UringSlot& slot) {
  if (!slot.name) slot.name = std::make_unique<sys::SocketAddress>();
  return *slot.name;
}

void prepare_open(OpenFile& operation, io_uring_sqe& entry) {
  // The ring only reads what it takes for changeable.
  auto* how = const_cast<open_how*>(&sys::open_how_beneath(operation.access, operation.caching));
  io_uring_prep_openat2(&entry, operation.directory, operation.path.c_str(), how);
}

void prepare_read(ReadAt& operation, const UringSlot& slot, io_uring_sqe& entry) {
  sys::set_mode(slot.descriptor, sys::Mode::blocking);  // else: EAGAIN instead of a wait
  std::span<std::byte> room = transferable(operation.buffer);
  io_uring_prep_read(&entry, slot.descriptor, room.data(), static_cast<unsigned>(room.size()),
                     operation.offset_bytes);
}

void prepare_write(const WriteAt& operation, const UringSlot& slot, io_uring_sqe& entry) {
  std::span<const std::byte> bytes = transferable(operation.rest());
  sys::set_mode(slot.descriptor, sys::Mode::blocking);
  io_uring_prep_write(&entry, slot.descriptor, bytes.data(), static_cast<unsigned>(bytes.size()),
                      operation.appends ? 0 : operation.position());
  if (operation.appends) entry.rw_flags = RWF_APPEND;
}

void prepare_change(const ChangeFile& operation, const UringSlot& slot, io_uring_sqe& entry) {
  if (operation.change == FileChange::allocate)
    return io_uring_prep_fallocate(&entry, slot.descriptor, 0, 0,
                                   static_cast<off_t>(operation.size_bytes));
  bool data_only = operation.change == FileChange::sync_data;
  io_uring_prep_fsync(&entry, slot.descriptor, data_only ? IORING_FSYNC_DATASYNC : 0);
}

void prepare_accept(UringSlot& slot, io_uring_sqe& entry) {
  if (slot.accepts_by_poll) return io_uring_prep_poll_add(&entry, slot.descriptor, POLLIN);
  sys::SocketAddress& name = name_of(slot);
  name = sys::SocketAddress();
  io_uring_prep_accept(&entry, slot.descriptor, name.get(), &name.length, SOCK_CLOEXEC);
}

void prepare_connect(const Connect& operation, UringSlot& slot, io_uring_sqe& entry) {
  sys::SocketAddress& name = name_of(slot);
  name = sys::SocketAddress(operation.address);
  io_uring_prep_connect(&entry, slot.descriptor, name.get(), name.length);
}

// A descriptor that is no stream socket is waited for by the ring and read by us: a read of, say,
// a signalfd would occupy one of the kernel's worker threads on many kernels.
void prepare_receive_into(Receive& operation, const UringSlot& slot, io_uring_sqe& entry) {
  if (!is_stream(slot.kind)) return io_uring_prep_poll_add(&entry, slot.descriptor, POLLIN);
  std::span<std::byte> room = transferable(operation.buffer.subspan(operation.transferred));
  io_uring_prep_recv(&entry, slot.descriptor, room.data(), room.size(),
                     operation.whole ? MSG_WAITALL : 0);
}

void prepare_send(Send& operation, UringSlot& slot, io_uring_sqe& entry) {
  if (!is_stream(slot.kind)) return io_uring_prep_poll_add(&entry, slot.descriptor, POLLOUT);
  auto [first, second] = operation.rest();
  unsigned flags = MSG_NOSIGNAL | (operation.whole ? MSG_WAITALL : 0);
  if (!second.empty()) {
    slot.gather = std::make_unique<sys::Gather>(first, transferable(second));
    return io_uring_prep_sendmsg(&entry, slot.descriptor, &slot.gather->message, flags);
  }
  first = transferable(first);
  io_uring_prep_send(&entry, slot.descriptor, first.data(), first.size(), static_cast<int>(flags));
}

}  // namespace

bool is_for_ring(const Operation& operation) {
  switch (operation.kind) {
    case Kind::open_file:
      return static_cast<const OpenFile&>(operation).access != FileAccess::temporary;
    case Kind::change_file:
      return static_cast<const ChangeFile&>(operation).change != FileChange::resize;
    case Kind::copy_piece:
    case Kind::list_folder:
    case Kind::change_path:
    case Kind::start_program:
    case Kind::call: return false;
    default: return true;
  }
}

void prepare(Operation& operation, UringSlot* slot, io_uring_sqe& entry) {
  switch (operation.kind) {
    case Kind::open_file: return prepare_open(static_cast<OpenFile&>(operation), entry);
    case Kind::read_at: return prepare_read(static_cast<ReadAt&>(operation), *slot, entry);
    case Kind::write_at: return prepare_write(static_cast<WriteAt&>(operation), *slot, entry);
    case Kind::change_file:
      return prepare_change(static_cast<ChangeFile&>(operation), *slot, entry);
    case Kind::accept: return prepare_accept(*slot, entry);
    case Kind::connect: return prepare_connect(static_cast<Connect&>(operation), *slot, entry);
    case Kind::receive: return prepare_receive_into(static_cast<Receive&>(operation), *slot, entry);
    case Kind::send: return prepare_send(static_cast<Send&>(operation), *slot, entry);
    case Kind::await_exit:
    case Kind::await_readable: return io_uring_prep_poll_add(&entry, slot->descriptor, POLLIN);
    case Kind::await_writable: return io_uring_prep_poll_add(&entry, slot->descriptor, POLLOUT);
    default: break;
  }
}

void prepare_receive(const UringSlot& slot, Receives how_many, io_uring_sqe& entry) {
  if (how_many == Receives::many)
    io_uring_prep_recv_multishot(&entry, slot.descriptor, nullptr, 0, 0);
  else
    io_uring_prep_recv(&entry, slot.descriptor, nullptr, 0, 0);
  io_uring_sqe_set_flags(&entry, IOSQE_BUFFER_SELECT);
  entry.buf_group = RingBuffers::group;
}

}  // namespace duet::io
