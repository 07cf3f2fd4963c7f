package dev.waterspout.engine.cli.hub;

/** A listener for the progress of a download. */
@FunctionalInterface
public interface HubProgress {
    /**
     * Bytes have been received.
     *
     * @param file path of the file within its repository
     * @param done bytes of it that are there
     * @param all its size in bytes
     */
    void show(String file, long done, long all);
}
