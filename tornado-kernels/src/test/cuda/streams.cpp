// Streams, events and captured graphs. Work runs at once, in the thread that enqueues it; a stream keeps what it captures.
#include "streams.h"
#include <atomic>
#include <ctime>
#include <mutex>
#include <set>

struct Graph {
    std::vector<Operation> operations;
};

struct Event {
    timespec time;
    // What comes before the event.
    Clock before;
};

// Guards the events that there are.
static std::mutex lock;
static std::set<CUevent> events;

static CUresult invalid(const char *what, const char *kind) {
    report(std::string(what) + " of " + kind + " that was destroyed");
    return CUDA_ERROR_INVALID_HANDLE;
}

// Copies what comes before an event; false where there is no such event.
static bool find(CUevent event, Clock *before) {
    std::lock_guard<std::mutex> held(lock);
    bool found = events.count(event) > 0;
    if (found) {
        *before = event->before;
    }
    return found;
}

static int number_of(CUstream stream) { return stream == nullptr ? DEFAULT_STREAM : stream->number; }

static CUresult run(int stream, const Operation &operation) {
    begin_operation(stream);
    return operation(stream);
}

CUresult enqueue(CUstream stream, const Operation &operation) {
    if (stream != nullptr && stream->destroyed) {
        return invalid("work", "a stream");
    }
    if (captures(stream)) {
        stream->captured.push_back(operation);
        return CUDA_SUCCESS;
    }
    return run(number_of(stream), operation);
}

bool captures(CUstream stream) { return stream != nullptr && stream->capturing; }

// Streams of all threads that capture. TornadoVM captures in the global mode, in which no thread may make calls that could wait.
static std::atomic<int> capturing_streams;

bool forbidden_by_capture(const char *what) {
    if (capturing_streams == 0) {
        return false;
    }
    report(std::string(what) + " while a stream captures a graph");
    return true;
}

// A wait for a stream that captures ends the capture without a graph.
static CUresult require_no_capture(CUstream stream, const char *what) {
    trace("%s", what);
    if (captures(stream)) {
        stream->invalidated = true;
        report(std::string(what) + " of a stream that captures a graph");
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    if (stream == nullptr && forbidden_by_capture(what)) {
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    count(WAITS);
    return CUDA_SUCCESS;
}

API CUresult cuCtxSynchronize() {
    CUresult result = require_no_capture(nullptr, "cuCtxSynchronize");
    if (result == CUDA_SUCCESS) {
        thread_waited_for_all();
    }
    return result;
}

API CUresult cuStreamCreate(CUstream *stream, unsigned) {
    *stream = new Stream{new_stream(), false, false, false, {}};
    return CUDA_SUCCESS;
}

// Streams are few: their memory is kept, so that calls of destroyed ones are found.
API CUresult cuStreamDestroy_v2(CUstream stream) {
    if (stream->destroyed) {
        return invalid("cuStreamDestroy", "a stream");
    }
    capturing_streams -= stream->capturing ? 1 : 0;
    stream->capturing = false;
    stream->destroyed = true;
    stream->captured.clear();
    return CUDA_SUCCESS;
}

API CUresult cuStreamSynchronize(CUstream stream) {
    if (stream != nullptr && stream->destroyed) {
        return invalid("cuStreamSynchronize", "a stream");
    }
    CUresult result = require_no_capture(stream, "cuStreamSynchronize");
    if (result == CUDA_SUCCESS) {
        thread_waited(work_of(number_of(stream)));
    }
    return result;
}

API CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned) {
    trace("cuStreamWaitEvent");
    Clock before;
    if (!find(event, &before)) {
        return invalid("cuStreamWaitEvent", "an event");
    }
    if (!captures(stream)) {
        count(EVENT_WAITS);
        follow(number_of(stream), before);
    }
    return CUDA_SUCCESS;
}

API CUresult cuStreamIsCapturing(CUstream stream, int *status) {
    *status = !captures(stream) ? 0 : stream->invalidated ? 2 : 1;
    return CUDA_SUCCESS;
}

API CUresult cuStreamBeginCapture_v2(CUstream stream, int) {
    stream->capturing = true;
    capturing_streams++;
    stream->invalidated = false;
    stream->captured.clear();
    return CUDA_SUCCESS;
}

API CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    stream->capturing = false;
    capturing_streams--;
    *graph = stream->invalidated ? nullptr : new Graph{stream->captured};
    return stream->invalidated ? CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : CUDA_SUCCESS;
}

API CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long) {
    *executable = new Graph(*graph);
    return CUDA_SUCCESS;
}

API CUresult cuGraphExecUpdate_v2(CUgraphExec executable, CUgraph graph, int *result) {
    executable->operations = graph->operations;
    *result = 0;
    return CUDA_SUCCESS;
}

API CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream) {
    trace("cuGraphLaunch of %zu operations", executable->operations.size());
    count(GRAPH_LAUNCHES);
    for (const Operation &operation : executable->operations) {
        CUresult result = run(number_of(stream), operation);
        if (result != CUDA_SUCCESS) {
            return result;
        }
    }
    return CUDA_SUCCESS;
}

API CUresult cuGraphExecDestroy(CUgraphExec executable) {
    delete executable;
    return CUDA_SUCCESS;
}

API CUresult cuGraphDestroy(CUgraph graph) {
    delete graph;
    return CUDA_SUCCESS;
}

API CUresult cuEventCreate(CUevent *event, unsigned) {
    *event = new Event{};
    std::lock_guard<std::mutex> held(lock);
    events.insert(*event);
    return CUDA_SUCCESS;
}

API CUresult cuEventRecord(CUevent event, CUstream stream) {
    Clock now = captures(stream) ? Clock() : work_of(number_of(stream));
    std::unique_lock<std::mutex> held(lock);
    if (events.count(event) == 0) {
        held.unlock();
        return invalid("cuEventRecord", "an event");
    }
    clock_gettime(CLOCK_MONOTONIC, &event->time);
    event->before = now;
    return CUDA_SUCCESS;
}

static CUresult thread_waits(CUevent event, const char *what) {
    Clock before;
    if (!find(event, &before)) {
        return invalid(what, "an event");
    }
    thread_waited(before);
    return CUDA_SUCCESS;
}

API CUresult cuEventQuery(CUevent event) { return thread_waits(event, "cuEventQuery"); }

API CUresult cuEventSynchronize(CUevent event) {
    CUresult result = require_no_capture(nullptr, "cuEventSynchronize");
    return result == CUDA_SUCCESS ? thread_waits(event, "cuEventSynchronize") : result;
}

API CUresult cuEventDestroy_v2(CUevent event) {
    std::unique_lock<std::mutex> held(lock);
    if (events.erase(event) == 0) {
        held.unlock();
        return invalid("cuEventDestroy", "an event");
    }
    delete event;
    return CUDA_SUCCESS;
}

API CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent begin, CUevent end) {
    *milliseconds = (end->time.tv_sec - begin->time.tv_sec) * 1e3f + (end->time.tv_nsec - begin->time.tv_nsec) / 1e6f;
    return CUDA_SUCCESS;
}

