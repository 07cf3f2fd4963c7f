package dev.waterspout.engine.api;

import dev.waterspout.interconnect.policy.CommQuality;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What partials travel as. */
public sealed interface Formats {
    /**
     * Returns what is used where nothing is asked for: formats with at most 1 % more perplexity between processes or
     * devices.
     */
    static Formats usual() {
        return new Usual(new Auto(1, List.of(), List.of(), Measuring.QUICK));
    }

    /**
     * Returns the formats for ranks that are placed in one way.
     *
     * @param apart whether there are two ranks in different processes or on different devices
     */
    default Formats placed(boolean apart) {
        return this;
    }

    /**
     * One format for all exchanges.
     *
     * @param format the format
     */
    record Fixed(WireFormat format) implements Formats {}

    /**
     * A format for every exchange of one model.
     *
     * @param map the formats
     */
    record Mapped(FormatMap map) implements Formats {}

    /**
     * The fastest format on these links and devices.
     *
     * @param qualityPercent the most that a format may add to perplexity
     * @param allowed formats to choose from besides f32, whatever they add; none for all that have been measured
     * @param maps format maps whose measurements count in place of the table's
     * @param measuring time limits of the measurements of links and codecs
     */
    record Auto(double qualityPercent, List<WireFormat> allowed, List<FormatMap> maps, Measuring measuring)
            implements Formats {
        /** Copies the lists. */
        public Auto {
            allowed = List.copyOf(allowed);
            maps = List.copyOf(maps);
        }

        CommQuality quality(int columns) {
            if (allowed.isEmpty() && maps.isEmpty()) {
                return CommQuality.measured();
            }
            Map<WireFormat, Double> table =
                    new LinkedHashMap<>(CommQuality.of(allowed).increasePercent());
            for (FormatMap map : maps) {
                map.requireWidth(columns);
                table.putAll(map.measured());
            }
            return new CommQuality(table);
        }
    }

    /**
     * The fastest format where ranks are in different processes or on different devices; else f32, since compression
     * between threads of one process only costs time.
     *
     * @param apart the choice between different processes or devices
     */
    record Usual(Auto apart) implements Formats {
        @Override
        public Formats placed(boolean ranksAreApart) {
            return ranksAreApart ? apart : new Fixed(PlainFormat.F32);
        }
    }

    /** How thoroughly links and codecs are measured, where no earlier run has. */
    enum Measuring {
        /** Links only, in a third of a second; codecs are taken to have usual speeds. */
        QUICK,
        /** Links, codecs and whole exchanges, in some seconds, for all later runs. */
        FULL
    }
}
