package dev.waterspout.engine.http.transport;

/** Brings requests to a {@link Handler}. Closing it ends all connections. */
public interface Transport extends AutoCloseable {
    /** Returns the TCP port that it listens on, 0 if it listens on none. */
    int port();

    @Override
    void close();
}
