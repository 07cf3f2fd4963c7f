package dev.waterspout.engine.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The clock of {@code strftime_now}.
 *
 * @param clock the time and the time zone
 */
record TemplateClock(Clock clock) {
    private static final Pattern FIELD = Pattern.compile("%(-?)(.)", Pattern.DOTALL);

    /** {@return the present time in the notation of C's {@code strftime}, in English} */
    String format(String format) {
        ZonedDateTime now = ZonedDateTime.now(clock);
        StringBuilder text = new StringBuilder();
        Matcher field = FIELD.matcher(format);
        while (field.find()) {
            String value = field(field.group(2).charAt(0), now);
            boolean unpadded = !field.group(1).isEmpty();
            field.appendReplacement(
                    text, Matcher.quoteReplacement(unpadded ? value.replaceFirst("^0+(?=[0-9])", "") : value));
        }
        field.appendTail(text);
        return text.toString();
    }

    private static String field(char letter, ZonedDateTime now) {
        String pattern = switch (letter) {
            case 'Y' -> "uuuu";
            case 'y' -> "uu";
            case 'm' -> "MM";
            case 'd' -> "dd";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'M' -> "mm";
            case 'S' -> "ss";
            case 'B' -> "MMMM";
            case 'b', 'h' -> "MMM";
            case 'A' -> "EEEE";
            case 'a' -> "EEE";
            case 'p' -> "a";
            case 'j' -> "DDD";
            case 'F' -> "uuuu-MM-dd";
            case 'T' -> "HH:mm:ss";
            case 'z' -> "xx";
            case 'Z' -> "zzz";
            default -> "";
        };
        if (!pattern.isEmpty()) {
            return DateTimeFormatter.ofPattern(pattern, Locale.US).format(now);
        }
        return letter == '%' ? "%" : "%" + letter;
    }
}
