package dev.waterspout.engine.cli;

import dev.waterspout.engine.cli.options.WireFormatConverter;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.StatsFormat;
import dev.waterspout.kernels.codec.Distortion;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.Rounding;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.files.FileReplacement;
import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code codec}: encodes and decodes a file of floats, and prints the errors. */
@Command(
        name = "codec",
        description = "Quantizes and dequantizes a file of raw little-endian floats, and prints the errors.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class CodecCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = WireFormatConverter.class,
            description = "f32, bf16 or <element>[:block[:scale]], such as e2m1:32:e8m0.")
    private @Nullable WireFormat format;

    @Option(
            names = "--rounding",
            paramLabel = "even|away",
            defaultValue = "even",
            description = "Rounding of ties in a block format: to the even neighbour or away from zero (default:"
                    + " ${DEFAULT-VALUE}).")
    private Rounding rounding = Rounding.EVEN;

    @Option(
            names = "--stats",
            paramLabel = "text|json",
            defaultValue = "text",
            description = "Format of the figures on stdout (default: ${DEFAULT-VALUE}).")
    private StatsFormat stats = StatsFormat.TEXT;

    @Parameters(index = "0", paramLabel = "IN.f32", description = "File of floats, which are one row.")
    private Path input = Path.of("");

    @Parameters(index = "1", paramLabel = "OUT.f32", description = "File for the dequantized floats.")
    private Path output = Path.of("");

    /** Bytes of a buffer, below 2^31. */
    private static final long PIECE_BYTES = 1 << 26;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        WireFormat chosen = format instanceof MxFormat mx ? mx.withRounding(rounding) : Objects.requireNonNull(format);
        int columns = columns();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment original = read(arena);
            MemorySegment packed = arena.allocate(chosen.encodedBytes(1, columns));
            MemorySegment decoded = arena.allocate(original.byteSize());
            PartialCodec codec = PartialCodec.of(chosen);
            codec.encode(original, 1, columns, packed);
            codec.decode(packed, 1, columns, decoded);
            write(decoded);
            Distortion distortion = Distortion.between(original, decoded, 1, columns);
            long saturated =
                    chosen instanceof MxFormat mx ? Distortion.saturatedBlocks(mx, original, packed, 1, columns) : 0;
            print(chosen, columns, distortion, saturated, out);
        }
        return ExitCode.OK;
    }

    private int columns() throws IOException {
        if (!Files.isRegularFile(input)) {
            throw new IOException(input + " is not a file");
        }
        long bytes = Files.size(input);
        long floats = bytes / Float.BYTES;
        if (bytes % Float.BYTES != 0 || floats < 1 || floats > Integer.MAX_VALUE) {
            throw new IOException(input + " has " + bytes + " bytes; it must have 4 per float, and 1 to "
                    + Integer.MAX_VALUE + " floats");
        }
        return (int) floats;
    }

    private MemorySegment read(Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(input)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    /**
     * Replaces the output in one step: after a failure the old content remains, and input and output may be the same
     * file.
     */
    private void write(MemorySegment decoded) throws IOException {
        FileReplacement.write(output, file -> {
            for (long at = 0; at < decoded.byteSize(); at += PIECE_BYTES) {
                long bytes = Math.min(PIECE_BYTES, decoded.byteSize() - at);
                FileReplacement.writeFully(decoded.asSlice(at, bytes).asByteBuffer(), file);
            }
        });
    }

    private void print(WireFormat chosen, int columns, Distortion distortion, long saturated, PrintWriter out) {
        double bits = chosen.bitsPerElement(columns);
        if (stats == StatsFormat.JSON) {
            JsonObjectBuilder json = Json.createObjectBuilder()
                    .add("format", chosen.label())
                    .add("rounding", rounding.name().toLowerCase(Locale.ROOT))
                    .add("elements", columns)
                    .add("bitsPerElement", bits);
            // JSON has no infinity, so a lossless result has no ratio.
            if (Double.isFinite(distortion.sqnr())) {
                json.add("sqnrDb", distortion.sqnr());
            } else {
                json.addNull("sqnrDb");
            }
            StatsFormat.printJson(
                    json.add("maxError", distortion.maxError())
                            .add("zerosCreated", distortion.zerosCreated())
                            .add("saturatedBlocks", saturated)
                            .add("notFinite", distortion.notFinite())
                            .build(),
                    out);
            return;
        }
        out.printf(Locale.ROOT, "format            %s%n", chosen.label());
        out.printf(Locale.ROOT, "elements          %d%n", columns);
        out.printf(Locale.ROOT, "bits per element  %.4f%n", bits);
        out.printf(Locale.ROOT, "SQNR              %.2f dB%n", distortion.sqnr());
        out.printf(Locale.ROOT, "maximum error     %g%n", distortion.maxError());
        out.printf(Locale.ROOT, "zeros created     %d%n", distortion.zerosCreated());
        out.printf(Locale.ROOT, "saturated blocks  %d%n", saturated);
        out.printf(Locale.ROOT, "not finite        %d%n", distortion.notFinite());
    }
}
