// Streams, events and captured graphs.
#pragma once
#include "order.h"
#include "standin.h"
#include <functional>
#include <vector>

/** Work of a stream; it runs with the number of the stream that it is enqueued in, or whose graph it is part of. */
using Operation = std::function<CUresult(int stream)>;

struct Stream {
    int number;
    bool capturing = false;
    bool invalidated = false;
    bool destroyed = false;
    std::vector<Operation> captured;
};

/** Runs an operation, or keeps it where the stream captures a graph. */
CUresult enqueue(CUstream stream, const Operation &operation);

/** Whether a stream captures a graph. */
bool captures(CUstream stream);

/** Reports an error where any stream captures a graph: TornadoVM captures in the mode that forbids some calls in all threads. */
bool forbidden_by_capture(const char *what);
