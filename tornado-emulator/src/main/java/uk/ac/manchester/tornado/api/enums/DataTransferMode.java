package uk.ac.manchester.tornado.api.enums;

/** When an array is copied between host and device. */
public class DataTransferMode {
    /** Copied by the first execution of its graph only. */
    public static final int FIRST_EXECUTION = 0;

    /** Copied by each execution of its graph. */
    public static final int EVERY_EXECUTION = 1;

    /** Copied when the program asks for it. */
    public static final int UNDER_DEMAND = 2;

    /** The class holds constants; the real one has this constructor too. */
    public DataTransferMode() {}
}
