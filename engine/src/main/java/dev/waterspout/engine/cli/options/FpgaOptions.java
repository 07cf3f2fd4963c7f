package dev.waterspout.engine.cli.options;

import dev.waterspout.kernels.codec.ElementType;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.ScaleType;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.fpga.FpgaKernels;
import picocli.CommandLine.Option;

/** What FPGA kernels are made for, and a partial to think of. */
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
            description = "The most partials that are summed at once (default: ${DEFAULT-VALUE}).")
    private int ranks;

    @Option(
            names = "--rows",
            paramLabel = "N",
            defaultValue = "128",
            description = "Tokens of the partial (default: ${DEFAULT-VALUE}).")
    private int rows;

    @Option(
            names = "--columns",
            paramLabel = "N",
            defaultValue = "4096",
            description = "Elements of its rows (default: ${DEFAULT-VALUE}).")
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
