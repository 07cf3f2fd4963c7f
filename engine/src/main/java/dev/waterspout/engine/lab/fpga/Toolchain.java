package dev.waterspout.engine.lab.fpga;

import dev.waterspout.kernels.fpga.FpgaKernels;
import dev.waterspout.kernels.fpga.Vendor;
import java.util.List;

/**
 * A vendor's compiler and how it is called.
 *
 * @param vendor the vendor
 * @param compiler the program
 * @param source product that contains it
 * @param setup command that puts it on the PATH
 * @param board default board, that of TornadoVM's configuration
 * @param flags flags for TornadoVM's configuration file
 * @param extension extension of a bitstream
 */
public record Toolchain(
        Vendor vendor, String compiler, String source, String setup, String board, String flags, String extension) {
    /** Folder of bitstreams within the project. */
    public static final String BITSTREAMS = "bitstreams";

    private static final Toolchain INTEL = new Toolchain(
            Vendor.INTEL,
            "aoc",
            "Intel FPGA SDK for OpenCL",
            "source its init_opencl.sh",
            "p385a_sch_ax115",
            "-v -report",
            "aocx");
    private static final Toolchain XILINX = new Toolchain(
            Vendor.XILINX,
            "v++",
            "AMD Xilinx Vitis",
            "source its settings64.sh",
            "xilinx_u250_gen3x16_xdma_4_1_202210_1",
            "-O3 -j4",
            "xclbin");

    /**
     * {@return the toolchain of a vendor}
     *
     * @param vendor a vendor with a compiler
     */
    public static Toolchain of(Vendor vendor) {
        return switch (vendor) {
            case INTEL -> INTEL;
            case XILINX -> XILINX;
            case DRIVER ->
                throw new IllegalArgumentException(
                        "vendor driver has no compiler to call; vendors are intel and xilinx");
        };
    }

    /**
     * {@return the bitstream's path within the folder}
     *
     * @param kernels its kernels
     */
    public String bitstream(FpgaKernels kernels) {
        return BITSTREAMS + "/" + kernels.name() + "." + extension;
    }

    /**
     * {@return the command lines that make a bitstream, run within the folder, each a program and its arguments}
     *
     * @param kernels kernels to compile
     * @param board the vendor's name of it
     */
    public List<List<String>> commands(FpgaKernels kernels, String board) {
        String input = kernels.name() + ".cl";
        return switch (vendor) {
            case INTEL ->
                List.of(List.of(compiler, "-v", "-report", "-board=" + board, "-o", bitstream(kernels), input));
            case XILINX ->
                List.of(
                        compile(FpgaKernels.QUANTIZE, board, input),
                        compile(FpgaKernels.DEQUANTIZE_SUM, board, input),
                        List.of(
                                compiler,
                                "-t",
                                "hw",
                                "--platform",
                                board,
                                "-l",
                                "-o",
                                bitstream(kernels),
                                object(FpgaKernels.QUANTIZE),
                                object(FpgaKernels.DEQUANTIZE_SUM)));
            case DRIVER -> List.of();
        };
    }

    private List<String> compile(String kernel, String board, String input) {
        return List.of(
                compiler, "-t", "hw", "--platform", board, "-O3", "-c", "-k", kernel, "-o", object(kernel), input);
    }

    private static String object(String kernel) {
        return BITSTREAMS + "/" + kernel + ".xo";
    }

    /** {@return one sentence for a machine without the compiler} */
    public String missing() {
        return "the compiler '" + compiler + "' of the " + source + " is not on the PATH; install it and " + setup;
    }
}
