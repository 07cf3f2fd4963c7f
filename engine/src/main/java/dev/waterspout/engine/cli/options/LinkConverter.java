package dev.waterspout.engine.cli.options;

import dev.waterspout.interconnect.policy.measure.LinkCost;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a link: bandwidth each way and latency, such as {@code 64GBps:10us} or {@code 1Gbps:50us}. */
public final class LinkConverter implements ITypeConverter<LinkCost> {
    private static final Pattern TEXT = Pattern.compile("([0-9.]+)([kMGT]?)(Bps|bps):([0-9.]+)(ns|us|ms|s)");
    private static final Map<String, Double> PREFIXES = Map.of("", 1.0, "k", 1e3, "M", 1e6, "G", 1e9, "T", 1e12);
    private static final Map<String, Double> TIMES = Map.of("ns", 1e-9, "us", 1e-6, "ms", 1e-3, "s", 1.0);

    @Override
    public LinkCost convert(String value) {
        Matcher link = TEXT.matcher(value);
        if (!link.matches()) {
            throw refused(value);
        }
        try {
            double bytes = Double.parseDouble(link.group(1))
                    * PREFIXES.getOrDefault(link.group(2), 1.0)
                    / (link.group(3).equals("bps") ? Byte.SIZE : 1);
            return new LinkCost(Double.parseDouble(link.group(4)) * TIMES.getOrDefault(link.group(5), 1.0), bytes);
        } catch (IllegalArgumentException wrong) {
            throw refused(value);
        }
    }

    private static TypeConversionException refused(String value) {
        return new TypeConversionException("link '" + value
                + "'; it must be a bandwidth above 0 and a latency, such as 64GBps:10us or 1Gbps:50us");
    }
}
