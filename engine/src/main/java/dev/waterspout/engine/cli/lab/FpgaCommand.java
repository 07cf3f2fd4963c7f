package dev.waterspout.engine.cli.lab;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code lab fpga}: the codec on FPGAs. */
@Command(
        name = "fpga",
        description = "Quantize and dequantize-sum on FPGAs: writes the sources for a vendor's compiler, and runs"
                + " what it has"
                + " compiled.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        subcommands = {FpgaExportCommand.class, FpgaRunCommand.class})
public final class FpgaCommand implements Runnable {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                Objects.requireNonNull(spec).commandLine(), "no command of fpga given; there are export and run");
    }
}
