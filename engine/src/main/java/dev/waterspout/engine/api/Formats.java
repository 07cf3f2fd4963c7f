package dev.waterspout.engine.api;

import dev.waterspout.interconnect.policy.CommQuality;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The wire formats of partials. */
public sealed interface Formats {
    /**
     * Returns the default: between processes or devices, formats that increase perplexity by at most 1 %.
     */
    static Formats usual() {
        return new Usual(new Auto(1, List.of(), List.of(), Measuring.QUICK));
    }

    /**
     * Returns the formats for a placement of ranks.
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
     * @param qualityPercent largest increase of perplexity of a format
     * @param allowed formats to choose from besides f32, whatever their increase; none for all measured formats
     * @param maps format maps whose measurements replace those of the table
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
     * The fastest format if ranks are in different processes or on different devices, otherwise f32, because
     * compression between threads of one process only costs time.
     *
     * @param apart the choice between different processes or devices
     */
    record Usual(Auto apart) implements Formats {
        @Override
        public Formats placed(boolean ranksAreApart) {
            return ranksAreApart ? apart : new Fixed(PlainFormat.F32);
        }
    }

    /** The extent of the measurements of links and codecs, if no earlier run has measured them. */
    enum Measuring {
        /** Only links, in a third of a second; the speeds of codecs are assumed. */
        QUICK,
        /** Links, codecs and whole exchanges, in some seconds, for all later runs. */
        FULL
    }
}
