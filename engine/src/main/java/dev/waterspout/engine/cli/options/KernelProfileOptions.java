package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.cli.file.KernelProfile;
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

/** Where what {@code tune} found is kept. */
public final class KernelProfileOptions {
    private static final String FILE = "kernels.json";

    @Option(
            names = "--kernel-profile",
            paramLabel = "FILE",
            description =
                    "How kernels of TornadoVM devices run, as 'tune' found it (default: kernels.json in the user's"
                            + " cache folder, if it is there).")
    private @Nullable Path file;

    @Option(names = "--no-kernel-profile", description = "Run all kernels as the kind of device suggests.")
    private boolean none;

    /** Returns where winners are kept, or nothing if they are not. */
    public Optional<Path> file() {
        if (none && file != null) {
            throw new IllegalArgumentException(
                    "both --kernel-profile " + file + " and --no-kernel-profile; give one of them");
        }
        return none
                ? Optional.empty()
                : Optional.ofNullable(file).or(() -> Environment.cacheFolder().map(folder -> Path.of(folder, FILE)));
    }

    /**
     * Returns what is kept. What cannot be read is ignored with a line where the user did not ask for it.
     *
     * @param err where to say so
     */
    KernelProfile read(PrintWriter err) {
        Optional<Path> path = file();
        if (path.isEmpty() || (file == null && !Files.exists(path.get()))) {
            return KernelProfile.EMPTY;
        }
        try {
            return KernelProfile.read(path.get());
        } catch (IOException unreadable) {
            if (file != null) {
                throw new UncheckedIOException(unreadable.getMessage(), unreadable);
            }
            err.println("waterspout: " + unreadable.getMessage() + "; it is ignored");
            err.flush();
            return KernelProfile.EMPTY;
        }
    }

    /**
     * Returns what is kept, to be added to; nothing where the file does not exist yet.
     *
     * @param err where to say that what is there cannot be read, and will be replaced
     */
    public KernelProfile readForUpdate(PrintWriter err) throws IOException {
        Optional<Path> path = file();
        return path.isEmpty() || !Files.exists(path.get()) ? KernelProfile.EMPTY : read(err);
    }

    /**
     * Lets devices run as was found best.
     *
     * @param devices of this process's ranks
     * @param err receives a line per device that is tuned, and per entry that is ignored
     * @return the same devices, tuned
     */
    List<Device> apply(List<Device> devices, PrintWriter err) {
        if (devices.stream()
                .allMatch(device -> TunableDevice.of(device.shards()).isEmpty())) {
            // Options that contradict each other are wrong on any device.
            file();
            return devices;
        }
        KernelProfile profile = read(err);
        Map<String, Device> tuned = new LinkedHashMap<>();
        devices.forEach(device -> tuned.computeIfAbsent(device.name(), _ -> apply(profile, device, err)));
        err.flush();
        return devices.stream()
                .map(device -> tuned.getOrDefault(device.name(), device))
                .toList();
    }

    private Device apply(KernelProfile profile, Device device, PrintWriter err) {
        Optional<TunableDevice> tunable = TunableDevice.of(device.shards());
        if (tunable.isEmpty() || profile.devices().isEmpty()) {
            return device;
        }
        Path path = file().orElseThrow();
        Consumer<String> notes = note -> err.println("waterspout: kernel profile " + path + ": " + note);
        KernelProfile.Usable usable = profile.choicesFor(tunable.get(), notes);
        if (usable.count() == 0) {
            if (file != null) {
                notes.accept("nothing in it is for " + device.name() + " ("
                        + tunable.get().identity().label() + "); it is of " + profile.describe());
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
