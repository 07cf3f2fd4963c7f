package dev.waterspout.engine.cli.lab;

import dev.waterspout.engine.cli.options.Bitstream;
import dev.waterspout.engine.cli.options.FpgaOptions;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.StatsFormat;
import dev.waterspout.engine.device.CodecDevice;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.fpga.FpgaCodec;
import dev.waterspout.kernels.fpga.FpgaKernels;
import jakarta.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The command {@code lab fpga run}: runs the kernels on a device and compares every bit and the time with the host's
 * codec.
 */
@Command(
        name = "run",
        description = "Loads a bitstream, or compiles the kernels on devices that can, and compares results and times"
                + " with the host's codec.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class FpgaRunCommand implements Callable<Integer> {
    private static final int WARM_UP = 2;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--device",
            required = true,
            paramLabel = "DEVICE",
            description = "A device of TornadoVM's OpenCL backend, such as tornado:opencl:0.")
    private String deviceName = "";

    @Option(
            names = "--bitstream",
            paramLabel = "FILE",
            description = "Bitstream of the vendor's compiler (default: compiled from source, on CPUs and GPUs).")
    private @Nullable Path file;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "TornadoVM's configuration of FPGAs (default: tornado-fpga.conf in the bitstream's folder or the"
                            + " one above, else the SDK's).")
    private @Nullable Path configuration;

    @Mixin
    private FpgaOptions options = new FpgaOptions();

    @Option(
            names = {"-r", "--repetitions"},
            paramLabel = "N",
            defaultValue = "10",
            description = "Number of timed calls, whose median is printed (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Option(
            names = "--stats",
            paramLabel = "text|json",
            defaultValue = "text",
            description = "Format of the figures on stdout (default: ${DEFAULT-VALUE}).")
    private StatsFormat stats = StatsFormat.TEXT;

    /** Median seconds of one call, on the device and on the host. */
    private record Times(double device, double host) {}

    @Override
    public Integer call() throws IOException {
        if (repetitions < 1) {
            throw new IllegalArgumentException("repetitions is " + repetitions + "; it must be at least 1");
        }
        FpgaKernels kernels = options.kernels();
        int rows = options.rows();
        int columns = options.columns();
        CodecDevice device = new Bitstream(file, configuration).device(deviceName);
        try (CodecDevice.Opened opened = device.open(kernels, rows, columns);
                Arena arena = Arena.ofConfined()) {
            Operands operands = new Operands(kernels, rows, columns, arena);
            Times quantize = operands.quantize(opened.codec());
            Times sum = operands.sum(opened.codec());
            print(device, kernels, quantize, sum);
        } catch (IllegalArgumentException | DeviceException known) {
            throw known;
        } catch (RuntimeException | Error failure) { // TornadoVM's own failures are Errors as often as exceptions
            throw new DeviceException(
                    "device " + deviceName + " failed in the FPGA kernels: " + failure.getMessage(), failure);
        }
        return ExitCode.OK;
    }

    private double median(Runnable work) {
        for (int i = 0; i < WARM_UP; i++) {
            work.run();
        }
        double[] seconds = new double[repetitions];
        Arrays.setAll(seconds, i -> {
            long start = System.nanoTime();
            work.run();
            return (System.nanoTime() - start) / 1e9;
        });
        Arrays.sort(seconds);
        return seconds[(repetitions - 1) / 2];
    }

    /** Partials like those of activations: Gaussian values, a few outliers, some zeros, and a block with NaN. */
    private final class Operands {
        private final int rows;
        private final int columns;
        private final PartialCodec host;
        private final MemorySegment[] partials;
        private final MemorySegment[] messages;
        private final MemorySegment packed;
        private final MemorySegment residual;
        private final MemorySegment deviceSum;
        private final MemorySegment hostSum;

        Operands(FpgaKernels kernels, int rows, int columns, Arena arena) {
            this.rows = rows;
            this.columns = columns;
            this.host = PartialCodec.of(kernels.format());
            long floats = (long) rows * columns * Float.BYTES;
            long bytes = host.format().encodedBytes(rows, columns);
            Random random = new Random(1);
            this.partials = new MemorySegment[kernels.ranks()];
            this.messages = new MemorySegment[kernels.ranks()];
            for (int rank = 0; rank < partials.length; rank++) {
                partials[rank] = values(random, arena.allocate(floats, 64));
                messages[rank] = arena.allocate(bytes, 64);
                host.encode(partials[rank], rows, columns, messages[rank]);
            }
            partials[0].set(ValueLayout.JAVA_FLOAT, floats - Float.BYTES, Float.NaN);
            host.encode(partials[0], rows, columns, messages[0]);
            this.packed = arena.allocate(bytes, 64);
            this.residual = values(random, arena.allocate(floats, 64));
            this.deviceSum = arena.allocate(floats, 64);
            this.hostSum = arena.allocate(floats, 64);
        }

        private static MemorySegment values(Random random, MemorySegment target) {
            for (long at = 0; at < target.byteSize(); at += Float.BYTES) {
                double size = random.nextInt(200) == 0 ? 50 : random.nextInt(50) == 0 ? 0 : 1;
                target.set(ValueLayout.JAVA_FLOAT, at, (float) (random.nextGaussian() * size));
            }
            return target;
        }

        Times quantize(FpgaCodec codec) {
            double device = median(() -> codec.encode(partials[0], rows, columns, columns, packed));
            long different = messages[0].mismatch(packed);
            if (different >= 0) {
                throw new DeviceException(
                        "device " + deviceName + " packs byte " + different + " of " + rows + " x " + columns
                                + " as " + (packed.get(ValueLayout.JAVA_BYTE, different) & 0xff) + ", and the host as "
                                + (messages[0].get(ValueLayout.JAVA_BYTE, different) & 0xff));
            }
            return new Times(device, median(() -> host.encode(partials[0], rows, columns, packed)));
        }

        Times sum(FpgaCodec codec) {
            double device = median(() -> {
                deviceSum.copyFrom(residual);
                codec.decodeSum(messages, rows, columns, deviceSum, columns);
            });
            double ours = median(() -> {
                hostSum.copyFrom(residual);
                host.decodeSum(messages, rows, columns, hostSum);
            });
            for (long at = 0; at < hostSum.byteSize(); at += Float.BYTES) {
                float wanted = hostSum.get(ValueLayout.JAVA_FLOAT, at);
                float got = deviceSum.get(ValueLayout.JAVA_FLOAT, at);
                // The payload of a NaN is not defined.
                if (Float.floatToIntBits(wanted) != Float.floatToIntBits(got)) {
                    throw new DeviceException("device " + deviceName + " sums element " + at / Float.BYTES + " of "
                            + rows + " x " + columns + " to " + got + ", and the host to " + wanted);
                }
            }
            return new Times(device, ours);
        }
    }

    private void print(CodecDevice device, FpgaKernels kernels, Times quantize, Times sum) {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        String from = file != null ? "bitstream" : "source";
        if (stats == StatsFormat.JSON) {
            StatsFormat.printJson(
                    Json.createObjectBuilder()
                            .add("device", device.name())
                            .add("platform", device.device().getPlatformName())
                            .add("from", from)
                            .add("format", kernels.format().label())
                            .add("ranks", kernels.ranks())
                            .add("rows", options.rows())
                            .add("columns", options.columns())
                            .add("bitEqual", true)
                            .add("quantizeSeconds", quantize.device)
                            .add("hostQuantizeSeconds", quantize.host)
                            .add("dequantizeSumSeconds", sum.device)
                            .add("hostDequantizeSumSeconds", sum.host)
                            .build(),
                    out);
            return;
        }
        out.printf(
                "device           %s, platform '%s', kernels from %s%n",
                device.name(), device.device().getPlatformName(), from);
        out.printf(
                "partials         %d x %d, %s, %d ranks: all bits are the host's%n",
                options.rows(), options.columns(), kernels.format().label(), kernels.ranks());
        out.printf(
                Locale.ROOT,
                "quantize         %.3f ms on the device with copies, %.3f ms on one thread of the host%n",
                quantize.device * 1e3,
                quantize.host * 1e3);
        out.printf(
                Locale.ROOT,
                "dequantize-sum   %.3f ms on the device with copies, %.3f ms on one thread of the host%n",
                sum.device * 1e3,
                sum.host * 1e3);
        out.flush();
    }
}
