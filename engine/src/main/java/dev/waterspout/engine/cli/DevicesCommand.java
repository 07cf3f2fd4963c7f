package dev.waterspout.engine.cli;

import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.gguf.Printable;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
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
        CommandLine command = Objects.requireNonNull(spec).commandLine();
        PrintWriter out = command.getOut();
        DeviceCatalog catalog = new DeviceCatalog();
        for (Device device : catalog.list()) {
            out.printf("%-18s %s%n", device.name(), device.details());
        }
        catalog.problem().ifPresent(problem -> command.getErr().println("waterspout: " + Printable.line(problem)));
        return ExitCode.OK;
    }
}
