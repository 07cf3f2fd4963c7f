// Keeps each kind of launch with its arguments, so that benchmarks/gpu-replay can repeat it on a GPU.
#include "standin.h"
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

struct Kind {
    std::string line;
    long times;
};

// Of an array of at most this size all bytes are kept: sizes, positions and tables, which decide what a kernel accesses.
static const size_t SMALL = 16384;
// Of a larger one, the header that TornadoVM gives every array.
static const size_t HEADER = 16;

bool recording() {
    static const bool on = setting("RECORD", "0") != "0";
    return on;
}

static std::string hex(const void *bytes, size_t count) {
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = ((const unsigned char *) bytes)[i];
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

static std::string triple(const unsigned *sizes) {
    return "[" + std::to_string(sizes[0]) + ", " + std::to_string(sizes[1]) + ", " + std::to_string(sizes[2]) + "]";
}

// Writes the kinds of launches when the process ends, in the order in which they were first seen.
static struct Recording {
    std::mutex lock;
    std::map<std::string, size_t> numbers;
    std::vector<Kind> kinds;

    ~Recording() {
        if (recording() && !kinds.empty()) {
            std::ofstream file(kernel_folder() + "/launches.jsonl");
            for (const Kind &kind : kinds) {
                file << kind.line << "], \"times\": " << kind.times << "}\n";
            }
        }
    }
} all;

void record(const Launch &launch) {
    std::string line = "{\"kernel\": \"" + launch.kernel + "\", \"source\": \"" + launch.source + "\", \"grid\": "
                       + triple(launch.grid) + ", \"block\": " + triple(launch.block) + ", \"arguments\": [";
    std::string key = line;
    std::map<unsigned long long, size_t> arrays;
    for (size_t i = 0; i < launch.arguments.size(); i++) {
        const Argument &argument = launch.arguments[i];
        unsigned long long value = 0, low = 0, high = 0;
        memcpy(&value, argument.value.data(), std::min(argument.bytes, sizeof value));
        std::string text;
        if (argument.bytes == sizeof value && find_allocation(value, &low, &high) == 0) {
            size_t number = arrays.emplace(low, i).first->second;
            size_t bytes = high - low;
            text = "{\"array\": " + std::to_string(number) + ", \"bytes\": " + std::to_string(bytes)
                   + ", \"offset\": " + std::to_string(value - low);
            key += text;
            // Small arrays change from launch to launch, and do not make another kind.
            text += ", \"begin\": \"" + hex((const void *) low, bytes <= SMALL ? bytes : HEADER) + "\"}";
        } else {
            text = "{\"value\": \"" + hex(argument.value.data(), argument.bytes) + "\"}";
            key += text;
        }
        line += (i == 0 ? "" : ", ") + text;
    }
    std::lock_guard<std::mutex> held(all.lock);
    auto known = all.numbers.emplace(key, all.kinds.size());
    if (known.second) {
        all.kinds.push_back({line, 0});
    }
    all.kinds[known.first->second].times++;
}
