package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.PortFactory;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Ports that compute nothing and advance simulated time. */
record SimulatedPorts(SimulatedClock clock, CodecCosts costs) implements PortFactory {
    @Override
    public StagedPort create(WireFormat format, int rows, int columns) {
        return new Port(format, Objects.requireNonNull(costs.costs().get(format)));
    }

    private final class Port implements StagedPort {
        private final WireFormat format;
        private final Cost cost;

        private Port(WireFormat format, Cost cost) {
            this.format = format;
            this.cost = cost;
        }

        @Override
        public WireFormat format() {
            return format;
        }

        @Override
        public void encode(Tile tile, MemorySegment payload) {
            pass(cost.encode(), tile, 1);
        }

        @Override
        public void decodeSum(MemorySegment[] payloads, Tile tile) {
            pass(cost.decodeSum(), tile, payloads.length);
        }

        @Override
        public void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload) {
            pass(cost.reduce(), tile, payloads.length);
        }

        @Override
        public void addOwn(int rows) {
            throw new AssertionError("nothing to measure with one rank");
        }

        private void pass(Line line, Tile tile, int packets) {
            clock.pass(line.seconds(1, (double) packets * tile.rows() * tile.columns()));
        }
    }
}
