package dev.waterspout.interconnect.transport;

/** An exchange that has been started. Used by the thread that started it. */
public interface Pending {
    /**
     * Makes progress without waiting. A rank that computes during an exchange calls it from time to time, because a
     * transport may have no thread of its own.
     *
     * @return true once the exchange is complete
     * @throws dev.waterspout.interconnect.InterconnectException as in {@link #await}
     */
    boolean poll();

    /**
     * Waits until all messages have arrived and all sent ones may be overwritten.
     *
     * @throws dev.waterspout.interconnect.InterconnectException if a message has another length than expected, if a
     *     rank failed or left, or if one did not arrive before the deadline; it names the rank
     */
    void await();
}
