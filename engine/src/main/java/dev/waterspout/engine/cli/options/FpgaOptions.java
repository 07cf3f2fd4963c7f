package dev.waterspout.engine.cli.options;

import dev.waterspout.kernels.codec.ElementType;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.ScaleType;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.fpga.FpgaKernels;
import picocli.CommandLine.Option;

/** Options of FPGA kernels: their format, and the shape of a partial. */
public final class FpgaOptions {
    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "e2m1:32:e8m0",
            converter = WireFormatConverter.class,
            description = "An MX format with e8m0 scales, elements of 4 or 8 bits, and blocks of 16, 32 or 64"
                    + " (default: ${DEFAULT-VALUE}).")
    private WireFormat format = MxFormat.of(ElementType.E2M1, 32, ScaleType.E8M0);

    @Option(
            names = "--ranks",
            paramLabel = "N",
            defaultValue = "2",
            description = "Largest number of partials in a sum (default: ${DEFAULT-VALUE}).")
    private int ranks;

    @Option(
            names = "--rows",
            paramLabel = "N",
            defaultValue = "128",
            description = "Rows of a partial, one per token (default: ${DEFAULT-VALUE}).")
    private int rows;

    @Option(
            names = "--columns",
            paramLabel = "N",
            defaultValue = "4096",
            description = "Columns of a partial (default: ${DEFAULT-VALUE}).")
    private int columns;

    /** Returns the kernels of the format. */
    public FpgaKernels kernels() {
        return FpgaKernels.of(format, ranks);
    }

    /** Returns the tokens of the largest partial. */
    public int rows() {
        return positive("rows", rows);
    }

    /** Returns the elements of a partial's row. */
    public int columns() {
        return positive("columns", columns);
    }

    private static int positive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be at least 1");
        }
        return value;
    }
}
