#include "run.hpp"

int main(int argc, char** argv) {
    return snippetd::cli::run(argc, argv);
}
