package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.Measurements.Trial;
import dev.waterspout.interconnect.policy.measure.Agreement;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.WireFormat;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shares measurements between ranks, as rows of numbers. Each record is written and read in one place. */
final class MeasurementExchange {
    private static final int TRIAL_VALUES = 5;

    private final CommSettings settings;
    private final Agreement agreement;

    MeasurementExchange(CommSettings settings, Agreement agreement) {
        this.settings = settings;
        this.agreement = agreement;
    }

    /**
     * The figures of a link and of all codecs. Each figure is stored so that its largest value is that of the slowest
     * rank.
     */
    private static final class FigureRow {
        private static final int LINK_VALUES = 2;
        private static final int COST_VALUES = 7;

        private final DoubleBuffer values;

        private FigureRow(double[] values) {
            this.values = DoubleBuffer.wrap(values);
        }

        /** {@return a row with room for a link and a number of formats} */
        static FigureRow of(int formats) {
            return new FigureRow(new double[LINK_VALUES + COST_VALUES * formats]);
        }

        void put(LinkCost link) {
            values.put(link.latencySeconds()).put(1 / link.bytesPerSecond());
        }

        LinkCost link() {
            return new LinkCost(values.get(), 1 / values.get());
        }

        /** The cost of a format that was not measured is infinite. */
        void put(@Nullable Cost cost) {
            if (cost == null) {
                for (int i = 0; i < COST_VALUES; i++) {
                    values.put(Double.POSITIVE_INFINITY);
                }
                return;
            }
            for (Line line : List.of(cost.encode(), cost.reduce(), cost.decodeSum())) {
                values.put(line.fixedSeconds()).put(line.perElementSeconds());
            }
            values.put(cost.measured() ? 0 : 1);
        }

        @Nullable
        Cost cost() {
            if (Double.isInfinite(values.get(values.position()))) {
                values.position(values.position() + COST_VALUES);
                return null;
            }
            return new Cost(line(), line(), line(), values.get() == 0);
        }

        private Line line() {
            return new Line(values.get(), values.get());
        }
    }

    /** Called on all ranks; {@return the slowest rank's figures of link and codecs, without trials} */
    Measurements slowest(Measurements own) {
        return read(agreement.max(row(own)));
    }

    /** Called on all ranks; {@return the root's measurements} Those of other ranks are ignored. */
    Measurements fromRoot(Measurements known) {
        Measurements figures = read(agreement.share(row(known))[0]);
        return figures.with(trials(agreement.fromRoot(row(known.trials()))));
    }

    private double[] row(Measurements measurements) {
        FigureRow row = FigureRow.of(settings.formats().size());
        row.put(measurements.link());
        settings.formats()
                .forEach(format -> row.put(measurements.codec().costs().get(format)));
        return row.values.array();
    }

    private Measurements read(double[] values) {
        FigureRow row = new FigureRow(values);
        LinkCost link = row.link();
        Map<WireFormat, Cost> costs = new LinkedHashMap<>();
        for (WireFormat format : settings.formats()) {
            Cost cost = row.cost();
            if (cost != null) {
                costs.put(format, cost);
            }
        }
        return new Measurements(link, new CodecCosts(costs));
    }

    private double[] row(List<Trial> trials) {
        DoubleBuffer row = DoubleBuffer.allocate(TRIAL_VALUES * trials.size());
        for (Trial trial : trials) {
            row.put(settings.algorithms().indexOf(trial.choice().algorithm()))
                    .put(settings.formats().indexOf(trial.choice().format()))
                    .put(trial.choice().chunkRows())
                    .put(trial.rows())
                    .put(trial.seconds());
        }
        return row.array();
    }

    private List<Trial> trials(double[] values) {
        DoubleBuffer row = DoubleBuffer.wrap(values);
        List<Trial> trials = new ArrayList<>();
        while (row.hasRemaining()) {
            CommChoice choice = new CommChoice(
                    settings.algorithms().get((int) row.get()),
                    settings.formats().get((int) row.get()),
                    (int) row.get());
            trials.add(new Trial(choice, (int) row.get(), row.get()));
        }
        return trials;
    }
}
