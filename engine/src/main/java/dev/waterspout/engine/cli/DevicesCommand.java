package dev.waterspout.engine.cli;

import dev.waterspout.engine.device.HostDevice;
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
        Objects.requireNonNull(spec)
                .commandLine()
                .getOut()
                .printf(
                        "%-8s %d cores, %d-bit vectors, %s%n",
                        HostDevice.NAME, HostDevice.cores(), HostDevice.vectorBits(), Environment.jvm());
        return ExitCode.OK;
    }
}
