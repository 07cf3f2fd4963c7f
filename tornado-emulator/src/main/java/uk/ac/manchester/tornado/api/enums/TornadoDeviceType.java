package uk.ac.manchester.tornado.api.enums;

/** Kind of a device. */
public enum TornadoDeviceType {
    /** Not known. */
    UNKNOWN,

    /** The default of its platform. */
    DEFAULT,

    /** A processor. */
    CPU,

    /** A graphics processor. */
    GPU,

    /** A field-programmable gate array. */
    FPGA,

    /** A dedicated accelerator. */
    ACCELERATOR,

    /** A device of a kind of its own. */
    CUSTOM,

    /** Every kind, in queries. */
    ALL
}
