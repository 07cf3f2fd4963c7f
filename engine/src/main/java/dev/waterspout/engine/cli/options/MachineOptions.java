package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.lab.predict.Machine;
import dev.waterspout.engine.lab.predict.Machine.Device;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import picocli.CommandLine.Option;

/** Options that describe devices and a link for a prediction. */
public final class MachineOptions {
    private static final double GIGA = 1e9;
    private static final Map<Character, Double> UNITS = Map.of('G', 1e9, 'T', 1e12, 'P', 1e15);

    @Option(
            names = "--link",
            required = true,
            paramLabel = "BANDWIDTH:LATENCY",
            converter = LinkConverter.class,
            description = "Rate at which one rank sends, and latency of an exchange: 64GBps:10us, 1Gbps:50us.")
    private LinkCost link = LinkCost.NONE;

    @Option(
            names = "--device-flops",
            required = true,
            split = ",",
            paramLabel = "N[G|T|P]",
            description =
                    "Operations per second that a device reaches in matrix products: one for all, or one per rank.")
    private List<String> flops = List.of();

    @Option(
            names = "--device-gbps",
            required = true,
            split = ",",
            paramLabel = "N",
            description = "GB per second that a device reads from memory: one for all, or one per rank.")
    private List<Double> memory = List.of();

    @Option(
            names = "--codec-gbps",
            required = true,
            split = ",",
            paramLabel = "N",
            description =
                    "GB of f32 per second that a device encodes, and that it decodes and sums; one value for both,"
                            + " or two. Uncompressed formats are processed at the speed of memory.")
    private List<Double> codec = List.of();

    /**
     * Returns the machine of these options.
     *
     * @param ranks number of devices
     * @param formats formats that may be exchanged
     */
    public Machine machine(int ranks, List<WireFormat> formats) {
        List<Double> operations = flops.stream().map(MachineOptions::operations).toList();
        List<Device> devices = IntStream.range(0, ranks)
                .mapToObj(rank -> new Device(
                        each("--device-flops", operations, rank, ranks),
                        each("--device-gbps", memory, rank, ranks) * GIGA))
                .toList();
        double slowest =
                devices.stream().mapToDouble(Device::bytesPerSecond).min().orElseThrow();
        Map<WireFormat, Cost> costs = new LinkedHashMap<>();
        formats.forEach(format -> costs.put(format, cost(format, ranks, slowest)));
        return new Machine(devices, link, new CodecCosts(costs));
    }

    private Cost cost(WireFormat format, int ranks, double bytesPerSecond) {
        if (codec.size() > 2 || codec.stream().anyMatch(speed -> !(speed > 0))) {
            throw new IllegalArgumentException("--codec-gbps " + codec + "; it must be one or two numbers above 0");
        }
        boolean plain = format instanceof PlainFormat;
        // Uncompressed formats are copied: read in one width and written in the other.
        double moved = Float.BYTES + format.bitsPerElement(1 << 20) / Byte.SIZE;
        double encode = plain ? moved / bytesPerSecond : Float.BYTES / (codec.getFirst() * GIGA);
        double sum = plain ? moved / bytesPerSecond : Float.BYTES / (codec.getLast() * GIGA);
        return new Cost(new Line(0, encode), new Line(0, sum + encode / ranks), new Line(0, sum));
    }

    private static double operations(String text) {
        Double unit = text.isEmpty() ? null : UNITS.get(text.charAt(text.length() - 1));
        try {
            return unit == null
                    ? Double.parseDouble(text)
                    : unit * Double.parseDouble(text.substring(0, text.length() - 1));
        } catch (NumberFormatException wrong) {
            throw new IllegalArgumentException(
                    "--device-flops '" + text + "'; it must be a number, and G, T or P after it", wrong);
        }
    }

    private static double each(String option, List<Double> values, int rank, int ranks) {
        if (values.size() != 1 && values.size() != ranks) {
            throw new IllegalArgumentException(option + " has " + values.size() + " values for " + ranks
                    + " ranks; it must have one, or one per rank");
        }
        return values.get(values.size() == 1 ? 0 : rank);
    }
}
