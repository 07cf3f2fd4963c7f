package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.device.CodecDevice;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.lab.fpga.FpgaProject;
import dev.waterspout.kernels.fpga.FpgaCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The bitstream of the FPGA kernels. TornadoVM reads it at its start, so it is set before devices are listed.
 *
 * @param file bitstream of the vendor's compiler, or null if the device compiles from source
 * @param configuration TornadoVM's configuration of FPGAs, or null for the one in the bitstream's folder or in the
 *     folder above, or else the SDK's
 */
public record Bitstream(@Nullable Path file, @Nullable Path configuration) {
    private static final Pattern DEVICE = Pattern.compile("tornado:opencl:(\\d{1,4})");

    /**
     * Number of positions that OpenCL's backend may have in TornadoVM's list; the actual one is unknown before
     * TornadoVM's start.
     */
    private static final int BACKENDS = 4;

    /**
     * Returns a device that can run the kernels.
     *
     * @param name name of the device on the command line
     * @throws DeviceException if there is no such device, or it cannot load a bitstream, or needs one
     */
    public CodecDevice device(String name) throws IOException {
        prepare(List.of(name));
        return find(new DeviceCatalog().assign(List.of(name), 1).getFirst());
    }

    /** Checks that a device can run the kernels. */
    CodecDevice find(Device device) {
        CodecDevice codec = device.codec();
        if (codec == null) {
            throw new DeviceException("device " + device.name()
                    + " does not run the FPGA kernels, which are OpenCL C; devices of TornadoVM's OpenCL backend do,"
                    + " named tornado:opencl:<index>");
        }
        codec.requireRunnable(file != null);
        return codec;
    }

    /**
     * Sets TornadoVM's properties, before it starts.
     *
     * @param names names of all devices that load it
     */
    void prepare(List<String> names) throws IOException {
        if (file == null) {
            if (configuration != null) {
                throw new IllegalArgumentException(
                        "FPGA configuration " + configuration + " without a bitstream; it is read for bitstreams only");
            }
            return;
        }
        require("bitstream", file);
        List<String> entries = new ArrayList<>();
        for (String name : names) {
            Matcher matcher = DEVICE.matcher(name);
            if (matcher.matches()) {
                for (int backend = 0; backend < BACKENDS; backend++) {
                    for (String task : List.of(FpgaCodec.QUANTIZE_TASK, FpgaCodec.SUM_TASK)) {
                        entries.add(file.toAbsolutePath() + "," + task + ".device=" + backend + ":" + matcher.group(1));
                    }
                }
            }
        }
        if (file.toAbsolutePath().toString().contains(",")) {
            throw new IllegalArgumentException(
                    "bitstream " + file + " has a comma in its path, at which TornadoVM splits");
        }
        Optional<Path> chosen = Optional.ofNullable(configuration);
        if (chosen.isPresent()) {
            require("FPGA configuration", chosen.get());
        } else {
            Path folder = file.toAbsolutePath().getParent();
            chosen = folders(folder)
                    .map(each -> each.resolve(FpgaProject.CONFIGURATION))
                    .filter(Files::isRegularFile)
                    .findFirst();
        }
        Environment.loadBitstreams(
                String.join(",", entries), chosen.map(Path::toAbsolutePath).map(Path::toString));
    }

    private static Stream<Path> folders(@Nullable Path folder) {
        return Stream.ofNullable(folder)
                .flatMap(each -> Stream.concat(Stream.of(each), Stream.ofNullable(each.getParent())));
    }

    private static void require(String what, Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(what + " " + file + " is not a file");
        }
    }
}
