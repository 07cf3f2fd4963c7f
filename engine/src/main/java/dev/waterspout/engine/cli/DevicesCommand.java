package dev.waterspout.engine.cli;

import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists the devices that ranks can run on. */
@Command(name = "devices", description = "Lists the devices that ranks can run on.", mixinStandardHelpOptions = true)
final class DevicesCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        for (Device device : new DeviceCatalog().list()) {
            out.printf("%-18s %s%n", device.name(), device.details());
        }
        return ExitCode.OK;
    }
}
