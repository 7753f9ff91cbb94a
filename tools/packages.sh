# What duet needs from the system, for which command, and how it gets there. Sourced by ./dev.
#
# A row: package, how it is detected, the groups that use it, need, purpose.
#   detected   tool:NAME on PATH; header:PATH in an include folder; file:PATTERN
#   groups     build, test, gcc, address, fuzz, bench, check; each command of ./dev uses some of them
#   need       required: the command cannot do without; preferred: something is left out without it
duet_packages='
cmake               tool:cmake                    build             required   configures the build
ninja-build         tool:ninja                    build             required   runs the build
pkgconf             tool:pkg-config               build             required   finds liburing
libfmt-dev          header:fmt/format.h           build             required   formats text
libcli11-dev        header:CLI/CLI.hpp            build             required   the command line of duet
nlohmann-json3-dev  header:nlohmann/json.hpp      build             required   the JSON output of duet
liburing-dev        header:liburing.h             build             preferred  the engine uring
libboost-context-dev  file:/usr/lib/*/libboost_context.a  build  preferred  fibers
clang-19            tool:clang++-19               build             preferred  compiles releases; else g++
g++                 tool:g++                      gcc               required   compiles
clang-19            tool:clang++-19               check,fuzz        required   second compiler of the checks, fuzzers
clang-19            tool:clang++-19               address           preferred  sanitizers; else g++
libclang-rt-19-dev  file:/usr/lib/llvm-19/lib/clang/19/lib/*/libclang_rt.asan*.a  address  preferred  sanitizers
libclang-rt-19-dev  file:/usr/lib/llvm-19/lib/clang/19/lib/*/libclang_rt.fuzzer*.a  fuzz  required   fuzzers
libboost-dev        header:boost/beast/http.hpp   fuzz              required   the parser to compare with
libgtest-dev        header:gtest/gtest.h          test              required   tests
python3             tool:python3                  test,bench,check  required   tests, runner, checks
curl                tool:curl                     test              preferred  tests with a real client
libcurl4-openssl-dev  file:/usr/include/*/curl/curl.h  test,check        preferred  the example of a foreign library
wrk                 tool:wrk                      test,bench        preferred  tests under load, HTTP benchmarks
apache2-utils       tool:ab                       test              preferred  tests with ab
nghttp2-client      tool:h2load                   test              preferred  tests with h2load
chromium            tool:chromium                 test              preferred  tests with a real browser
strace              tool:strace                   test              preferred  tests that count system calls
procps              tool:ps                       test              preferred  tests that look for processes left behind
ccache              tool:ccache                   test,check        preferred  builds again faster
libev-dev           header:ev.h                   bench             preferred  the libev baseline
libbenchmark-dev    header:benchmark/benchmark.h  bench             preferred  micro benchmarks
nginx               file:/usr/sbin/nginx          bench             preferred  a web server to compare with
h2o                 tool:h2o                      bench             preferred  a web server to compare with
lighttpd            file:/usr/sbin/lighttpd       bench             preferred  a web server to compare with
clang-format-19     tool:clang-format-19          check             required   format
clang-tidy-19       tool:clang-tidy-19            check             required   lint
'

say() { printf 'dev: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

is_present() {
  local what=${1#*:} more=${CPATH:-} folder
  case $1 in
    tool:*) command -v "$what" >/dev/null ;;
    file:*) compgen -G "$what" >/dev/null ;;
    header:*)
      for folder in /usr/include /usr/local/include ${more//:/ }; do
        [[ -e $folder/$what ]] && return
      done
      return 1 ;;
  esac
}

# One character per row: the part of the machine's state that a configured build depends on.
packages_state() {
  local package detected rest
  while read -r package detected rest; do
    [[ -z $package ]] || { is_present "$detected" && printf 1 || printf 0; }
  done <<<"$duet_packages"
}

# Fills missing_required, missing_preferred and missing_text from the rows of the given groups.
find_missing() {
  local package detected groups need purpose group
  missing_required=() missing_preferred=() missing_text=
  while read -r package detected groups need purpose; do
    for group in "$@"; do
      [[ ,$groups, == *,$group,* ]] || continue
      is_present "$detected" && continue
      [[ $need == required ]] && missing_required+=("$package") || missing_preferred+=("$package")
      missing_text+=$(printf '  %-20s %-10s %s' "$package" "$need" "$purpose")$'\n'
    done
  done <<<"$duet_packages"
}

# Sees to it that the packages of the given groups are there; fails if a required one is not.
ensure_packages() {
  find_missing "$@"
  [[ -n $missing_text ]] || return 0
  if [[ ${no_install:-} ]]; then
    say "missing, and not installed because of --no-install:"
  elif ! command -v apt-get >/dev/null; then
    say "missing (by the names that Debian gives them); install what your distribution calls so:"
  else
    say "needs these packages:"
  fi
  printf '%s' "$missing_text" >&2
  if [[ ${no_install:-} ]]; then
    ((${#missing_required[@]} == 0)) || exit 1
  elif command -v apt-get >/dev/null; then
    install_missing
    find_missing "$@"
    ((${#missing_required[@]} == 0)) || die "still missing: ${missing_required[*]}"
  fi
}

install_missing() {
  local all=("${missing_required[@]}" "${missing_preferred[@]}") wanted=() package
  if ! can_be_root; then
    ((${#missing_required[@]} == 0)) || die "needs root: apt-get install ${missing_required[*]}"
    say "going on without them: neither root nor sudo here"
    return 0
  fi
  if lists_are_stale; then
    as_root apt-get update || say "no fresh package lists; trying with those that are here"
  fi
  for package in "${all[@]}"; do
    if [[ $(apt-cache policy "$package") == *'Candidate: '[^\(]* ]]; then
      wanted+=("$package")
    else
      say "this distribution has no package $package"
    fi
  done
  ((${#wanted[@]})) || return 0
  say "installing: ${wanted[*]}"
  apt_install "${wanted[@]}" && return
  as_root apt-get update && apt_install "${wanted[@]}" && return
  ((${#missing_required[@]} == 0)) || apt_install "${missing_required[@]}"
}

# Debian starts a service when it is installed, and at every boot. Those that are wanted as programs
# only do neither: policy-rc.d(8) forbids the one, update-rc.d(8) the other.
apt_install() {
  local services=() package
  for package in "$@"; do
    [[ $package != @(nginx|h2o|lighttpd) ]] || services+=("$package")
  done
  as_root env DEBIAN_FRONTEND=noninteractive services="${services[*]}" sh -c '
    policy=/usr/sbin/policy-rc.d
    if [ -n "$services" ] && [ ! -e $policy ]; then
      trap "rm -f $policy" EXIT
      trap "exit 1" HUP INT TERM
      printf "#!/bin/sh\nexit 101\n" >$policy
      chmod 755 $policy
    fi
    apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" || exit
    for service in $services; do update-rc.d "$service" disable || exit; done' sh "$@"
}

# True if no package list was fetched within a day: an old list names versions that are gone.
lists_are_stale() {
  [[ -z $(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -ctime -1 2>/dev/null | head -1) ]]
}

can_be_root() {
  ((EUID == 0)) && return
  command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }
}

# Output goes to standard error: standard output belongs to the program that ./dev runs.
as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi </dev/null >&2
}
