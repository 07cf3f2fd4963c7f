package dev.waterspout.engine.http.transport;

/** Receives requests and hands them to a {@link Handler}. Closing it closes all connections. */
public interface Transport extends AutoCloseable {
    /** Returns the TCP port of the server; 0 if it has none. */
    int port();

    @Override
    void close();
}
