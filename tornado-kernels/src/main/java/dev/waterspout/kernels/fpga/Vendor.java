package dev.waterspout.kernels.fpga;

import java.util.Locale;

/** The compiler of the kernels, which determines the hints in their source. */
public enum Vendor {
    /** Intel's FPGA SDK for OpenCL: {@code aoc}. */
    INTEL,
    /** AMD Xilinx Vitis: {@code v++}. */
    XILINX,
    /** An OpenCL driver that compiles at run time, such as those of CPUs and GPUs. */
    DRIVER;

    /** {@return the name on the command line, such as {@code intel}} */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
