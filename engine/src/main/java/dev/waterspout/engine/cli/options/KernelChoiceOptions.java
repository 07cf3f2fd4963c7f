package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.cli.file.KernelChoiceFile;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.tornado.TunableDevice;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that name the file of kernel choices, which {@code tune} writes and runs on TornadoVM devices read. */
public final class KernelChoiceOptions {
    private static final String FILE = "kernels.json";

    @Option(
            names = {"--kernel-choices", "--kernel-profile"},
            paramLabel = "FILE",
            description = "File of kernel choices that 'tune' has written (default: kernels.json in the user's cache"
                    + " folder, if it exists).")
    private @Nullable Path file;

    @Option(
            names = {"--no-kernel-choices", "--no-kernel-profile"},
            description = "Run all kernels with the defaults of the kind of device.")
    private boolean none;

    /** Returns the file of kernel choices, or nothing if none is to be used. */
    public Optional<Path> file() {
        if (none && file != null) {
            throw new IllegalArgumentException(
                    "both --kernel-choices " + file + " and --no-kernel-choices; give one of them");
        }
        return none
                ? Optional.empty()
                : Optional.ofNullable(file).or(() -> Environment.cacheFolder().map(folder -> Path.of(folder, FILE)));
    }

    /**
     * Returns the stored choices. An unreadable file is an error if the user named it; an unreadable default file is
     * ignored with a warning.
     *
     * @param err receives the warning
     */
    KernelChoiceFile read(PrintWriter err) {
        Optional<Path> path = file();
        if (path.isEmpty() || (file == null && !Files.exists(path.get()))) {
            return KernelChoiceFile.EMPTY;
        }
        try {
            return KernelChoiceFile.read(path.get());
        } catch (IOException unreadable) {
            if (file != null) {
                throw new UncheckedIOException(unreadable.getMessage(), unreadable);
            }
            err.println("waterspout: " + unreadable.getMessage() + "; it is ignored");
            err.flush();
            return KernelChoiceFile.EMPTY;
        }
    }

    /**
     * Returns the stored choices, for additions; none if the file does not exist.
     *
     * @param err receives a line if the default file cannot be read and will be replaced
     */
    public KernelChoiceFile readForUpdate(PrintWriter err) throws IOException {
        Optional<Path> path = file();
        return path.isEmpty() || !Files.exists(path.get()) ? KernelChoiceFile.EMPTY : read(err);
    }

    /**
     * Applies the stored choices to devices.
     *
     * @param devices the devices of this process's ranks
     * @param err receives a line per device that is tuned, and per entry that is ignored
     * @return the same devices with their choices
     */
    List<Device> apply(List<Device> devices, PrintWriter err) {
        if (devices.stream()
                .allMatch(device -> TunableDevice.of(device.shards()).isEmpty())) {
            // Options that contradict each other are wrong on any device.
            file();
            return devices;
        }
        KernelChoiceFile kept = read(err);
        Map<String, Device> tuned = new LinkedHashMap<>();
        devices.forEach(device -> tuned.computeIfAbsent(device.name(), _ -> apply(kept, device, err)));
        err.flush();
        return devices.stream()
                .map(device -> tuned.getOrDefault(device.name(), device))
                .toList();
    }

    private Device apply(KernelChoiceFile kept, Device device, PrintWriter err) {
        Optional<TunableDevice> tunable = TunableDevice.of(device.shards());
        if (tunable.isEmpty() || kept.devices().isEmpty()) {
            return device;
        }
        Path path = file().orElseThrow();
        Consumer<String> notes = note -> err.println("waterspout: file of kernel choices " + path + ": " + note);
        KernelChoiceFile.Usable usable = kept.choicesFor(tunable.get(), notes);
        if (usable.count() == 0) {
            if (file != null) {
                notes.accept("nothing in it is for " + device.name() + " ("
                        + tunable.get().identity().label() + "); it is of " + kept.describe());
            }
            return device;
        }
        err.println("waterspout: " + device.name() + " runs " + usable.count() + " kernels as tuned, by " + path);
        return new Device(
                device.name(),
                device.details(),
                device.accelerator(),
                tunable.get().with(usable.choices()),
                device.codec());
    }
}
