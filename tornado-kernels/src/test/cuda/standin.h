// What the sources of the stand-in share.
#pragma once
#include "abi.h"
#include <array>
#include <string>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))

// What is counted, in the order of the names in counts.cpp.
enum Count {
    LAUNCHES,
    GRAPH_LAUNCHES,
    GRAPH_KERNELS,
    HOST_TO_DEVICE,
    HOST_TO_DEVICE_BYTES,
    DEVICE_TO_HOST,
    DEVICE_TO_HOST_BYTES,
    PEER_COPIES,
    PEER_BYTES,
    WAITS,
    EVENT_WAITS,
    ALLOCATIONS,
    ALLOCATED_BYTES,
    MODULES,
    JUDGED,
    ERRORS,
    COUNTS
};

void count(Count what, long amount = 1);

/** Returns a setting from the environment, CUDA_STANDIN_<name>. */
std::string setting(const char *name, const char *otherwise);

/** Whether each call is printed to stderr. */
bool tracing();

/** Prints a line where calls are traced. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Counts an error, prints it to stderr, and adds it to the file errors.txt of the kernels' folder. */
void report(const std::string &what);

/** The folder of generated sources, of what was compiled from them, and of the compilers' output. */
const std::string &kernel_folder();

/** Runs a command of the shell, its output in a file; returns whether it succeeded. */
bool run_command(const std::string &command, const std::string &output);

/** Adds a kernel, and the path of its source without the suffix, to the file kernels.txt of the kernels' folder. */
void note_kernel(const std::string &name, const std::string &source);

std::string read_file(const std::string &path);

bool exists(const std::string &path);

/** Writes a file under another name first, since processes may share the folder. */
void write_file(const std::string &path, const std::string &text);

/** Keeps a source in the kernels' folder; returns its path without the suffix, which follows from its text. */
std::string keep(const std::string &text, const char *suffix);

/**
 * Allocates device memory, filled with bytes 0xA5. Addresses are never used twice.
 *
 * @return 0 where the device has too little memory
 */
CUdeviceptr allocate(int device, size_t bytes);

/** Releases device memory; false where it is not the begin of an allocation. */
bool release(CUdeviceptr begin);

/** Whether a range lies in one allocation. */
bool allocated(CUdeviceptr begin, size_t bytes);

/**
 * Finds the allocation of an address, for the code of kernels.
 *
 * @param low, high receive its bounds; those of no memory where there is none
 * @return 0 in an allocation, 1 outside of device memory, 2 in device memory that is not allocated
 */
int find_allocation(unsigned long long address, unsigned long long *low, unsigned long long *high);

/** Bytes of memory of each device. */
size_t device_memory();

// What the code of a kernel exports, as kernel.h has it.
using KernelRun = void (*)(unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, void **arguments);

/** Compiles the source of an image of compiler.cpp for this processor; empty where that fails, which is reported. */
std::string compile_for_cpu(const std::string &image);

/** The path of an image's source, without its suffix. */
std::string source_of(const std::string &image);

/** Compiles a source for sm_90 where a compiler is set; false where it refuses, which is reported. */
bool judge_cuda(const std::string &base);

/** Assembles PTX for sm_90 where an assembler is set; false where it refuses, which is reported. */
bool judge_ptx(const std::string &ptx);

/** An argument of a kernel: its bytes, of which there are at most 16. */
struct Argument {
    std::array<char, 16> value;
    size_t bytes;
};

/** A launch; source is the name of a file in the kernels' folder. */
struct Launch {
    std::string kernel, source;
    unsigned grid[3], block[3];
    std::vector<Argument> arguments;
};

/** Whether launches are recorded. */
bool recording();

/** Records a launch, with the arrays as they are before it. */
void record(const Launch &launch);
