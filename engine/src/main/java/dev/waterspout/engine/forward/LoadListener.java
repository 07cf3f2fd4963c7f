package dev.waterspout.engine.forward;

/** Receives the progress of loading a model. Called by several threads. */
@FunctionalInterface
public interface LoadListener {
    /**
     * Reports progress.
     *
     * @param bytes read so far
     * @param total number of bytes to read
     */
    void loaded(long bytes, long total);
}
