package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Compiler flags with which kernels have the bits of the host codec. */
public final class ExactPlans {
    /**
     * Flags of OpenCL drivers, which also compile SPIR-V. TornadoVM's default flags allow inexact division, and
     * optimizations that remove {@code x + c - c} and ignore NaN and signed zeros.
     */
    static final String FLAGS = "-w";

    private ExactPlans() {}

    /**
     * Sets the flags where the backend takes them.
     *
     * @param plan the plan, before its first execution
     * @param device the device that runs it
     * @return the plan
     */
    public static TornadoExecutionPlan exact(TornadoExecutionPlan plan, TornadoDevice device) {
        return switch (device.getTornadoVMBackend()) {
            case OPENCL, SPIRV -> plan.withCompilerFlags(TornadoVMBackendType.OPENCL, FLAGS);
            default -> plan;
        };
    }
}
