package dev.waterspout.engine.cli.file;

import dev.waterspout.engine.environment.Version;
import dev.waterspout.engine.tornado.TunableDevice;
import dev.waterspout.kernels.device.DeviceIdentity;
import dev.waterspout.kernels.device.KernelChoice;
import dev.waterspout.kernels.device.KernelChoices;
import dev.waterspout.kernels.device.KernelCut;
import dev.waterspout.kernels.device.KernelKind;
import dev.waterspout.kernels.device.KernelShape;
import dev.waterspout.kernels.device.tune.TuneResult;
import dev.waterspout.kernels.files.FileReplacement;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.json.JsonWriter;
import jakarta.json.stream.JsonGenerator;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The fastest choice per kernel and device, found by {@code tune} and kept in a JSON file. docs/lab/tuning.md describes
 * the schema.
 *
 * @param devices the results of each tuned device
 */
public record KernelChoiceFile(List<Tuned> devices) {
    /** No choices. */
    public static final KernelChoiceFile EMPTY = new KernelChoiceFile(List.of());

    private static final String SCHEMA = "waterspoutKernelProfile";
    private static final int VERSION = 1;

    /** Copies the list. */
    public KernelChoiceFile {
        devices = List.copyOf(devices);
    }

    /**
     * The tuning results of a device.
     *
     * @param identity backend, name and driver
     * @param version the version of Waterspout whose kernels were timed
     * @param time time at which the tuning ended
     * @param kernels the fastest choice per shape class
     */
    public record Tuned(DeviceIdentity identity, String version, Instant time, Map<KernelShape, Kernel> kernels) {}

    /**
     * The fastest choice for a kernel.
     *
     * @param choice how the kernel's work is divided into work-items
     * @param kernelNanos the median kernel time of this choice, in ns
     * @param defaultNanos the median kernel time of the default choice, in ns
     */
    public record Kernel(KernelChoice choice, long kernelNanos, long defaultNanos) {}

    /** Returns the winners of a tuning run, by shape class. */
    public static Tuned tuned(DeviceIdentity identity, List<TuneResult> results, Instant time) {
        Map<KernelShape, Kernel> kernels = new LinkedHashMap<>();
        for (TuneResult result : results) {
            kernels.put(
                    result.tuned().shape().shapeClass(),
                    new Kernel(
                            result.winner().choice(),
                            result.winner().median().kernelNanos(),
                            result.byDefault().median().kernelNanos()));
        }
        return new Tuned(identity, Version.number(), time, kernels);
    }

    /**
     * Returns these choices with newer results merged in. A newer result replaces the older one of the same shape
     * class. Results of the same device with another driver or program version are dropped.
     */
    public KernelChoiceFile with(Tuned newer) {
        List<Tuned> merged = new ArrayList<>();
        Map<KernelShape, Kernel> kernels = new LinkedHashMap<>();
        for (Tuned each : devices) {
            if (!isSameHardware(each.identity, newer.identity)) {
                merged.add(each);
            } else if (each.identity.equals(newer.identity) && each.version.equals(newer.version)) {
                kernels.putAll(each.kernels);
            }
        }
        kernels.putAll(newer.kernels);
        merged.add(new Tuned(newer.identity, newer.version, newer.time, kernels));
        return new KernelChoiceFile(merged);
    }

    private static boolean isSameHardware(DeviceIdentity one, DeviceIdentity other) {
        return one.backend().equals(other.backend()) && one.device().equals(other.device());
    }

    /** The choices that a device can use, and their number. */
    public record Usable(KernelChoices choices, int count) {}

    /**
     * Returns the choices for a device: those of the same hardware, driver and program version that the device can run.
     * All other choices of the same hardware are ignored, each with one line that gives the reason.
     *
     * @param device the device
     * @param notes receives the lines
     */
    public Usable choicesFor(TunableDevice device, Consumer<String> notes) {
        DeviceIdentity identity = device.identity();
        Map<KernelShape, KernelChoice> choices = new LinkedHashMap<>();
        for (Tuned each : devices) {
            if (!isSameHardware(each.identity, identity)) {
                continue;
            }
            String what = each.kernels.size() + " choices for " + each.identity.label();
            if (!each.identity.driver().equals(identity.driver())) {
                notes.accept(what + " are ignored: the driver is now " + identity.driver());
            } else if (!each.version.equals(Version.number())) {
                notes.accept(what + " are ignored: they are of Waterspout " + each.version + ", and this is "
                        + Version.number());
            } else {
                each.kernels.forEach((shape, kernel) -> device.problem(shape, kernel.choice)
                        .ifPresentOrElse(
                                problem -> notes.accept("the choice for " + shape.label() + " is ignored: " + problem),
                                () -> choices.put(shape, kernel.choice)));
            }
        }
        return new Usable(shape -> usable(device, shape, choices.get(shape.shapeClass())), choices.size());
    }

    /** {@return the choice of a shape class if the device can run this shape with it; if not, the default applies} */
    private static Optional<KernelChoice> usable(
            TunableDevice device, KernelShape shape, @Nullable KernelChoice choice) {
        return Optional.ofNullable(choice)
                .filter(each -> device.problem(shape, each).isEmpty());
    }

    /** Returns the names of the devices, for messages. */
    public String describe() {
        return devices.stream().map(each -> each.identity.label()).collect(Collectors.joining("; "));
    }

    /** Writes the choices to a file, which is replaced. */
    public void write(Path file) throws IOException {
        JsonArrayBuilder all = Json.createArrayBuilder();
        for (Tuned each : devices) {
            JsonArrayBuilder kernels = Json.createArrayBuilder();
            each.kernels.forEach((shape, kernel) -> kernels.add(Json.createObjectBuilder()
                    .add("kernel", shape.kind().name().toLowerCase(Locale.ROOT))
                    .add("format", shape.format())
                    .add("outer", shape.outer())
                    .add("inner", shape.inner())
                    .add("tokens", shape.tokens())
                    .add("cut", kernel.choice.cut().name().toLowerCase(Locale.ROOT))
                    .add("perItem", kernel.choice.perItem())
                    .add("local", kernel.choice.local())
                    .add("kernelNanos", kernel.kernelNanos)
                    .add("defaultNanos", kernel.defaultNanos)));
            all.add(Json.createObjectBuilder()
                    .add("backend", each.identity.backend())
                    .add("device", each.identity.device())
                    .add("driver", each.identity.driver())
                    .add("waterspout", each.version)
                    .add("tuned", each.time.toString())
                    .add("kernels", kernels));
        }
        JsonObject json = Json.createObjectBuilder()
                .add(SCHEMA, VERSION)
                .add("devices", all)
                .build();
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException("file of kernel choices " + file + " is not a file");
        }
        FileReplacement.write(file, written -> {
            try (JsonWriter writer = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true))
                    .createWriter(Channels.newWriter(written, StandardCharsets.UTF_8))) {
                writer.write(json);
            }
        });
    }

    /**
     * Reads a file.
     *
     * @throws IOException with one sentence about the file if it cannot be read or does not fit the schema
     */
    public static KernelChoiceFile read(Path file) throws IOException {
        JsonValue json = JsonFile.read("file of kernel choices", file);
        try {
            return of(json.asJsonObject());
        } catch (IllegalArgumentException refused) {
            throw new IOException("file of kernel choices " + file + ": " + refused.getMessage(), refused);
        } catch (ClassCastException | NullPointerException | DateTimeException malformed) {
            throw new IOException("file of kernel choices " + file + ": a field is missing or invalid", malformed);
        }
    }

    private static KernelChoiceFile of(JsonObject json) {
        int version = json.getInt(SCHEMA);
        if (version != VERSION) {
            throw new IllegalArgumentException("its version is " + version + "; this program reads " + VERSION);
        }
        List<Tuned> devices = new ArrayList<>();
        for (JsonObject each : json.getJsonArray("devices").getValuesAs(JsonObject.class)) {
            Map<KernelShape, Kernel> kernels = new LinkedHashMap<>();
            for (JsonObject kernel : each.getJsonArray("kernels").getValuesAs(JsonObject.class)) {
                KernelShape shape = new KernelShape(
                        constant(KernelKind.class, kernel.getString("kernel")),
                        kernel.getString("format"),
                        kernel.getInt("outer"),
                        kernel.getInt("inner"),
                        kernel.getInt("tokens"));
                KernelChoice choice = new KernelChoice(
                        constant(KernelCut.class, kernel.getString("cut")),
                        kernel.getInt("perItem"),
                        kernel.getInt("local"));
                kernels.put(
                        shape,
                        new Kernel(
                                choice,
                                kernel.getJsonNumber("kernelNanos").longValue(),
                                kernel.getJsonNumber("defaultNanos").longValue()));
            }
            DeviceIdentity identity =
                    new DeviceIdentity(each.getString("backend"), each.getString("device"), each.getString("driver"));
            devices.add(
                    new Tuned(identity, each.getString("waterspout"), Instant.parse(each.getString("tuned")), kernels));
        }
        return new KernelChoiceFile(devices);
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String name) {
        for (E each : type.getEnumConstants()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(name)) {
                return each;
            }
        }
        throw new IllegalArgumentException("'" + name + "' is not one of "
                + List.of(type.getEnumConstants()).toString().toLowerCase(Locale.ROOT));
    }
}
