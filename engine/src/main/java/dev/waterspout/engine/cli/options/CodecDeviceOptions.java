package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.api.Exchange;
import dev.waterspout.engine.api.Formats;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.kernels.fpga.FpgaKernels;
import dev.waterspout.kernels.host.HostKernels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of a codec device: ranks on the host quantize and dequantize-sum on it. */
public final class CodecDeviceOptions {
    private static final String HOST = "host";

    @Option(
            names = "--codec-device",
            split = ",",
            paramLabel = "DEVICE",
            description = "Devices that quantize and dequantize-sum for ranks on the host: one for all or one per"
                    + " rank, of TornadoVM's OpenCL backend, or host (default: host).")
    private List<String> names = List.of();

    @Option(
            names = "--codec-bitstream",
            paramLabel = "FILE",
            description = "Bitstream for an FPGA codec device; CPUs and GPUs compile from source.")
    private @Nullable Path file;

    @Option(
            names = "--codec-config",
            paramLabel = "FILE",
            description =
                    "TornadoVM's configuration of FPGAs (default: tornado-fpga.conf in the bitstream's folder or the"
                            + " one above, else the SDK's).")
    private @Nullable Path configuration;

    /** Sets the bitstream, before devices are listed. */
    public void prepare() throws IOException {
        if (names.isEmpty() && file != null) {
            throw new IllegalArgumentException(
                    "bitstream " + file + " for the codec without a device; name it with --codec-device");
        }
        new Bitstream(file, configuration).prepare(names);
    }

    /**
     * Returns an exchange whose partials are encoded and summed on the codec devices.
     *
     * @param exchange the exchange without codec devices
     */
    public Exchange on(Exchange exchange) {
        if (names.isEmpty()) {
            return exchange;
        }
        if (exchange.formats() instanceof Formats.Auto) {
            throw new IllegalArgumentException("codec device " + names.getFirst()
                    + " with --comm auto, which measures the host's codec; name a format, such as --comm e2m1:32:e8m0");
        }
        return exchange.withFormats(exchange.formats().placed(false)).withOffload(this::apply);
    }

    private List<ShardFactory> apply(Session session, RankOptions options, List<ShardFactory> shards) {
        if (session.ranks() == 1) {
            throw new IllegalArgumentException(
                    "codec device " + names.getFirst() + " for 1 rank, which exchanges nothing; give -tp 2 or more");
        }
        List<Device> codecs = new DeviceCatalog().assign(names, shards.size());
        List<ShardFactory> handed = new ArrayList<>();
        for (int rank = 0; rank < shards.size(); rank++) {
            Device codec = codecs.get(rank);
            Device device = session.devices().get(rank);
            if (codec.name().equals(HOST)) {
                handed.add(shards.get(rank));
                continue;
            }
            if (!device.name().equals(HOST)) {
                throw new IllegalArgumentException("codec device " + codec.name() + " for a rank on " + device.name()
                        + "; only ranks on the host hand their codec over");
            }
            options.schedule().choices().forEach(choice -> FpgaKernels.of(choice.format(), session.ranks()));
            handed.add(HostShard.factory(HostKernels.vector(), new Bitstream(file, configuration).find(codec)));
        }
        return handed;
    }

    /**
     * Returns the names of devices, with those of their codecs.
     *
     * @param devices devices of all ranks of the group
     * @param local whether they are all this process's
     */
    public List<String> describe(List<String> devices, boolean local) {
        if (names.isEmpty() || !local) {
            return devices;
        }
        List<String> described = new ArrayList<>();
        for (int rank = 0; rank < devices.size(); rank++) {
            String codec = names.get(rank % names.size());
            described.add(codec.equals(HOST) ? devices.get(rank) : devices.get(rank) + ", codec on " + codec);
        }
        return described;
    }
}
