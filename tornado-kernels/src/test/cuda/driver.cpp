// Stands in for the CUDA driver. Calls run at once, in the thread that makes them.
#include "standin.h"
#include "streams.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <vector>

struct Context {
    int device;
};

struct Module {
    // Null for PTX, which is assembled and not run.
    void *library;
    std::string ptx;
    // Path of the source, without its suffix.
    std::string source;
};

struct Function {
    KernelRun run;
    const char *(*error)();
    unsigned (*written)(const unsigned long long **begins);
    std::string name;
    std::string source;
    std::vector<size_t> sizes;
};

static const unsigned MOST_THREADS = 1024;
static const unsigned MOST_DEPTH = 64;
static const unsigned MOST_BLOCKS = 65535;

static thread_local CUcontext current_context;

API CUresult cuInit(unsigned) { return CUDA_SUCCESS; }

API CUresult cuDriverGetVersion(int *version) {
    *version = 13000;
    return CUDA_SUCCESS;
}

// NVIDIA's NVRTC asks for tables of its own, and does without.
API CUresult cuGetExportTable(const void **table, const void *) {
    *table = nullptr;
    return CUDA_ERROR_NOT_FOUND;
}

API CUresult cuDeviceGetCount(int *number) {
    *number = atoi(setting("DEVICES", "1").c_str());
    return CUDA_SUCCESS;
}

API CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    *device = ordinal;
    return CUDA_SUCCESS;
}

API CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
    snprintf(name, length, "CUDA stand-in %d", device);
    return CUDA_SUCCESS;
}

API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice) {
    *bytes = device_memory();
    return CUDA_SUCCESS;
}

// Those of an H100, for which kernels are judged, too.
API CUresult cuDeviceGetAttribute(int *value, DeviceAttribute attribute, CUdevice) {
    switch (attribute) {
    case MAX_THREADS_PER_BLOCK:
    case MAX_BLOCK_DIM_X:
    case MAX_BLOCK_DIM_Y: *value = MOST_THREADS; break;
    case MAX_BLOCK_DIM_Z: *value = MOST_DEPTH; break;
    case MAX_SHARED_MEMORY_PER_BLOCK: *value = 48 << 10; break;
    case TOTAL_CONSTANT_MEMORY: *value = 64 << 10; break;
    case WARP_SIZE: *value = 32; break;
    case CLOCK_RATE: *value = 1980000; break;
    case MULTIPROCESSOR_COUNT: *value = 132; break;
    case COMPUTE_CAPABILITY_MAJOR: *value = 9; break;
    case COMPUTE_CAPABILITY_MINOR: *value = 0; break;
    default: *value = 1;
    }
    return CUDA_SUCCESS;
}

static CUresult create_context(CUcontext *context, CUdevice device) {
    *context = current_context = new Context{device};
    return CUDA_SUCCESS;
}

API CUresult cuCtxCreate_v4(CUcontext *context, void *, unsigned, CUdevice device) { return create_context(context, device); }

API CUresult cuCtxCreate_v2(CUcontext *context, unsigned, CUdevice device) { return create_context(context, device); }

API CUresult cuCtxDestroy_v2(CUcontext) { return CUDA_SUCCESS; }

API CUresult cuCtxSetCurrent(CUcontext context) {
    current_context = context;
    return CUDA_SUCCESS;
}

static thread_local std::vector<CUcontext> pushed;

API CUresult cuCtxPushCurrent_v2(CUcontext context) {
    pushed.push_back(current_context);
    current_context = context;
    return CUDA_SUCCESS;
}

API CUresult cuCtxPopCurrent_v2(CUcontext *context) {
    *context = current_context;
    if (pushed.empty()) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    current_context = pushed.back();
    pushed.pop_back();
    return CUDA_SUCCESS;
}

API CUresult cuCtxGetCurrent(CUcontext *context) {
    *context = current_context;
    return CUDA_SUCCESS;
}

API CUresult cuMemAlloc_v2(CUdeviceptr *begin, size_t bytes) {
    if (forbidden_by_capture("cuMemAlloc")) {
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    *begin = allocate(current_context == nullptr ? 0 : current_context->device, bytes);
    return *begin == 0 ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}

API CUresult cuMemFree_v2(CUdeviceptr begin) {
    if (forbidden_by_capture("cuMemFree")) {
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    return release(begin) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

API CUresult cuMemAllocHost_v2(void **memory, size_t bytes) {
    *memory = malloc(bytes);
    return *memory == nullptr ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}

API CUresult cuMemFreeHost(void *memory) {
    free(memory);
    return CUDA_SUCCESS;
}

API CUresult cuMemHostRegister_v2(void *, size_t, unsigned) { return CUDA_SUCCESS; }

API CUresult cuMemHostUnregister(void *) { return CUDA_SUCCESS; }

static bool in_device(CUdeviceptr begin, size_t bytes, const char *what) {
    bool inside = allocated(begin, bytes);
    if (!inside) {
        report(std::string(what) + " of " + std::to_string(bytes) + " bytes outside of any allocation");
    }
    return inside;
}

API CUresult cuMemsetD8_v2(CUdeviceptr begin, unsigned char value, size_t bytes) {
    if (!in_device(begin, bytes, "cuMemsetD8")) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    memset((void *) begin, value, bytes);
    return CUDA_SUCCESS;
}

// The begin of the allocation that a copy or a kernel accesses; 0 where there is none.
static CUdeviceptr begin_of(CUdeviceptr address) {
    unsigned long long low;
    unsigned long long high;
    return find_allocation(address, &low, &high) == 0 ? low : 0;
}

// Copies of a graph count as part of its launch.
static void count_copy(CUstream stream, Count copies, Count sum, size_t bytes) {
    if (!captures(stream)) {
        count(copies);
        count(sum, long(bytes));
    }
}

API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
    trace("cuMemcpyHtoDAsync %zu bytes", bytes);
    if (!in_device(to, bytes, "cuMemcpyHtoDAsync")) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    count_copy(stream, HOST_TO_DEVICE, HOST_TO_DEVICE_BYTES, bytes);
    return enqueue(stream, [=](int number) {
        forget(begin_of(to));
        note_write(number, begin_of(to), false, "cuMemcpyHtoDAsync");
        memcpy((void *) to, from, bytes);
        return CUDA_SUCCESS;
    });
}

API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
    trace("cuMemcpyDtoHAsync %zu bytes", bytes);
    if (!in_device(from, bytes, "cuMemcpyDtoHAsync")) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    count_copy(stream, DEVICE_TO_HOST, DEVICE_TO_HOST_BYTES, bytes);
    return enqueue(stream, [=](int number) {
        note_read(number, begin_of(from), false, "cuMemcpyDtoHAsync");
        memcpy(to, (const void *) from, bytes);
        return CUDA_SUCCESS;
    });
}

API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    bool inside = in_device(to, bytes, "cuMemcpyDtoD") && in_device(from, bytes, "cuMemcpyDtoD");
    if (inside) {
        memcpy((void *) to, (const void *) from, bytes);
    }
    return inside ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

API CUresult
cuMemcpyPeerAsync(CUdeviceptr to, CUcontext, CUdeviceptr from, CUcontext, size_t bytes, CUstream stream) {
    trace("cuMemcpyPeerAsync %zu bytes", bytes);
    if (!in_device(to, bytes, "cuMemcpyPeerAsync") || !in_device(from, bytes, "cuMemcpyPeerAsync")) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    count_copy(stream, PEER_COPIES, PEER_BYTES, bytes);
    return enqueue(stream, [=](int number) {
        note_read(number, begin_of(from), true, "cuMemcpyPeerAsync");
        note_write(number, begin_of(to), true, "cuMemcpyPeerAsync");
        memcpy((void *) to, (const void *) from, bytes);
        return CUDA_SUCCESS;
    });
}

API CUresult cuDeviceCanAccessPeer(int *can, CUdevice, CUdevice) {
    *can = 1;
    return CUDA_SUCCESS;
}

API CUresult cuCtxEnablePeerAccess(CUcontext, unsigned) { return CUDA_SUCCESS; }

static const char *name_of(CUresult result) {
    switch (result) {
    case CUDA_SUCCESS: return "CUDA_SUCCESS";
    case CUDA_ERROR_INVALID_VALUE: return "CUDA_ERROR_INVALID_VALUE";
    case CUDA_ERROR_OUT_OF_MEMORY: return "CUDA_ERROR_OUT_OF_MEMORY";
    case CUDA_ERROR_INVALID_PTX: return "CUDA_ERROR_INVALID_PTX";
    case CUDA_ERROR_INVALID_HANDLE: return "CUDA_ERROR_INVALID_HANDLE";
    case CUDA_ERROR_NOT_FOUND: return "CUDA_ERROR_NOT_FOUND";
    case CUDA_ERROR_ILLEGAL_ADDRESS: return "CUDA_ERROR_ILLEGAL_ADDRESS";
    case CUDA_ERROR_LAUNCH_FAILED: return "CUDA_ERROR_LAUNCH_FAILED";
    case CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED: return "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED";
    }
    return "an error that the stand-in does not know";
}

API CUresult cuGetErrorName(CUresult result, const char **name) {
    *name = name_of(result);
    return CUDA_SUCCESS;
}

API CUresult cuGetErrorString(CUresult result, const char **text) { return cuGetErrorName(result, text); }

API CUresult cuOccupancyMaxPotentialBlockSize(int *grid, int *block, CUfunction, void *, size_t, int) {
    *grid = 132;
    *block = 256;
    return CUDA_SUCCESS;
}

API CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned, void *, void **) {
    std::string text = (const char *) image;
    if (forbidden_by_capture("cuModuleLoad")) {
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    count(MODULES);
    if (text.find(".entry") != std::string::npos) {
        *module = new Module{nullptr, text, keep(text, ".ptx")};
        return judge_ptx(text) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_PTX;
    }
    std::string path = compile_for_cpu(text);
    void *library = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        report(path.empty() ? "no image" : dlerror());
        return CUDA_ERROR_INVALID_PTX;
    }
    ((void (*)(decltype(&find_allocation))) dlsym(library, "standin_connect"))(find_allocation);
    *module = new Module{library, "", source_of(text)};
    return CUDA_SUCCESS;
}

API CUresult cuModuleLoadData(CUmodule *module, const void *image) {
    return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

API CUresult cuModuleUnload(CUmodule module) {
    delete module;
    return CUDA_SUCCESS;
}

API CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    if (module->library == nullptr) {
        bool found = module->ptx.find(std::string(".entry ") + name) != std::string::npos;
        if (found) {
            note_kernel(name, module->source);
        }
        *function = found ? new Function{nullptr, nullptr, nullptr, name, "", {}} : nullptr;
        return found ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
    }
    void *run = dlsym(module->library, (std::string("run_") + name).c_str());
    auto *sizes = (const size_t *) dlsym(module->library, (std::string("sizes_") + name).c_str());
    if (run == nullptr || sizes == nullptr) {
        return CUDA_ERROR_NOT_FOUND;
    }
    auto *error = (const char *(*) ()) dlsym(module->library, "standin_error");
    auto *written = (unsigned (*)(const unsigned long long **)) dlsym(module->library, "standin_written");
    *function = new Function{(KernelRun) run, error, written, name, module->source, {}};
    for (; *sizes != 0; sizes++) {
        (*function)->sizes.push_back(*sizes);
    }
    note_kernel(name, module->source);
    return CUDA_SUCCESS;
}

// A kernel may have read each array that it was given; the checks of its accesses say which it has written.
static void note_accesses(int stream, const Function &function, const Launch &launch) {
    std::string what = "kernel " + function.name;
    for (const Argument &argument : launch.arguments) {
        CUdeviceptr address = 0;
        if (argument.bytes == sizeof address) {
            memcpy(&address, argument.value.data(), sizeof address);
            note_read(stream, begin_of(address), false, what);
        }
    }
    const unsigned long long *begins;
    unsigned arrays = function.written == nullptr ? 0 : function.written(&begins);
    for (unsigned i = 0; i < arrays; i++) {
        note_write(stream, begins[i], false, what);
    }
}

API CUresult cuLaunchKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                            unsigned, CUstream stream, void **arguments, void **) {
    trace("cuLaunchKernel %s grid %u,%u,%u block %u,%u,%u", function->name.c_str(), gx, gy, gz, bx, by, bz);
    uint64_t threads = uint64_t(bx) * by * bz;
    if (threads == 0 || threads > MOST_THREADS || bz > MOST_DEPTH || gy > MOST_BLOCKS || gz > MOST_BLOCKS || gx * gy * gz == 0) {
        report("kernel " + function->name + ": a grid or a block that no device has");
        return CUDA_ERROR_INVALID_VALUE;
    }
    bool captured = captures(stream);
    if (!captured) {
        count(LAUNCHES);
    }
    if (function->run == nullptr) {
        return CUDA_SUCCESS;
    }
    // The arguments are copied now, as the caller may change them after the call.
    Launch launch{function->name, function->source.substr(function->source.rfind('/') + 1) + ".cu",
                  {gx, gy, gz}, {bx, by, bz}, {}};
    for (size_t i = 0; i < function->sizes.size(); i++) {
        Argument argument{{}, function->sizes[i]};
        memcpy(argument.value.data(), arguments[i], argument.bytes);
        launch.arguments.push_back(argument);
    }
    return enqueue(stream, [=](int number) mutable {
        if (captured) {
            count(GRAPH_KERNELS);
        }
        if (recording()) {
            record(launch);
        }
        std::vector<void *> pointers;
        for (Argument &argument : launch.arguments) {
            pointers.push_back(argument.value.data());
        }
        function->run(gx, gy, gz, bx, by, bz, pointers.data());
        note_accesses(number, *function, launch);
        const char *error = function->error();
        if (*error != 0) {
            report("kernel " + function->name + ": " + error);
            return CUDA_ERROR_ILLEGAL_ADDRESS;
        }
        return CUDA_SUCCESS;
    });
}
