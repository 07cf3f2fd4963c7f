package dev.waterspout.interconnect.mpi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;

/** Prints the time of an all-gather for some message sizes. */
final class MpiLatencyMain {
    private static final int WARM_UP = 5_000;

    private MpiLatencyMain() {}

    public static void main(String[] arguments) {
        Launcher launcher = Launcher.valueOf(arguments[0]);
        try (MpiTransport transport =
                MpiTransport.join(MpiLibrary.load(null, launcher), MpiSettings.of(Duration.ofSeconds(30)))) {
            measure(transport, 1024, WARM_UP);
            for (int bytes : new int[] {64, 1024, 8192, 65536, 1 << 20, 1 << 22}) {
                measure(transport, bytes, Math.clamp((1L << 28) / bytes, 50, 5_000));
            }
        }
    }

    private static void measure(MpiTransport transport, int bytes, int rounds) {
        MemorySegment message = Arena.ofAuto().allocate(bytes, 64);
        MemorySegment[] received = new MemorySegment[transport.size()];
        Arrays.setAll(received, _ -> Arena.ofAuto().allocate(bytes, 64));
        double[] micros = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            long start = System.nanoTime();
            transport.allGather(message, received);
            micros[round] = (System.nanoTime() - start) / 1e3;
        }
        Arrays.sort(micros);
        if (transport.rank() == 0) {
            System.out.printf(
                    "%s, %d ranks, %d bytes: median %.1f us, p90 %.1f us%n",
                    transport.description(), transport.size(), bytes, micros[rounds / 2], micros[rounds * 9 / 10]);
        }
    }
}
