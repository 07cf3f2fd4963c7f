package dev.waterspout.engine.lab.search;

import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.kernels.codec.Distortion;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The error of a format in the sums of sampled partials: the arithmetic of a collective without its messages. */
final class SumError {
    private static final PartialCodec EXACT = PartialCodec.of(PlainFormat.F32);

    private final PartialSample sample;
    private final Algorithm algorithm;

    SumError(PartialSample sample, Algorithm algorithm) {
        this.sample = sample;
        this.algorithm = algorithm;
    }

    /** {@return for each exchange the energy of the sum's error over that of the sum} */
    double[] noiseToSignal(WireFormat format) {
        double[] ratios = new double[sample.exchanges()];
        for (int exchange = 0; exchange < ratios.length; exchange++) {
            ratios[exchange] = noiseToSignal(format, sample.of(exchange));
        }
        return ratios;
    }

    private double noiseToSignal(WireFormat format, MemorySegment[] partials) {
        int rows = sample.rows();
        int width = sample.width();
        PartialCodec codec = PartialCodec.of(format);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment exact = arena.allocate((long) rows * width * Float.BYTES, 64);
            MemorySegment found = arena.allocate(exact.byteSize(), 64);
            MemorySegment[] packed = new MemorySegment[partials.length];
            for (int rank = 0; rank < packed.length; rank++) {
                packed[rank] = arena.allocate(format.encodedBytes(rows, width), 64);
                codec.encode(partials[rank], rows, width, packed[rank]);
            }
            EXACT.decodeSum(partials, rows, width, exact, width);
            if (algorithm == Algorithm.ALLGATHER) {
                codec.decodeSum(packed, rows, width, found, width);
            } else {
                MemorySegment sum = arena.allocate(format.encodedBytes(rows, width), 64);
                codec.reduce(packed, rows, width, sum);
                codec.decode(sum, rows, width, found);
            }
            Distortion distortion = Distortion.between(exact, found, rows, width);
            return distortion.notFinite() > 0 ? Double.POSITIVE_INFINITY : distortion.noise() / distortion.signal();
        }
    }
}
