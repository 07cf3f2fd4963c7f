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

// Bytes of a lane's slot: those of the operands of a matrix operation.
static const unsigned SLOT = 24;

struct Fibre {
    void *stack;
    State state;
    // Which of the two slots of the lane the next exchange writes.
    unsigned phase;
    alignas(16) unsigned char slot[2][SLOT];
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
// The begins of the allocations that the launch has written, and the last of them that was written.
static const unsigned MOST_WRITTEN = 64;
static thread_local unsigned long long written[MOST_WRITTEN], last_written;
static thread_local unsigned writes;

template <typename... Values> NOT_CHECKED void fail(const char *format, Values... values) {
    if (error[0] == 0) {
        int length = snprintf(error, sizeof error, format, values...);
        snprintf(error + length, sizeof error - length, ", block %u,%u,%u thread %u,%u,%u", block_index.x, block_index.y,
                 block_index.z, thread_index.x, thread_index.y, thread_index.z);
    }
}

NOT_CHECKED static void note_write() {
    last_written = low;
    for (unsigned i = 0; i < writes; i++) {
        if (written[i] == low) {
            return;
        }
    }
    if (writes < MOST_WRITTEN) {
        written[writes++] = low;
    }
}

NOT_CHECKED static inline void check(unsigned long long address, size_t bytes, bool write) {
    if (address >= low && address + bytes <= high) {
        if (write && low != last_written) {
            note_write();
        }
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
    if (write && l != last_written) {
        note_write();
    }
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
        fibres[t] = {top, READY, 0, {}};
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
    low = high = last_written = 0;
    writes = 0;
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

// Shows a value to the other lanes of the warp, and returns which of each lane's slots has its value. Two slots in turn: a
// lane reads one before any lane can write it again.
NOT_CHECKED static unsigned show(const void *value, size_t bytes) {
    unsigned threads = block_size.x * block_size.y * block_size.z;
    if (current / WARP == threads / WARP) {
        fail("the last warp of a block of %u threads exchanges values, and has %u lanes", threads, threads % WARP);
    }
    Fibre &own = fibres[current];
    unsigned phase = own.phase;
    own.phase ^= 1;
    memcpy(own.slot[phase], value, bytes);
    wait(AT_WARP);
    return phase;
}

// The value that another lane has shown.
template <typename T> NOT_CHECKED T shown(unsigned phase, unsigned lane, unsigned index = 0) {
    T result;
    memcpy(&result, fibres[current / WARP * WARP + lane].slot[phase] + index * sizeof(T), sizeof(T));
    return result;
}

template <typename T> NOT_CHECKED T exchange(T value, unsigned lane) {
    return shown<T>(show(&value, sizeof(T)), lane);
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

// Addresses in shared memory have 32 bits. Here they are distances from an object of the same thread.
NOT_CHECKED static inline void ptx_cvta_to_shared_u64(unsigned &address, const void *pointer) {
    address = unsigned((uintptr_t) pointer - (uintptr_t) &standin::current);
}

// Loads matrices of 8 rows of 8 numbers of 16 bits. Lane 8 j + i has the address of row i of matrix j.
NOT_CHECKED static inline unsigned load_matrices(unsigned address) {
    uintptr_t row = (uintptr_t) &standin::current + (intptr_t) (int) address;
    if (row % 16 != 0) {
        standin::fail("a row of a matrix is not aligned to 16 bytes");
        row -= row % 16;
    }
    return standin::show((const void *) row, 16);
}

NOT_CHECKED static inline void ptx_ldmatrix_sync_aligned_m8n8_x4_shared_b16(
    unsigned &r0, unsigned &r1, unsigned &r2, unsigned &r3, unsigned address) {
    unsigned phase = load_matrices(address), lane = standin::lane();
    unsigned *results[] = {&r0, &r1, &r2, &r3};
    for (unsigned j = 0; j < 4; j++) {
        *results[j] = standin::shown<unsigned>(phase, 8 * j + lane / 4, lane % 4);
    }
}

NOT_CHECKED static inline void ptx_ldmatrix_sync_aligned_m8n8_x2_trans_shared_b16(
    unsigned &r0, unsigned &r1, unsigned address) {
    unsigned phase = load_matrices(address), lane = standin::lane();
    unsigned *results[] = {&r0, &r1};
    for (unsigned j = 0; j < 2; j++) {
        unsigned row = 8 * j + lane % 4 * 2;
        *results[j] = standin::shown<uint16_t>(phase, row, lane / 4)
                      | (unsigned) standin::shown<uint16_t>(phase, row + 1, lane / 4) << 16;
    }
}

static inline float bf16_value(unsigned word, unsigned half) {
    unsigned bits = half == 0 ? word << 16 : word & 0xFFFF0000;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// D = A x B + C of 16 x 8 sums, rounded once. A GPU rounds in an order that is not documented. Layouts of the lanes: PTX
// ISA, "Matrix fragments for mma.m16n8k16 with floating point type".
NOT_CHECKED static inline void ptx_mma_sync_aligned_m16n8k16_row_col_f32_bf16_bf16_f32(
    float &d0, float &d1, float &d2, float &d3, unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0,
    unsigned b1, float c0, float c1, float c2, float c3) {
    unsigned operands[] = {a0, a1, a2, a3, b0, b1};
    unsigned phase = standin::show(operands, sizeof operands), lane = standin::lane();
    double sums[] = {c0, c1, c2, c3};
    for (unsigned i = 0; i < 4; i++) {
        unsigned column = lane % 4 * 2 + i % 2;
        for (unsigned k = 0; k < 16; k++) {
            unsigned a = standin::shown<unsigned>(phase, lane / 4 * 4 + k % 8 / 2, i / 2 + k / 8 * 2);
            unsigned b = standin::shown<unsigned>(phase, column * 4 + k % 8 / 2, 4 + k / 8);
            sums[i] += (double) bf16_value(a, k % 2) * bf16_value(b, k % 2);
        }
    }
    d0 = sums[0];
    d1 = sums[1];
    d2 = sums[2];
    d3 = sums[3];
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
extern "C" __attribute__((visibility("default"))) unsigned standin_written(const unsigned long long **begins) {
    *begins = standin::written;
    return standin::writes;
}
extern "C" __attribute__((visibility("default"))) void
standin_connect(int (*find)(unsigned long long, unsigned long long *, unsigned long long *)) {
    standin::find_allocation = find;
}
