package dev.waterspout.engine.http.transport;

import java.util.Optional;

/** The head of a request. */
public interface Head {
    /** Returns the method, such as GET. */
    String method();

    /** Returns the path, without the query. */
    String path();

    /**
     * Returns the value of a header.
     *
     * @param name name of the header; its case is ignored
     */
    Optional<String> header(String name);
}
