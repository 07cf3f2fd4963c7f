// Included before the CUDA C of a kernel that is compiled for the CPU. One CPU thread runs the blocks of a grid in turn, and the
// CUDA threads of a block as fibres: each has a stack, and runs until it waits at a barrier or ends.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <math.h>
#include <sys/mman.h>

#define __global__
#define __device__
#define __forceinline__ inline
#define __restrict__
#define __shared__ static thread_local
#define __constant__ static const
#define __launch_bounds__(...)
#define NOT_CHECKED __attribute__((no_sanitize("kernel-address")))

namespace standin {
struct Index {
    unsigned x, y, z;
};

// READY and RUNNING need no difference: a fibre that is not waiting is resumed.
enum State { READY, AT_WARP, AT_BLOCK, ENDED };

struct Fibre {
    void *stack;
    State state;
    // Which of the two slots of the lane the next exchange writes.
    unsigned phase;
    uint64_t slot[2];
};

static const unsigned WARP = 32;
static const unsigned MOST_THREADS = 1024;
static const size_t STACK = 64 << 10;

static thread_local Index thread_index, block_index, block_size, grid_size;
static thread_local Fibre fibres[MOST_THREADS];
static thread_local unsigned current;
static thread_local void *scheduler;
static thread_local void (*body)(void **);
static thread_local void **body_arguments;

// Set by the driver when the module is loaded.
static int (*find_allocation)(unsigned long long, unsigned long long *, unsigned long long *);
// The first error of a launch.
static thread_local char error[300];
// The allocation that was accessed last.
static thread_local unsigned long long low, high;

template <typename... Values> NOT_CHECKED void fail(const char *format, Values... values) {
    if (error[0] == 0) {
        int length = snprintf(error, sizeof error, format, values...);
        snprintf(error + length, sizeof error - length, ", block %u,%u,%u thread %u,%u,%u", block_index.x, block_index.y,
                 block_index.z, thread_index.x, thread_index.y, thread_index.z);
    }
}

NOT_CHECKED static inline void check(unsigned long long address, size_t bytes, bool write) {
    if (address >= low && address + bytes <= high) {
        return;
    }
    unsigned long long l, h;
    int place = find_allocation(address, &l, &h);
    // What is in no device's memory is the fibre's stack, shared memory or an argument.
    if (place == 1) {
        return;
    }
    if (place == 2 || address + bytes > h) {
        fail("%s of %zu bytes outside of any allocation", write ? "write" : "read", bytes);
        return;
    }
    low = l;
    high = h;
}

extern "C" void standin_switch(void **from, void *to);
asm(R"(.text
.local standin_switch
standin_switch:
 pushq %rbp
 pushq %rbx
 pushq %r12
 pushq %r13
 pushq %r14
 pushq %r15
 movq %rsp,(%rdi)
 movq %rsi,%rsp
 popq %r15
 popq %r14
 popq %r13
 popq %r12
 popq %rbx
 popq %rbp
 ret
)");

NOT_CHECKED static inline void wait(State where) {
    fibres[current].state = where;
    standin_switch(&fibres[current].stack, scheduler);
}

NOT_CHECKED static void run_fibre() {
    body(body_arguments);
    wait(ENDED);
    abort();
}

NOT_CHECKED static void place(unsigned thread) {
    current = thread;
    thread_index = {thread % block_size.x, thread / block_size.x % block_size.y, thread / (block_size.x * block_size.y)};
}

// Runs the fibres of a warp until each waits at a barrier of the block or has ended.
NOT_CHECKED static void run_warp(unsigned first, unsigned end, bool reverse) {
    for (;;) {
        unsigned at_warp = 0, at_block = 0, ended = 0;
        for (unsigned k = first; k < end; k++) {
            place(reverse ? first + end - 1 - k : k);
            if (fibres[current].state == READY) {
                standin_switch(&scheduler, fibres[current].stack);
            }
            State state = fibres[current].state;
            at_warp += state == AT_WARP;
            at_block += state == AT_BLOCK;
            ended += state == ENDED;
        }
        if (at_warp == 0) {
            return;
        }
        if (at_block + ended > 0) {
            fail("divergent warp: %u lanes exchange, %u wait for the block, %u have ended", at_warp, at_block, ended);
        }
        for (unsigned k = first; k < end; k++) {
            fibres[k].state = fibres[k].state == AT_WARP ? READY : fibres[k].state;
        }
    }
}

NOT_CHECKED static void run_block(char *stacks, bool reverse) {
    unsigned threads = block_size.x * block_size.y * block_size.z;
    for (unsigned t = 0; t < threads; t++) {
        // Where standin_switch pops six registers and returns to. A function is entered with a return address on top of
        // a stack that was aligned to 16 bytes before it.
        void **top = (void **) (stacks + STACK * (t + 1)) - 1;
        *top = nullptr;
        *--top = (void *) run_fibre;
        for (int i = 0; i < 6; i++) {
            *--top = nullptr;
        }
        fibres[t] = {top, READY, 0, {0, 0}};
    }
    for (unsigned live = threads; live > 0;) {
        unsigned waiting = 0, ended = 0;
        for (unsigned first = 0; first < threads; first += WARP) {
            run_warp(first, first + WARP < threads ? first + WARP : threads, reverse);
        }
        for (unsigned t = 0; t < threads; t++) {
            waiting += fibres[t].state == AT_BLOCK;
            ended += fibres[t].state == ENDED;
            fibres[t].state = fibres[t].state == AT_BLOCK ? READY : fibres[t].state;
        }
        if (waiting > 0 && ended > 0) {
            fail("divergent barrier: %u threads wait, %u have ended", waiting, ended);
        }
        live = waiting;
    }
}

// Runs a grid. Kernels without barriers need no fibres.
NOT_CHECKED static void run_grid(void (*kernel)(void **), bool barriers, Index grid, Index block, void **arguments) {
    static thread_local char *stacks = nullptr;
    static const bool reverse = getenv("CUDA_STANDIN_REVERSE") != nullptr;
    if (barriers && stacks == nullptr) {
        stacks = (char *) mmap(nullptr, STACK * MOST_THREADS, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    error[0] = 0;
    low = high = 0;
    body = kernel;
    body_arguments = arguments;
    grid_size = grid;
    block_size = block;
    unsigned blocks = grid.x * grid.y * grid.z;
    for (unsigned k = 0; k < blocks; k++) {
        unsigned b = reverse ? blocks - 1 - k : k;
        block_index = {b % grid.x, b / grid.x % grid.y, b / (grid.x * grid.y)};
        if (barriers) {
            run_block(stacks, reverse);
        } else {
            for (unsigned t = 0; t < block.x * block.y * block.z; t++) {
                place(t);
                kernel(arguments);
            }
        }
    }
}

// The value of another lane of the warp. Two slots in turn: a lane reads one before any lane can write it again.
template <typename T> NOT_CHECKED T exchange(T value, unsigned lane) {
    Fibre &own = fibres[current];
    unsigned phase = own.phase;
    own.phase ^= 1;
    memcpy(&own.slot[phase], &value, sizeof(T));
    unsigned first = current / WARP * WARP;
    wait(AT_WARP);
    T result;
    memcpy(&result, &fibres[first + lane].slot[phase], sizeof(T));
    return result;
}

static inline unsigned lane() { return current % WARP; }
} // namespace standin

#define threadIdx standin::thread_index
#define blockIdx standin::block_index
#define blockDim standin::block_size
#define gridDim standin::grid_size

static inline void __syncthreads() { standin::wait(standin::AT_BLOCK); }
static inline void __syncwarp(unsigned = ~0u) { standin::wait(standin::AT_WARP); }
static inline void __threadfence() {}
static inline void __threadfence_block() {}

template <typename T> T __shfl_sync(unsigned, T value, int lane) { return standin::exchange(value, lane & 31); }
template <typename T> T __shfl_xor_sync(unsigned, T value, int mask) {
    return standin::exchange(value, (standin::lane() ^ mask) & 31);
}
template <typename T> T __shfl_down_sync(unsigned, T value, unsigned delta) {
    unsigned lane = standin::lane() + delta;
    return standin::exchange(value, lane < standin::WARP ? lane : standin::lane());
}

// Blocks and threads run in turn, so nothing comes between.
template <typename T, typename U> T atomicAdd(T *at, U value) {
    T before = *at;
    *at = before + value;
    return before;
}

// asm statements of PTX are turned into calls of these (compiler.cpp).
static inline void ptx_dp4a_s32_s32(int &d, int a, int b, int c) {
    d = c;
    for (int i = 0; i < 32; i += 8) {
        d += int(int8_t(a >> i)) * int(int8_t(b >> i));
    }
}

template <typename T> T min(T a, T b) { return a < b ? a : b; }
template <typename T> T max(T a, T b) { return a > b ? a : b; }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float rsqrtf(float a) { return 1.0f / sqrtf(a); }
static inline float rsqrt(float a) { return 1.0f / sqrtf(a); }
static inline double rsqrt(double a) { return 1.0 / sqrt(a); }
static inline float __int_as_float(int bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static inline unsigned __float_as_uint(float value) {
    unsigned bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline int __popc(unsigned value) { return __builtin_popcount(value); }

// The compiler calls these before each access (-fsanitize=kernel-address).
#define CHECKED_SIZE(bytes)                                                                                              \
    extern "C" NOT_CHECKED __attribute__((visibility("hidden"))) void __asan_load##bytes##_noabort(unsigned long long a) { \
        standin::check(a, bytes, false);                                                                                 \
    }                                                                                                                    \
    extern "C" NOT_CHECKED __attribute__((visibility("hidden"))) void __asan_store##bytes##_noabort(unsigned long long a) { \
        standin::check(a, bytes, true);                                                                                  \
    }
CHECKED_SIZE(1)
CHECKED_SIZE(2)
CHECKED_SIZE(4)
CHECKED_SIZE(8)
CHECKED_SIZE(16)
#define HIDDEN extern "C" NOT_CHECKED __attribute__((visibility("hidden")))
HIDDEN void __asan_loadN_noabort(unsigned long long a, size_t bytes) { standin::check(a, bytes, false); }
HIDDEN void __asan_storeN_noabort(unsigned long long a, size_t bytes) { standin::check(a, bytes, true); }
HIDDEN void __asan_handle_no_return() {}

extern "C" __attribute__((visibility("default"))) const char *standin_error() { return standin::error; }
extern "C" __attribute__((visibility("default"))) void
standin_connect(int (*find)(unsigned long long, unsigned long long *, unsigned long long *)) {
    standin::find_allocation = find;
}
