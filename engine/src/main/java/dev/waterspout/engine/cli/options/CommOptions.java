package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.cli.file.CommProfile;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommQuality;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.policy.CommSettings;
import dev.waterspout.interconnect.policy.CommSettings.Budget;
import dev.waterspout.interconnect.policy.DefaultSchedule;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What ranks send each other, and how. */
public final class CommOptions {
    private static final String AUTO = "auto";

    @Option(
            names = "--comm",
            paramLabel = "auto|FORMAT",
            defaultValue = "f32",
            description = "What ranks send each other: f32, bf16 or <element>[:block[:scale[:rule]]], such as"
                + " e2m1:32:e8m0, or what profile:FILE says; auto measures links and codecs and takes what is fastest"
                + " (default: ${DEFAULT-VALUE}).")
    private String format = PlainFormat.F32.label();

    @Option(
            names = "--quality",
            paramLabel = "PERCENT",
            defaultValue = "1",
            description = "With --comm auto: the most that a format may add to perplexity, as measured for it"
                    + " (default: ${DEFAULT-VALUE}).")
    private double quality;

    @Option(
            names = "--comm-allow",
            split = ",",
            paramLabel = "FORMAT",
            description = "With --comm auto: the formats to choose from, besides f32, in place of --quality; or"
                    + " profile:FILE, whose formats are held against --quality.")
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

    /** Whether what ranks send each other is to be measured and decided. */
    boolean isAuto() {
        return format.equalsIgnoreCase(AUTO);
    }

    /**
     * How partials are exchanged where nothing is measured.
     *
     * @param ranks how many exchange
     * @param columns elements of a partial's row
     * @param link between them; {@link LinkCost#NONE} where they share memory
     */
    public CommSchedule schedule(int ranks, int columns, LinkCost link) {
        if (format.startsWith(CommProfile.PREFIX)) {
            CommProfile profile = CommProfile.read(format);
            profile.requireWidth(columns);
            return schedule(profile.format(), ranks, columns, link).withFormats(profile.exchanges());
        }
        return schedule(isAuto() ? PlainFormat.F32 : WireFormat.parse(format), ranks, columns, link);
    }

    private CommSchedule schedule(WireFormat fixed, int ranks, int columns, LinkCost link) {
        Optional<Algorithm> named = collective.equalsIgnoreCase(AUTO) ? Optional.empty() : Optional.of(algorithm());
        return DefaultSchedule.of(fixed, named, ranks, columns, link);
    }

    /**
     * What a policy may choose from.
     *
     * @param maxRows most tokens in one exchange
     * @param columns elements of a partial's row
     * @param phaseLocked whether a device compiles the format into its graphs
     * @param lasts whether {@code --comm-measure auto} means full
     */
    CommSettings settings(int maxRows, int columns, boolean phaseLocked, boolean lasts) {
        CommQuality table = allowed.isEmpty() ? CommQuality.measured() : allowed(columns);
        List<Algorithm> algorithms =
                collective.equalsIgnoreCase(AUTO) ? List.of(Algorithm.values()) : List.of(algorithm());
        return new CommSettings(table.allowed(quality), algorithms, maxRows, columns, phaseLocked, budget(lasts));
    }

    private Budget budget(boolean lasts) {
        return switch (measure.toLowerCase(Locale.ROOT)) {
            case AUTO -> lasts ? Budget.FULL : Budget.QUICK;
            case "quick" -> Budget.QUICK;
            case "full" -> Budget.FULL;
            default -> throw new IllegalArgumentException("comm measure '" + measure + "' is not auto, quick or full");
        };
    }

    /** Formats that the user vouches for; those of a profile have been measured. */
    private CommQuality allowed(int columns) {
        List<WireFormat> named = allowed.stream()
                .filter(each -> !each.startsWith(CommProfile.PREFIX))
                .map(WireFormat::parse)
                .toList();
        Map<WireFormat, Double> table =
                new LinkedHashMap<>(CommQuality.of(named).increasePercent());
        for (String each : allowed) {
            if (each.startsWith(CommProfile.PREFIX)) {
                CommProfile profile = CommProfile.read(each);
                profile.requireWidth(columns);
                table.putAll(profile.measured());
            }
        }
        return new CommQuality(table);
    }

    /** Whether to print what was decided, and from what. */
    boolean explains() {
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

    /** How long a rank waits for another. */
    Duration peerTimeout() {
        if (!(peerTimeout >= 0.001 && peerTimeout <= 1e6)) {
            throw new IllegalArgumentException(
                    "peer timeout of " + peerTimeout + " s; it must be within 0.001 to 1000000");
        }
        return Duration.ofMillis((long) (peerTimeout * 1000));
    }

    /** Whether devices are to reach each other without the host, if they can. */
    boolean wantsPeer() {
        return switch (transport.toLowerCase(Locale.ROOT)) {
            case AUTO, "peer" -> true;
            case "host" -> false;
            default -> throw new IllegalArgumentException("transport '" + transport + "' is not auto, peer or host");
        };
    }

    /** Whether the user asked for that. */
    boolean insistsOnPeer() {
        return transport.equalsIgnoreCase("peer");
    }

    Optional<String> mpiLibrary() {
        return Optional.ofNullable(mpiLibrary);
    }

    /** What all processes of a group must agree on. */
    public String describe() {
        return "wire format " + named(format) + ", collective " + collective + ", quality " + quality + ", allowed "
                + allowed.stream().map(CommOptions::namedFormat).toList() + ", measuring " + measure;
    }

    /** Files may differ from host to host: it is what a profile says that must be the same. */
    private static String named(String text) {
        return text.startsWith(CommProfile.PREFIX) ? CommProfile.read(text).toString() : text;
    }

    private static String namedFormat(String text) {
        return text.startsWith(CommProfile.PREFIX)
                ? named(text)
                : WireFormat.parse(text).label();
    }
}
