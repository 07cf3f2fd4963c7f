package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.api.Exchange;
import dev.waterspout.engine.api.Exchange.Reach;
import dev.waterspout.engine.api.FormatMap;
import dev.waterspout.engine.api.Formats;
import dev.waterspout.engine.api.Formats.Measuring;
import dev.waterspout.engine.cli.file.FormatMapFile;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.kernels.codec.WireFormat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of the exchange between ranks. */
public final class CommOptions {
    private static final String AUTO = "auto";
    /** Prefix of a format map's file in {@code --comm}. */
    private static final String MAP = "map:";
    /** The prefix of earlier versions. */
    private static final String PROFILE = "profile:";

    @Option(
            names = "--comm",
            paramLabel = "auto|FORMAT",
            description = "Wire format of partials: f32, bf16 or <element>[:block[:scale[:rule]]], such as"
                    + " e2m1:32:e8m0, or the formats per layer of map:FILE; auto measures links and codecs and"
                    + " chooses the fastest (default: auto if ranks are in different processes or on"
                    + " different devices, else f32).")
    private @Nullable String format;

    @Option(
            names = "--quality",
            paramLabel = "PERCENT",
            defaultValue = "1",
            description = "With --comm auto: largest measured increase of perplexity of a format (default:"
                    + " ${DEFAULT-VALUE}).")
    private double quality;

    @Option(
            names = "--allow-saturation",
            description = "With a fixed format: clamp partials that are beyond its range, and continue. Without this"
                    + " option the run ends; --comm auto changes to a format with a larger range.")
    private boolean allowSaturation;

    @Option(
            names = "--comm-allow",
            split = ",",
            paramLabel = "FORMAT",
            description = "With --comm auto: formats to choose from, besides f32, instead of --quality; or"
                    + " map:FILE, whose formats must satisfy --quality.")
    private List<String> allowed = List.of();

    @Option(
            names = "--comm-measure",
            paramLabel = "auto|quick|full",
            defaultValue = AUTO,
            description =
                    "With --comm auto and without measurements of earlier runs: quick measures links in a third of"
                            + " a second and assumes the speeds of codecs; full also measures codecs and tries"
                            + " exchanges, which takes some seconds, for all later runs; auto is full for"
                            + " bench and perplexity, else quick (default:"
                            + " ${DEFAULT-VALUE}).")
    private String measure = AUTO;

    @Option(
            names = "--explain-comm",
            description = "Print the measurements and decisions of --comm auto and --transport auto on stderr.")
    private boolean explain;

    @Option(
            names = "--collective",
            paramLabel = "auto|allgather|twostep",
            defaultValue = AUTO,
            description =
                    "Collective: all-gather is the most accurate, two-step sends fewer bytes from 3 ranks on; auto"
                            + " is all-gather for 2 ranks and small messages, else two-step (default:"
                            + " ${DEFAULT-VALUE}).")
    private String collective = AUTO;

    @Option(
            names = "--transport",
            paramLabel = "auto|peer|host",
            defaultValue = AUTO,
            description = "Path between devices of one process: copies from device to device (peer) or through the"
                    + " host; auto times both at the start, for prefill and for decode, and chooses peer if it is"
                    + " faster (default: ${DEFAULT-VALUE}).")
    private String transport = AUTO;

    @Option(
            names = "--overlap",
            paramLabel = "off|on|auto",
            defaultValue = "auto",
            description = "Compute some rows of a pass while the partials of others are exchanged; auto does so between"
                    + " processes if it was faster in earlier passes (default: ${DEFAULT-VALUE}).")
    private Overlap overlap = Overlap.AUTO;

    @Option(
            names = "--peer-timeout",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "Longest time that a rank waits for another before the run ends (default: ${DEFAULT-VALUE}).")
    private double peerTimeout;

    @Option(
            names = "--mpi-library",
            paramLabel = "FILE",
            description = "The MPI library of processes that mpirun or srun started (default: the system's).")
    private @Nullable String mpiLibrary;

    /**
     * Returns the exchange of these options.
     *
     * @param lasts whether {@code --comm-measure auto} means full, for runs that take long
     */
    public Exchange exchange(boolean lasts) {
        return new Exchange(
                formats(lasts),
                collective.equalsIgnoreCase(AUTO) ? Optional.empty() : Optional.of(algorithm()),
                reach(),
                allowSaturation,
                peerTimeout(),
                Optional.ofNullable(mpiLibrary),
                overlap,
                Exchange.DEFAULT.offload());
    }

    private Formats formats(boolean lasts) {
        Measuring measuring = measuring(lasts);
        List<WireFormat> named = allowed.stream()
                .filter(each -> mapFile(each).isEmpty())
                .map(WireFormat::parse)
                .toList();
        List<FormatMap> maps = allowed.stream()
                .flatMap(each -> mapFile(each).stream())
                .map(FormatMapFile::read)
                .toList();
        if (!(quality >= 0)) { // also where it is no number
            throw new IllegalArgumentException("quality " + quality + "; a percentage of 0 or more is allowed");
        }
        Formats.Auto auto = new Formats.Auto(quality, named, maps, measuring);
        String asked = format;
        if (asked == null) {
            return new Formats.Usual(auto);
        }
        if (asked.equalsIgnoreCase(AUTO)) {
            return auto;
        }
        return mapFile(asked)
                .<Formats>map(file -> new Formats.Mapped(FormatMapFile.read(file)))
                .orElseGet(() -> new Formats.Fixed(WireFormat.parse(asked)));
    }

    private static Optional<Path> mapFile(String text) {
        return Stream.of(MAP, PROFILE)
                .filter(text::startsWith)
                .map(prefix -> Path.of(text.substring(prefix.length())))
                .findFirst();
    }

    private Measuring measuring(boolean lasts) {
        return switch (measure.toLowerCase(Locale.ROOT)) {
            case AUTO -> lasts ? Measuring.FULL : Measuring.QUICK;
            case "quick" -> Measuring.QUICK;
            case "full" -> Measuring.FULL;
            default -> throw new IllegalArgumentException("comm measure '" + measure + "' is not auto, quick or full");
        };
    }

    private Reach reach() {
        return Arrays.stream(Reach.values())
                .filter(each -> each.name().equalsIgnoreCase(transport))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("transport '" + transport + "' is not auto, peer or host"));
    }

    /** Returns whether to print the decisions and the measurements behind them. */
    public boolean explains() {
        return explain;
    }

    private Algorithm algorithm() {
        return Arrays.stream(Algorithm.values())
                .filter(each -> each.label().equals(collective.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("collective '" + collective + "' is not auto, "
                        + Arrays.stream(Algorithm.values())
                                .map(Algorithm::label)
                                .collect(Collectors.joining(" or "))));
    }

    private Duration peerTimeout() {
        if (!(peerTimeout >= 0.001 && peerTimeout <= 1e6)) {
            throw new IllegalArgumentException(
                    "peer timeout of " + peerTimeout + " s; it must be within 0.001 to 1000000");
        }
        return Duration.ofMillis((long) (peerTimeout * 1000));
    }
}
