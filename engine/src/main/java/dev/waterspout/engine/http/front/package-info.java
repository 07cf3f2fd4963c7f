/**
 * A front: a process that owns the connections of clients. It starts the ranks as another process and restarts them
 * when one of them dies. Rank 0 receives requests over a Unix socket instead of HTTP, and otherwise answers them as
 * without a front.
 */
@NullMarked
package dev.waterspout.engine.http.front;

import org.jspecify.annotations.NullMarked;
