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

/** What ranks send each other, and how. */
public final class CommOptions {
    private static final String AUTO = "auto";
    /** What {@code --comm} has in front of a format map's file. */
    private static final String MAP = "map:";
    /** The same in earlier versions. */
    private static final String PROFILE = "profile:";

    @Option(
            names = "--comm",
            paramLabel = "auto|FORMAT",
            description = "What ranks send each other: f32, bf16 or <element>[:block[:scale[:rule]]], such as"
                    + " e2m1:32:e8m0, or what map:FILE says; auto measures links and codecs and takes what is fastest"
                    + " (default: auto where ranks are in different processes or on different devices, else f32).")
    private @Nullable String format;

    @Option(
            names = "--quality",
            paramLabel = "PERCENT",
            defaultValue = "1",
            description = "With --comm auto: the most that a format may add to perplexity, as measured for it"
                    + " (default: ${DEFAULT-VALUE}).")
    private double quality;

    @Option(
            names = "--allow-saturation",
            description =
                    "With a fixed format: go on where partials are beyond its range, with the largest values that it"
                            + " has. Without this option the run ends; --comm auto goes over to a format that holds.")
    private boolean allowSaturation;

    @Option(
            names = "--comm-allow",
            split = ",",
            paramLabel = "FORMAT",
            description = "With --comm auto: the formats to choose from, besides f32, in place of --quality; or"
                    + " map:FILE, whose formats are held against --quality.")
    private List<String> allowed = List.of();

    @Option(
            names = "--comm-measure",
            paramLabel = "auto|quick|full",
            defaultValue = AUTO,
            description =
                    "With --comm auto, where no earlier run has measured: quick measures links in a third of a second"
                            + " and takes codecs to have usual speeds; full measures codecs and tries exchanges, too, some"
                            + " seconds, for all later runs; auto is full for bench and perplexity, else quick (default:"
                            + " ${DEFAULT-VALUE}).")
    private String measure = AUTO;

    @Option(
            names = "--explain-comm",
            description = "Print on stderr what --comm auto and --transport auto decided from.")
    private boolean explain;

    @Option(
            names = "--collective",
            paramLabel = "auto|allgather|twostep",
            defaultValue = AUTO,
            description =
                    "How they do it: all-gather is most accurate, two-step sends fewer bytes from 3 ranks on; auto is"
                            + " all-gather for 2 ranks and small messages, else two-step (default: ${DEFAULT-VALUE}).")
    private String collective = AUTO;

    @Option(
            names = "--transport",
            paramLabel = "auto|peer|host",
            defaultValue = AUTO,
            description = "How devices of one process reach each other: copies from device to device (peer) or through"
                    + " the host; auto times both at the start, for prefill and for decode, and takes peer where it is"
                    + " faster (default: ${DEFAULT-VALUE}).")
    private String transport = AUTO;

    @Option(
            names = "--overlap",
            paramLabel = "off|on|auto",
            defaultValue = "auto",
            description =
                    "Computes some rows of a pass while the partials of others travel; auto does so between processes"
                            + " where it was faster in the passes before (default: ${DEFAULT-VALUE}).")
    private Overlap overlap = Overlap.AUTO;

    @Option(
            names = "--peer-timeout",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "How long a rank waits for another before the run ends (default: ${DEFAULT-VALUE}).")
    private double peerTimeout;

    @Option(
            names = "--mpi-library",
            paramLabel = "FILE",
            description = "The MPI library of processes that mpirun or srun started (default: the system's).")
    private @Nullable String mpiLibrary;

    /**
     * Returns what was asked for.
     *
     * @param lasts whether {@code --comm-measure auto} means full, as in a run that takes long
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

    /** Whether to print what was decided, and from what. */
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
