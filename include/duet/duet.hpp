#pragma once
// All that a network service needs.

#include "duet/fs/path.hpp"
#include "duet/http/client.hpp"
#include "duet/http/router.hpp"
#include "duet/http/server.hpp"
#include "duet/http/static_files.hpp"
#include "duet/loop/all.hpp"
#include "duet/loop/channel.hpp"
#include "duet/loop/event.hpp"
#include "duet/loop/mutex.hpp"
#include "duet/loop/scope.hpp"
#include "duet/loop/sleep.hpp"
#include "duet/loop/within.hpp"
#include "duet/net/listener.hpp"
#include "duet/net/stream.hpp"
#include "duet/process/child.hpp"
#include "duet/runtime/runtime.hpp"
