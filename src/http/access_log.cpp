#include "duet/http/access_log.hpp"

#include "http/access_log_format.hpp"

namespace duet::http {

AccessLog::AccessLog(const AccessLogOptions& options, std::shared_ptr<Log> log)
    : format_(options.format), lines_(options.path, std::move(log)) {}

void AccessLog::record(const AccessEntry& entry) noexcept {
  AccessLine line;
  lines_.append(format_ == AccessLogFormat::json ? format_json(line, entry)
                                                 : format_combined(line, entry));
}

}  // namespace duet::http
