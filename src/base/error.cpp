#include "base/error.hpp"

namespace snippetd::base {

ErrorDescription describe(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::bad_request: return {400, "bad_request", "The request cannot be understood"};
        case ErrorKind::unauthenticated: return {401, "unauthenticated", "Log in, or send a token"};
        case ErrorKind::forbidden: return {403, "forbidden", "This is not allowed"};
        case ErrorKind::not_found: return {404, "not_found", "There is nothing here"};
        case ErrorKind::method_not_allowed: return {405, "method_not_allowed", "The method is not allowed here"};
        case ErrorKind::request_timeout: return {408, "request_timeout", "The request took too long to arrive"};
        case ErrorKind::idempotency_in_progress:
            return {409, "idempotency_in_progress", "The first request with this key is still running"};
        case ErrorKind::conflict: return {409, "conflict", "The request conflicts with what is there"};
        case ErrorKind::gone: return {410, "gone", "This snippet is gone for good"};
        case ErrorKind::precondition_failed: return {412, "precondition_failed", "The snippet has changed meanwhile"};
        case ErrorKind::payload_too_large: return {413, "payload_too_large", "The request is too large"};
        case ErrorKind::range_not_satisfiable: return {416, "range_not_satisfiable", "The text has no such part"};
        case ErrorKind::expectation_failed: return {417, "expectation_failed", "The expectation cannot be met"};
        case ErrorKind::invalid: return {422, "invalid", "Some values are not allowed"};
        case ErrorKind::idempotency_key_reused:
            return {422, "idempotency_key_reused", "The idempotency key belongs to another request"};
        case ErrorKind::rate_limited: return {429, "rate_limited", "Too many requests"};
        case ErrorKind::header_fields_too_large:
            return {431, "header_fields_too_large", "The request header is too large"};
        case ErrorKind::internal: return {500, "internal", "Something went wrong here"};
        case ErrorKind::not_implemented: return {501, "not_implemented", "The service does not do this"};
        case ErrorKind::unavailable: return {503, "unavailable", "The service is busy or partly down"};
        case ErrorKind::insufficient_storage: return {507, "insufficient_storage", "There is no room for more"};
    }
    return {500, "internal", "Something went wrong here"};
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::logic_error{"a Result was read without a check: " + error.detail};
}

}  // namespace snippetd::base
