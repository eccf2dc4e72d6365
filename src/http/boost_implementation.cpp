// The one place where Asio and Beast are compiled (see boost_net in cmake/dependencies.cmake).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
