package uk.ac.manchester.tornado.api.enums;

/** Kind of a backend. */
public enum TornadoVMBackendType {
    /** OpenCL C. */
    OPENCL,

    /** Metal. */
    METAL,

    /** NVIDIA PTX. */
    PTX,

    /** CUDA C. */
    CUDA,

    /** SPIR-V. */
    SPIRV,

    /** The JVM itself; the type of the emulator. */
    JAVA,

    /** A virtual device. */
    VIRTUAL
}
