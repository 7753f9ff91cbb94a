#pragma once
// The reactor for engines that carry disk operations out in their own way.

#include <memory>

#include "duet/io/engine.hpp"
#include "duet/io/selector_mechanism.hpp"
#include "io/disk_access.hpp"

namespace duet::io {

std::unique_ptr<Engine> make_reactor(JobQueue& completed,
                                     std::unique_ptr<SelectorMechanism> selector,
                                     const DiskAccessFactory& make_access);

}  // namespace duet::io
