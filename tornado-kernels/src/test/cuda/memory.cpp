// Device memory: one range of addresses for all devices, so that any address in it that is not allocated is an error.
#include "order.h"
#include "standin.h"
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>

static const size_t RANGE = size_t(1) << 40;
static const size_t ALIGNMENT = 256;
// Nothing is allocated between two allocations.
static const size_t GAP = 4096;
// Neither zero nor a small number in any type that kernels use.
static const int UNINITIALIZED = 0xA5;

struct Allocation {
    size_t bytes;
    int device;
};

static std::mutex lock;
static std::map<CUdeviceptr, Allocation> live;
static std::map<int, size_t> used;
static CUdeviceptr next_free;

// Pages take memory when they are first written.
static CUdeviceptr range() {
    static const CUdeviceptr begin = [] {
        void *pages = mmap(nullptr, RANGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        return pages == MAP_FAILED ? 0 : CUdeviceptr(pages);
    }();
    return begin;
}

size_t device_memory() {
    static const size_t bytes = size_t(atof(setting("MEMORY", "16").c_str()) * (size_t(1) << 30));
    return bytes;
}

CUdeviceptr allocate(int device, size_t bytes) {
    std::lock_guard<std::mutex> held(lock);
    CUdeviceptr begin = range();
    if (begin == 0 || bytes > device_memory() - used[device]) {
        return 0;
    }
    CUdeviceptr at = next_free == 0 ? begin + GAP : next_free;
    CUdeviceptr end = (at + bytes + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (end > begin + RANGE) {
        return 0;
    }
    next_free = end;
    live[at] = {bytes, device};
    used[device] += bytes;
    memset((void *) at, UNINITIALIZED, bytes);
    count(ALLOCATIONS);
    count(ALLOCATED_BYTES, long(bytes));
    return at;
}

bool release(CUdeviceptr begin) {
    std::lock_guard<std::mutex> held(lock);
    auto found = live.find(begin);
    if (found == live.end()) {
        return false;
    }
    used[found->second.device] -= found->second.bytes;
    // Whole pages go back to the system.
    CUdeviceptr first = (begin + GAP - 1) / GAP * GAP;
    CUdeviceptr last = (begin + found->second.bytes) / GAP * GAP;
    if (last > first) {
        madvise((void *) first, last - first, MADV_DONTNEED);
    }
    live.erase(found);
    forget(begin);
    return true;
}

int find_allocation(unsigned long long address, unsigned long long *low, unsigned long long *high) {
    *low = *high = 0;
    CUdeviceptr begin = range();
    if (address < begin || address >= begin + RANGE) {
        return 1;
    }
    std::lock_guard<std::mutex> held(lock);
    auto after = live.upper_bound(address);
    if (after == live.begin()) {
        return 2;
    }
    --after;
    if (address >= after->first + after->second.bytes) {
        return 2;
    }
    *low = after->first;
    *high = after->first + after->second.bytes;
    return 0;
}

bool allocated(CUdeviceptr begin, size_t bytes) {
    unsigned long long low;
    unsigned long long high;
    return find_allocation(begin, &low, &high) == 0 && bytes <= high - begin;
}
