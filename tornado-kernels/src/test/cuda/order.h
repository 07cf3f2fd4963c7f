// The order of work in streams, of which copies between devices are checked.
#pragma once
#include "abi.h"
#include <map>
#include <string>

/** How much of each stream's work comes before something: operations by the number of the stream. */
using Clock = std::map<int, long>;

/** Number of the default stream. It is not ordered with the others. */
const int DEFAULT_STREAM = 0;

/** Returns the number of a new stream. */
int new_stream();

/** Begins an operation: it comes after all earlier work of its stream, and after what the calling thread has waited for. */
void begin_operation(int stream);

/** All work of a stream so far, and what comes before it. */
Clock work_of(int stream);

/** Later work of a stream comes after the given one. */
void follow(int stream, const Clock &work);

/** The calling thread has waited for the given work. */
void thread_waited(const Clock &work);

/** The calling thread has waited for the work of all streams. */
void thread_waited_for_all();

/**
 * Notes that a stream's present operation reads or writes an allocation. Two operations of which one is a copy between devices
 * and one writes are an error unless they are ordered: by a stream, by events, or by the waits of one thread. What threads know
 * of each other is not seen here, so work that two threads enqueue is ordered by events only.
 *
 * @param begin begin of the allocation; 0 is ignored
 * @param peer whether the operation is a copy between devices
 * @param what the operation, for the message
 */
void note_read(int stream, CUdeviceptr begin, bool peer, const std::string &what);
void note_write(int stream, CUdeviceptr begin, bool peer, const std::string &what);

/** Forgets what was noted of an allocation: it is released, or the host writes to it, which is not checked. */
void forget(CUdeviceptr begin);
