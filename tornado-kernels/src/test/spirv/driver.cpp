// Lets OpenCL drivers that take LLVM bitcode run SPIR-V. It is loaded before the OpenCL library and takes the place of two of its
// functions. A module is kept in SPIRV_FOLDER, checked by spirv-val, and translated by llvm-spirv to bitcode, which the driver
// gets as a binary. Files are named after a hash of the module; those of earlier commands are used again.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))

// Types and constants of OpenCL 3.0 that are used here. Objects of the driver are pointers.
typedef int32_t cl_int;
typedef uint32_t cl_uint;
typedef void *Object;
static const cl_int CL_SUCCESS = 0, CL_INVALID_VALUE = -30;
static const cl_uint CL_DEVICE_IL_VERSION = 0x105B, CL_CONTEXT_DEVICES = 0x1081;
static const char VERSION[] = "SPIR-V_1.2";
static const uint32_t MAGIC = 0x07230203, HEADER_WORDS = 5, OP_ENTRY_POINT = 15;

template <typename F> static F driver(const char *name) {
    static void *library = dlopen("libOpenCL.so.1", RTLD_NOW);
    void *function = library == nullptr ? nullptr : dlsym(library, name);
    if (function == nullptr) {
        fprintf(stderr, "spirv/run: libOpenCL.so.1 has no %s\n", name);
        abort();
    }
    return reinterpret_cast<F>(function);
}

static std::string setting(const char *name) {
    const char *value = getenv(name);
    return value == nullptr ? "" : value;
}

static std::string quoted(const std::string &path) { return "'" + path + "'"; }

static bool exists(const std::string &path) {
    struct stat file;
    return stat(path.c_str(), &file) == 0;
}

// The name of the module's first kernel, empty if it has none.
static std::string kernel(const std::vector<uint32_t> &words) {
    for (size_t at = HEADER_WORDS; at < words.size() && words[0] == MAGIC;) {
        uint32_t length = words[at] >> 16;
        if ((words[at] & 0xFFFF) == OP_ENTRY_POINT && length > 3 && at + length <= words.size()) {
            const char *name = reinterpret_cast<const char *>(&words[at + 3]);
            return std::string(name, strnlen(name, (length - 3) * 4));
        }
        at += length == 0 ? words.size() : length;
    }
    return "";
}

static std::string hash(const void *bytes, size_t length) {
    uint64_t sum = 1469598103934665603u; // FNV-1a
    for (size_t i = 0; i < length; i++) {
        sum = (sum ^ static_cast<const unsigned char *>(bytes)[i]) * 1099511628211u;
    }
    char text[17];
    snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(sum));
    return text;
}

static bool run(const std::string &command) { return system(("unset LD_PRELOAD; " + command).c_str()) == 0; }

// Keeps, checks and translates a module, and returns the path of its files without their ending.
static std::string translated(const void *module, size_t length) {
    static std::mutex lock;
    std::lock_guard<std::mutex> held(lock);
    std::string folder = setting("SPIRV_FOLDER"), base = folder + "/" + hash(module, length);
    std::vector<uint32_t> words(length / 4);
    memcpy(words.data(), module, words.size() * 4);
    std::ofstream(folder + "/kernels.txt", std::ios::app) << kernel(words) << " " << base << "\n";
    if (!exists(base + ".val")) {
        std::ofstream(base + ".spv", std::ios::binary).write(static_cast<const char *>(module), static_cast<long>(length));
        run("spirv-val --target-env opencl2.2 " + quoted(base + ".spv") + " >" + quoted(base + ".val") + " 2>&1");
        run(quoted(setting("SPIRV_TRANSLATOR")) + " -r " + quoted(base + ".spv") + " -o " + quoted(base + ".bc") + " >"
            + quoted(base + ".log") + " 2>&1 || rm -f " + quoted(base + ".bc"));
    }
    return base;
}

API cl_int clGetDeviceInfo(Object device, cl_uint name, size_t size, void *value, size_t *needed) {
    typedef cl_int (*Function)(Object, cl_uint, size_t, void *, size_t *);
    if (name != CL_DEVICE_IL_VERSION) {
        return driver<Function>("clGetDeviceInfo")(device, name, size, value, needed);
    }
    if (value != nullptr && size < sizeof VERSION) {
        return CL_INVALID_VALUE;
    }
    if (value != nullptr) {
        memcpy(value, VERSION, sizeof VERSION);
    }
    if (needed != nullptr) {
        *needed = sizeof VERSION;
    }
    return CL_SUCCESS;
}

API Object clCreateProgramWithIL(Object context, const void *module, size_t length, cl_int *error) {
    typedef cl_int (*Info)(Object, cl_uint, size_t, void *, size_t *);
    typedef Object (*Create)(Object, cl_uint, const Object *, const size_t *, const unsigned char **, cl_int *, cl_int *);
    std::ifstream file(translated(module, length) + ".bc", std::ios::binary);
    std::vector<char> bitcode((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    size_t bytes = 0;
    Info info = driver<Info>("clGetContextInfo");
    if (bitcode.empty() || info(context, CL_CONTEXT_DEVICES, 0, nullptr, &bytes) != CL_SUCCESS) {
        if (error != nullptr) {
            *error = CL_INVALID_VALUE;
        }
        return nullptr;
    }
    std::vector<Object> devices(bytes / sizeof(Object));
    info(context, CL_CONTEXT_DEVICES, bytes, devices.data(), nullptr);
    std::vector<size_t> lengths(devices.size(), bitcode.size());
    std::vector<const unsigned char *> binaries(devices.size(), reinterpret_cast<const unsigned char *>(bitcode.data()));
    std::vector<cl_int> states(devices.size());
    return driver<Create>("clCreateProgramWithBinary")(
        context, static_cast<cl_uint>(devices.size()), devices.data(), lengths.data(), binaries.data(), states.data(), error);
}
