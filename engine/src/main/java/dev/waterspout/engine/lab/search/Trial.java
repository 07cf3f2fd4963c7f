package dev.waterspout.engine.lab.search;

import dev.waterspout.engine.perplexity.Divergence;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A format per exchange of a forward pass, and the measured increase of perplexity.
 *
 * @param formats by the number of the exchange
 * @param bits per element, average over all exchanges
 * @param divergence divergence from the uncompressed run
 */
public record Trial(List<WireFormat> formats, double bits, Divergence divergence) {
    /** Copies the list. */
    public Trial {
        formats = List.copyOf(formats);
    }

    /** Returns the format of most exchanges. */
    public WireFormat common() {
        return formats.stream().collect(Collectors.groupingBy(each -> each, Collectors.counting())).entrySet().stream()
                .max((a, b) -> a.getValue().equals(b.getValue())
                        ? Integer.compare(formats.indexOf(b.getKey()), formats.indexOf(a.getKey()))
                        : Long.compare(a.getValue(), b.getValue()))
                .orElseThrow()
                .getKey();
    }

    /** Returns the formats of the other exchanges, by the number of the exchange. */
    public SortedMap<Integer, WireFormat> exceptions() {
        SortedMap<Integer, WireFormat> others = new TreeMap<>();
        WireFormat common = common();
        for (int exchange = 0; exchange < formats.size(); exchange++) {
            if (!formats.get(exchange).equals(common)) {
                others.put(exchange, formats.get(exchange));
            }
        }
        return others;
    }

    /** Returns whether all exchanges have the same format. */
    public boolean uniform() {
        return exceptions().isEmpty();
    }

    /** Returns the increase of perplexity plus its standard error, in percent. A budget bounds this value. */
    public double upperPercent() {
        double upper = divergence.increasePercent() + divergence.increaseErrorPercent();
        return Double.isNaN(upper) ? Double.POSITIVE_INFINITY : upper;
    }

    /** Returns its label in tables. */
    public String label() {
        if (uniform()) {
            return common().label();
        }
        return common().label() + ", "
                + exceptions().entrySet().stream()
                        .collect(Collectors.groupingBy(
                                each -> each.getValue().label(), TreeMap::new, Collectors.counting()))
                        .entrySet()
                        .stream()
                        .map(each -> each.getValue() + " x " + each.getKey())
                        .collect(Collectors.joining(", "));
    }

    static List<WireFormat> everywhere(WireFormat format, int exchanges) {
        WireFormat[] all = new WireFormat[exchanges];
        Arrays.fill(all, format);
        return List.of(all);
    }

    static double bits(List<WireFormat> formats, int rows, int width) {
        return formats.stream()
                .mapToDouble(format -> format.encodedBytes(rows, width) * 8.0 / rows / width)
                .average()
                .orElse(0);
    }

    /** {@return the Pareto front of bits and increase, by ascending bits} */
    static List<Trial> front(List<Trial> trials) {
        List<Trial> sorted = trials.stream()
                .sorted((a, b) ->
                        a.bits == b.bits ? Double.compare(increase(a), increase(b)) : Double.compare(a.bits, b.bits))
                .toList();
        List<Trial> front = new ArrayList<>();
        double best = Double.POSITIVE_INFINITY;
        for (Trial trial : sorted) {
            if (increase(trial) < best) {
                best = increase(trial);
                front.add(trial);
            }
        }
        return Collections.unmodifiableList(front);
    }

    private static double increase(Trial trial) {
        double percent = trial.divergence.increasePercent();
        return Double.isNaN(percent) ? Double.POSITIVE_INFINITY : percent;
    }
}
