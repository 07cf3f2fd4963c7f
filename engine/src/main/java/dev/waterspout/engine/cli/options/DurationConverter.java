package dev.waterspout.engine.cli.options;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a duration such as {@code 60s}, {@code 2m} or {@code 500ms}; a bare number counts seconds. */
public final class DurationConverter implements ITypeConverter<Duration> {
    private static final Pattern TEXT = Pattern.compile("([0-9]{1,9})(ms|s|m|h)?");
    private static final Map<String, Long> MILLIS = Map.of("ms", 1L, "s", 1000L, "m", 60_000L, "h", 3_600_000L);

    @Override
    public Duration convert(String value) {
        Matcher duration = TEXT.matcher(value);
        if (!duration.matches()) {
            throw refused(value);
        }
        String unit = duration.group(2) == null ? "s" : duration.group(2);
        long millis = Long.parseLong(duration.group(1)) * MILLIS.getOrDefault(unit, 1000L);
        if (millis == 0) {
            throw refused(value);
        }
        return Duration.ofMillis(millis);
    }

    private static TypeConversionException refused(String value) {
        return new TypeConversionException(
                "time '" + value + "'; it must be a whole number above 0 and ms, s, m or h, such as 60s");
    }
}
