// Settings, counts and messages.
#include "standin.h"
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <sys/stat.h>

static std::atomic<long> counts[COUNTS];
static const char *const names[COUNTS] = {
    "launches", "graph launches", "kernels of graphs", "host to device", "host to device bytes", "device to host",
    "device to host bytes", "peer copies", "peer bytes", "waits", "event waits", "allocations", "allocated bytes", "modules",
    "judged", "errors"};

void count(Count what, long amount) { counts[what] += amount; }

// A count by its name; -1 where there is none of this name.
API long standin_count(const char *name) {
    for (int i = 0; i < COUNTS; i++) {
        if (strcmp(name, names[i]) == 0) {
            return counts[i];
        }
    }
    return -1;
}

std::string setting(const char *name, const char *otherwise) {
    const char *value = getenv((std::string("CUDA_STANDIN_") + name).c_str());
    return value != nullptr && *value != 0 ? value : otherwise;
}

bool tracing() {
    static const bool on = setting("TRACE", "0") != "0";
    return on;
}

void trace(const char *format, ...) {
    if (tracing()) {
        va_list arguments;
        va_start(arguments, format);
        fputs("[cuda stand-in] ", stderr);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
    }
}

static std::mutex lock;
static std::string last_error;
static bool expected;

void report(const std::string &what) {
    std::lock_guard<std::mutex> held(lock);
    count(ERRORS);
    last_error = what;
    if (!expected) {
        fprintf(stderr, "[cuda stand-in] ERROR: %s\n", what.c_str());
        std::ofstream(kernel_folder() + "/errors.txt", std::ios::app) << what << '\n';
    }
}

// Whether errors are expected from now on: the tests of the stand-in make some.
API void standin_expect_errors(int yes) { expected = yes != 0; }

API const char *standin_last_error() { return last_error.c_str(); }

// Never destroyed, since what is written at the end of the process lies there.
const std::string &kernel_folder() {
    static const auto *folder = [] {
        auto *path = new std::string(setting("FOLDER", "cuda-stand-in-kernels"));
        mkdir(path->c_str(), 0777);
        return path;
    }();
    return *folder;
}

bool run_command(const std::string &command, const std::string &output) {
    return system((command + " >'" + output + "' 2>&1").c_str()) == 0;
}

std::string read_file(const std::string &path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

void note_kernel(const std::string &name, const std::string &source) {
    std::lock_guard<std::mutex> held(lock);
    std::ofstream(kernel_folder() + "/kernels.txt", std::ios::app) << name + ' ' + source + '\n';
}

// Prints all counts when the process ends.
static struct AtExit {
    ~AtExit() {
        if (setting("COUNTS", "0") != "0") {
            for (int i = 0; i < COUNTS; i++) {
                fprintf(stderr, "[cuda stand-in] %s %ld\n", names[i], counts[i].load());
            }
        }
    }
} at_exit;
