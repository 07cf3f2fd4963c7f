package dev.waterspout.kernels.fpga;

import java.util.Locale;

/** Who compiles the kernels, and so which hints they carry. */
public enum Vendor {
    /** Intel's FPGA SDK for OpenCL: {@code aoc}. */
    INTEL,
    /** AMD Xilinx Vitis: {@code v++}. */
    XILINX,
    /** An OpenCL driver that compiles when the program runs, as those of CPUs and GPUs do. */
    DRIVER;

    /** {@return the name on the command line, such as {@code intel}} */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
