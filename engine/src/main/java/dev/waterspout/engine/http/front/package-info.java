/**
 * A front: a process that owns the sockets of clients, starts the ranks as another process, and starts them again when
 * one of them dies. Rank 0 answers requests as it does without a front, over a Unix socket instead of HTTP.
 */
@NullMarked
package dev.waterspout.engine.http.front;

import org.jspecify.annotations.NullMarked;
