package dev.waterspout.benchmarks.peer;

import dev.waterspout.kernels.peer.PeerLink;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Times the copy of a rank's partial to another rank's device. Each device has a launch that writes its partial, and
 * one device a launch that reads the other's. On one path the partial goes through host memory, on the other the
 * device copies it directly.
 */
public final class PeerExchange {
    private static final int WARM_UP = 20;
    private static final int RUNS = 101;
    private static final int[] SIZES = {64 << 10, 1 << 20, 16 << 20};

    private PeerExchange() {}

    /**
     * Prints a table.
     *
     * @param arguments none
     * @throws TornadoExecutionPlanException if a device cannot be released
     */
    public static void main(String[] arguments) throws TornadoExecutionPlanException {
        TornadoBackend backend = TornadoRuntimeProvider.getTornadoRuntime().getBackend(0);
        List<TornadoDevice> devices = IntStream.range(0, Math.min(2, backend.getNumDevices()))
                .mapToObj(backend::getDevice)
                .toList();
        PrintStream out = System.out;
        if (devices.size() < 2) {
            out.println("skipped: the runtime lists one device, and this needs two");
            return;
        }
        switch (PeerLink.connect(devices)) {
            case PeerLink.Result.Refused refused -> out.println("skipped: " + refused.reason());
            case PeerLink.Result.Connected _ -> print(devices, out);
        }
    }

    private static void print(List<TornadoDevice> devices, PrintStream out) throws TornadoExecutionPlanException {
        out.println("bytes per rank | through the host: median (p90) us | device to device: median (p90) us");
        for (int bytes : SIZES) {
            String staged = times(devices, bytes, null);
            // The ends of a link count exchanges, so each path has its own link and ranks.
            if (PeerLink.connect(devices) instanceof PeerLink.Result.Connected(PeerLink link)) {
                out.printf(Locale.ROOT, "%d | %s | %s%n", bytes, staged, times(devices, bytes, link));
            }
        }
    }

    private static String times(List<TornadoDevice> devices, int bytes, @Nullable PeerLink link)
            throws TornadoExecutionPlanException {
        int elements = bytes / Float.BYTES;
        try (ExchangeRank first =
                        new ExchangeRank("first", devices.get(0), 2, elements, link == null ? null : link.end(0));
                ExchangeRank second =
                        new ExchangeRank("second", devices.get(1), 2, elements, link == null ? null : link.end(1))) {
            long[] nanos = new long[RUNS];
            for (int run = -WARM_UP; run < RUNS; run++) {
                long exchange = (long) run + WARM_UP;
                long start = System.nanoTime();
                first.send(exchange);
                second.send(exchange);
                if (link == null) {
                    second.receiveStaged(exchange, List.of(first, second));
                } else {
                    first.copyNothing();
                    second.receive();
                }
                nanos[Math.max(0, run)] = System.nanoTime() - start;
                float expected = 1 + exchange / 2; // number of writes to each of the two arrays
                if (second.seen() != expected) {
                    throw new IllegalStateException(
                            "exchange " + exchange + " read " + second.seen() + "; the right value is " + expected);
                }
            }
            Arrays.sort(nanos);
            return String.format(Locale.ROOT, "%.0f (%.0f)", nanos[RUNS / 2] / 1e3, nanos[RUNS * 9 / 10] / 1e3);
        }
    }
}
