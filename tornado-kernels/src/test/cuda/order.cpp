// The order of work in streams: each has a vector clock.
#include "order.h"
#include "standin.h"
#include <mutex>
#include <vector>

// An operation that has read or written an allocation; the last one of its stream.
struct Access {
    long operation;
    std::string what;
};

// Accesses by the number of the stream, those of copies between devices apart.
struct History {
    std::map<int, Access> reads[2], writes[2];
};

static std::mutex lock;
static std::vector<Clock> clocks(1);
static std::map<CUdeviceptr, History> histories;
static thread_local Clock waited;

static void merge(Clock &into, const Clock &from) {
    for (const auto &[stream, operations] : from) {
        long &known = into[stream];
        known = operations > known ? operations : known;
    }
}

int new_stream() {
    std::lock_guard<std::mutex> held(lock);
    clocks.emplace_back();
    return int(clocks.size()) - 1;
}

void begin_operation(int stream) {
    std::lock_guard<std::mutex> held(lock);
    merge(clocks[stream], waited);
    clocks[stream][stream]++;
}

Clock work_of(int stream) {
    std::lock_guard<std::mutex> held(lock);
    return clocks[stream];
}

void follow(int stream, const Clock &work) {
    std::lock_guard<std::mutex> held(lock);
    merge(clocks[stream], work);
}

void thread_waited(const Clock &work) { merge(waited, work); }

void thread_waited_for_all() {
    std::lock_guard<std::mutex> held(lock);
    for (const Clock &clock : clocks) {
        merge(waited, clock);
    }
}

static void require_after(int stream, const std::map<int, Access> &accesses, const char *does, const std::string &what) {
    for (const auto &[other, access] : accesses) {
        if (other != stream && clocks[stream][other] < access.operation) {
            report(what + " is not ordered behind " + access.what + " of another stream, which " + does + " the same array");
        }
    }
}

void note_read(int stream, CUdeviceptr begin, bool peer, const std::string &what) {
    if (begin == 0) {
        return;
    }
    std::lock_guard<std::mutex> held(lock);
    History &history = histories[begin];
    require_after(stream, history.writes[true], "writes", what);
    if (peer) {
        require_after(stream, history.writes[false], "writes", what);
    }
    history.reads[peer][stream] = {clocks[stream][stream], what};
}

void note_write(int stream, CUdeviceptr begin, bool peer, const std::string &what) {
    if (begin == 0) {
        return;
    }
    std::lock_guard<std::mutex> held(lock);
    History &history = histories[begin];
    require_after(stream, history.reads[true], "reads", what);
    require_after(stream, history.writes[true], "writes", what);
    if (peer) {
        require_after(stream, history.reads[false], "reads", what);
        require_after(stream, history.writes[false], "writes", what);
    }
    history.writes[peer][stream] = {clocks[stream][stream], what};
}

void forget(CUdeviceptr begin) {
    std::lock_guard<std::mutex> held(lock);
    histories.erase(begin);
}
