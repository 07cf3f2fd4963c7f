package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.Measurements.Trial;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.files.FileReplacement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Keeps measurements between runs, one small file per key. A file that is damaged, too old, or of another version or
 * key is ignored, with a message that gives the reason; no run fails because of it.
 *
 * <pre>
 *   waterspout comm measurements 3
 *   key &lt;hosts, transport, ranks, devices, version&gt;
 *   measured &lt;ISO instant&gt;
 *   link &lt;latency in s&gt; &lt;bytes/s&gt;
 *   settings &lt;hash of the settings of the trials&gt;
 *   codec &lt;format id, hex&gt; &lt;encode, reduce, sum: each fixed s and s per element&gt; &lt;label&gt;
 *   trial &lt;collective&gt; &lt;format id, hex&gt; &lt;rows of a chunk&gt; &lt;rows&gt; &lt;s&gt;
 *   end
 * </pre>
 */
public final class MeasurementCache {
    /** Default of the age up to which measurements are valid. */
    public static final Duration MAX_AGE = Duration.ofDays(30);

    private static final String VERSION = "waterspout comm measurements 3";
    private static final String END = "end";
    private static final long MOST_BYTES = 64 << 10;
    private static final int FIRST_LINES = 5;
    private static final int CODEC_WORDS = 9;
    private static final int TRIAL_WORDS = 6;

    private final Path file;
    private final MeasurementKey key;
    private final Duration maxAge;
    private final InstantSource clock;
    private final Consumer<String> notes;

    /**
     * The content of a file.
     *
     * @param settings hash of the settings of the trials
     * @param measurements the figures
     */
    public record Entry(int settings, Measurements measurements) {
        /** {@return the measurements, without trials if those are of other settings} */
        Measurements trialsFor(int wanted) {
            return wanted == settings ? measurements : measurements.with(List.of());
        }
    }

    /**
     * @param folder folder of the file; created when something is stored
     * @param key the hosts, devices and version that the measurements belong to
     * @param maxAge largest age of valid measurements
     * @param clock the date
     * @param notes receives one line when a file is ignored or cannot be written
     */
    public MeasurementCache(
            Path folder, MeasurementKey key, Duration maxAge, InstantSource clock, Consumer<String> notes) {
        this.file = folder.resolve(key.fileName());
        this.key = key;
        this.maxAge = maxAge;
        this.clock = clock;
        this.notes = notes;
    }

    /** Returns the measurements of this key, or nothing. */
    public Optional<Entry> load() {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                return ignored("it is not a regular file");
            }
            if (Files.size(file) > MOST_BYTES) {
                return ignored("it has more than " + MOST_BYTES + " bytes");
            }
            return parse(Files.readString(file, StandardCharsets.UTF_8).lines().toList());
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException unreadable) {
            return ignored("it cannot be read: " + unreadable);
        } catch (IllegalArgumentException | DateTimeException | IndexOutOfBoundsException damaged) {
            return ignored("it is damaged: " + damaged.getMessage());
        }
    }

    private Optional<Entry> parse(List<String> lines) {
        if (lines.isEmpty() || !lines.getFirst().equals(VERSION)) {
            return ignored("its first line is not '" + VERSION + "'");
        }
        if (lines.size() <= FIRST_LINES || !lines.getLast().equals(END)) {
            return ignored("it is cut off");
        }
        if (!lines.get(1).equals("key " + key.text())) {
            return ignored("it is of another " + lines.get(1));
        }
        Instant measured = Instant.parse(words(lines.get(2), "measured")[1]);
        Instant now = clock.instant();
        if (measured.isAfter(now) || measured.isBefore(now.minus(maxAge))) {
            return ignored("it is of " + measured + ", and today is " + now);
        }
        String[] link = words(lines.get(3), "link");
        int settings = Integer.parseInt(words(lines.get(4), "settings")[1]);
        Map<WireFormat, Cost> costs = new LinkedHashMap<>();
        List<Trial> trials = new ArrayList<>();
        for (String line : lines.subList(FIRST_LINES, lines.size() - 1)) {
            String[] words = line.split(" ", -1);
            switch (words[0]) {
                case "codec" -> {
                    requireWords(words, CODEC_WORDS, line);
                    costs.put(format(words[1]), new Cost(line(words, 2), line(words, 4), line(words, 6)));
                }
                case "trial" -> {
                    requireWords(words, TRIAL_WORDS, line);
                    Algorithm algorithm = Algorithm.valueOf(words[1].toUpperCase(Locale.ROOT));
                    CommChoice choice = new CommChoice(algorithm, format(words[2]), Integer.parseInt(words[3]));
                    trials.add(new Trial(choice, Integer.parseInt(words[4]), number(words[5])));
                }
                default -> throw new IllegalArgumentException("'" + line + "'");
            }
        }
        LinkCost profile = new LinkCost(number(link[1]), number(link[2]));
        if (Double.isInfinite(profile.bytesPerSecond())) {
            return ignored("it is damaged: infinite bandwidth");
        }
        return Optional.of(new Entry(settings, new Measurements(profile, new CodecCosts(costs), trials)));
    }

    private static void requireWords(String[] words, int count, String line) {
        if (words.length != count) {
            throw new IllegalArgumentException("'" + line + "'");
        }
    }

    private static WireFormat format(String hex) {
        return WireFormat.ofId(HexFormat.fromHexDigits(hex));
    }

    private static Line line(String[] words, int at) {
        return new Line(number(words[at]), number(words[at + 1]));
    }

    private static double number(String word) {
        return Double.parseDouble(word);
    }

    private static String[] words(String line, String name) {
        String[] words = line.split(" ", -1);
        if (!words[0].equals(name)) {
            throw new IllegalArgumentException("'" + line + "' where '" + name + "' is expected");
        }
        return words;
    }

    private Optional<Entry> ignored(String why) {
        notes.accept("the file of communication measurements " + file + " is ignored: " + why);
        return Optional.empty();
    }

    /**
     * Replaces the file of this key.
     *
     * @param entry the new content
     */
    public void store(Entry entry) {
        Measurements measurements = entry.measurements();
        List<String> lines = new ArrayList<>();
        lines.add(VERSION);
        lines.add("key " + key.text());
        lines.add("measured " + clock.instant());
        lines.add("link " + measurements.link().latencySeconds() + " "
                + measurements.link().bytesPerSecond());
        lines.add("settings " + entry.settings());
        measurements
                .codec()
                .costs()
                .forEach((format, cost) -> lines.add(String.join(
                        " ",
                        "codec",
                        HexFormat.of().toHexDigits(format.id()),
                        text(cost.encode()),
                        text(cost.reduce()),
                        text(cost.decodeSum()),
                        format.label())));
        for (Trial trial : measurements.trials()) {
            CommChoice choice = trial.choice();
            lines.add(String.join(
                    " ",
                    "trial",
                    choice.algorithm().label(),
                    HexFormat.of().toHexDigits(choice.format().id()),
                    Integer.toString(choice.chunkRows()),
                    Integer.toString(trial.rows()),
                    Double.toString(trial.seconds())));
        }
        lines.add(END);
        try {
            Path folder = file.toAbsolutePath().getParent();
            Files.createDirectories(folder);
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new IOException("it is not a regular file");
            }
            FileReplacement.writeText(file, String.join("\n", lines) + "\n");
        } catch (IOException unwritable) {
            notes.accept("the file of communication measurements " + file + " is not kept: " + unwritable);
        }
    }

    private static String text(Line line) {
        return line.fixedSeconds() + " " + line.perElementSeconds();
    }
}
