package dev.waterspout.engine.forward;

/** Is told how far the load of a model has come. Called by several threads. */
@FunctionalInterface
public interface LoadListener {
    /**
     * Some more has been read.
     *
     * @param bytes read so far
     * @param total number of bytes to read
     */
    void loaded(long bytes, long total);
}
