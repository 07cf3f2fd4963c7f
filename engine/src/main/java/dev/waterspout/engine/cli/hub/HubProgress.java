package dev.waterspout.engine.cli.hub;

/** Is told how far a download has come. */
@FunctionalInterface
public interface HubProgress {
    /**
     * Bytes have come.
     *
     * @param file path of the file within its repository
     * @param done bytes of it that are there
     * @param all its size in bytes
     */
    void show(String file, long done, long all);
}
