package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The measured accuracy of wire formats.
 *
 * @param increasePercent measured increase of perplexity per format, in percent
 */
public record CommQuality(Map<WireFormat, Double> increasePercent) {
    private static final String RESOURCE = "comm-quality.txt";

    /** Checks the figures and keeps their order. */
    public CommQuality {
        increasePercent = Collections.unmodifiableMap(new LinkedHashMap<>(increasePercent));
        increasePercent.forEach((format, percent) -> {
            if (percent.isNaN()) {
                throw new IllegalArgumentException("quality of " + format + " is not a number");
            }
        });
    }

    /** Returns the table that was measured with this version. */
    public static CommQuality measured() {
        try (InputStream in = Objects.requireNonNull(CommQuality.class.getResourceAsStream(RESOURCE), RESOURCE)) {
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /**
     * Reads a table with a format and a percentage per line. Text after {@code #} is a comment.
     *
     * @param lines the table
     * @throws IllegalArgumentException naming the line, for any other text
     */
    public static CommQuality parse(List<String> lines) {
        Map<WireFormat, Double> table = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).replaceFirst("#.*", "").strip();
            if (line.isEmpty()) {
                continue;
            }
            String[] words = line.split("\\s+", -1);
            try {
                if (words.length != 2 || table.put(WireFormat.parse(words[0]), Double.valueOf(words[1])) != null) {
                    throw new IllegalArgumentException("expected a format and a percentage, each format once");
                }
            } catch (IllegalArgumentException refused) {
                throw new IllegalArgumentException(
                        "quality table, line " + (i + 1) + ", '" + line + "': " + refused.getMessage(), refused);
            }
        }
        return new CommQuality(table);
    }

    /**
     * Returns the table in which these formats, and no others, are as good as f32.
     *
     * @param allow deviations that the user allows
     */
    public static CommQuality of(List<WireFormat> allow) {
        Map<WireFormat, Double> table = new LinkedHashMap<>();
        allow.forEach(format -> table.put(format, 0.0));
        return new CommQuality(table);
    }

    /**
     * Returns the formats whose increase of perplexity is within a limit, f32 first, which is always within it.
     *
     * @param qualityPercent largest increase of perplexity in percent, at least 0
     */
    public List<WireFormat> allowed(double qualityPercent) {
        if (!(qualityPercent >= 0)) {
            throw new IllegalArgumentException("quality " + qualityPercent + " %; it must be at least 0");
        }
        List<WireFormat> allowed = new ArrayList<>(List.of(PlainFormat.F32));
        increasePercent.forEach((format, percent) -> {
            if (percent <= qualityPercent && !allowed.contains(format)) {
                allowed.add(format);
            }
        });
        return allowed;
    }
}
