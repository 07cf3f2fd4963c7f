package uk.ac.manchester.tornado.api.enums;

/** Where the profiler reports. */
public enum ProfilerMode {
    /** On standard output; the emulator only stores it. */
    CONSOLE,

    /** In the execution result only. */
    SILENT
}
