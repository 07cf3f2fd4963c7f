// Has a compiler of NVIDIA's compile each kernel for sm_90, where one is set: NVRTC, nvcc, or for PTX ptxas.
#include "standin.h"
#include <cstdio>
#include <dlfcn.h>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

static bool keep_output(const std::string &base, bool ok, const std::string &output) {
    count(JUDGED);
    if (!ok) {
        write_file(base + ".sm_90-error", output);
        report("refused for sm_90, see " + base + ".sm_90-error");
        return false;
    }
    write_file(base + ".sm_90", output);
    return true;
}

static bool by_command(const std::string &command, const std::string &base, const char *input) {
    std::string output = base + ".sm_90-output";
    bool ok = run_command(command + " -v -arch=sm_90 -o '" + base + ".cubin' '" + base + input + "'", output);
    std::string text = read_file(output);
    remove(output.c_str());
    return keep_output(base, ok, text);
}

// NVIDIA's NVRTC, whose functions have the names of the stand-in's.
struct Nvrtc {
    nvrtcResult (*create)(nvrtcProgram *, const char *, const char *, int, const char *const *, const char *const *);
    nvrtcResult (*destroy)(nvrtcProgram *);
    nvrtcResult (*compile)(nvrtcProgram, int, const char *const *);
    nvrtcResult (*log_size)(nvrtcProgram, size_t *);
    nvrtcResult (*log)(nvrtcProgram, char *);
};

template <typename F> static void find(void *library, const char *name, F &function) {
    function = (F) dlsym(library, name);
}

static Nvrtc load(const std::string &path) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    Nvrtc nvrtc{};
    if (library == nullptr) {
        report(std::string("CUDA_STANDIN_NVRTC: ") + dlerror());
        return nvrtc;
    }
    find(library, "nvrtcCreateProgram", nvrtc.create);
    find(library, "nvrtcDestroyProgram", nvrtc.destroy);
    find(library, "nvrtcCompileProgram", nvrtc.compile);
    find(library, "nvrtcGetProgramLogSize", nvrtc.log_size);
    find(library, "nvrtcGetProgramLog", nvrtc.log);
    return nvrtc;
}

static bool by_nvrtc(const std::string &path, const std::string &base) {
    static const Nvrtc nvrtc = load(path);
    static std::mutex lock;
    std::lock_guard<std::mutex> held(lock);
    if (nvrtc.log == nullptr) {
        return false;
    }
    const char *options[] = {"--gpu-architecture=sm_90", "--ptxas-options=-v"};
    nvrtcProgram program;
    std::string source = read_file(base + ".cu");
    if (nvrtc.create(&program, source.c_str(), nullptr, 0, nullptr, nullptr) != NVRTC_SUCCESS) {
        return keep_output(base, false, "NVRTC cannot create a program");
    }
    // In a thread of its own: the stack of a JVM's thread is too small.
    bool ok = false;
    std::thread([&] { ok = nvrtc.compile(program, 2, options) == NVRTC_SUCCESS; }).join();
    size_t size = 0;
    nvrtc.log_size(program, &size);
    std::vector<char> log(size + 1);
    nvrtc.log(program, log.data());
    nvrtc.destroy(&program);
    return keep_output(base, ok, log.data());
}

// The result for a source is kept in a file, and used again.
static bool judged_before(const std::string &base) { return exists(base + ".sm_90"); }

static std::string compiler(const char *name) { return setting("SM90", "0") == "1" ? setting(name, "") : ""; }

bool judge_cuda(const std::string &base) {
    std::string nvrtc = compiler("NVRTC");
    std::string nvcc = compiler("NVCC");
    if ((nvrtc.empty() && nvcc.empty()) || judged_before(base)) {
        return true;
    }
    return nvrtc.empty() ? by_command("'" + nvcc + "' -cubin -w -Xptxas", base, ".cu") : by_nvrtc(nvrtc, base);
}

bool judge_ptx(const std::string &ptx) {
    std::string ptxas = compiler("PTXAS");
    if (ptxas.empty()) {
        return true;
    }
    std::string base = keep(ptx, ".ptx");
    return judged_before(base) || by_command("'" + ptxas + "'", base, ".ptx");
}

// What the compiler said about a source, for tests; empty where none is set.
API const char *standin_judgement(const char *source) {
    static thread_local std::string text;
    text = read_file(keep(source, ".cu") + ".sm_90");
    return text.c_str();
}
