package dev.waterspout.benchmarks.serve;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Soak test of a server on this machine: clients that disconnect before, during and after prefill, slow readers,
 * damaged requests, and, if ranks are separate processes, killed ranks. Every text is compared with the one that the
 * server wrote before the test, when it had no other request.
 */
public final class ServeSoak {
    private static final int REPORTS = 20;

    private final URI url;
    private final ProcessHandle server;
    private final Pace pace;
    private final SoakTally tally = new SoakTally();
    private final long begun = System.nanoTime();

    /**
     * The duration and the intensity of a soak test.
     *
     * @param seconds duration
     * @param killSeconds seconds between kills of a rank; 0 for none
     * @param pauseMillis mean of the exponentially distributed pauses between two actions of a client; 0 for none
     */
    record Pace(double seconds, double killSeconds, double pauseMillis) {}

    private ServeSoak(URI url, ProcessHandle server, Pace pace) {
        this.url = url;
        this.server = server;
        this.pace = pace;
    }

    /**
     * Runs a soak test and prints counts of its events; the exit code is 1 if there was an error.
     *
     * @param arguments address such as http://127.0.0.1:8080, process id of the server, seconds, clients at a time,
     *     seed, seconds between kills of a rank (0 for none), mean milliseconds of a client's pause after each action
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length != 7) {
            throw new IllegalArgumentException("arguments: URL PID SECONDS CLIENTS SEED KILL-SECONDS PAUSE-MILLIS");
        }
        URI url = LocalServer.require(URI.create(arguments[0]));
        ProcessHandle server = LocalServer.process(arguments[1]);
        Pace pace = new Pace(
                Double.parseDouble(arguments[2]), Double.parseDouble(arguments[5]), Double.parseDouble(arguments[6]));
        ServeSoak soak = new ServeSoak(url, server, pace);
        boolean well = soak.run(Integer.parseInt(arguments[3]), Long.parseLong(arguments[4]));
        System.exit(well ? 0 : 1);
    }

    private boolean run(int clients, long seed) throws IOException, InterruptedException {
        SplittableRandom random = new SplittableRandom(seed);
        SoakClient first = new SoakClient(url, tally, List.of(), random.split());
        List<SoakClient.Asked> alone = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            alone.add(first.alone(i));
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < clients; i++) {
                SoakClient client = new SoakClient(url, tally, alone, random.split());
                SplittableRandom pauses = random.split();
                threads.execute(() -> {
                    while (!over()) {
                        client.once();
                        pause(pauses);
                    }
                });
            }
            if (pace.killSeconds() > 0) {
                SplittableRandom victims = random.split();
                threads.execute(() -> kill(victims));
            }
            for (int i = 1; i <= REPORTS; i++) {
                TimeUnit.NANOSECONDS.sleep(begun + (long) (i * pace.seconds() / REPORTS * 1e9) - System.nanoTime());
                System.out.printf(
                        Locale.ROOT, "%.0f s: RSS %s MB; %s%n", elapsed(), ServerMemory.of(server), tally.text());
            }
        }
        for (SoakClient.Asked asked : alone) {
            first.compare(asked, first.alone(asked.number()).text());
        }
        boolean idle = first.isIdle();
        System.out.println("after the test the server " + (idle ? "is idle" : "still computes"));
        System.out.println("at the end: " + tally.text());
        return idle && tally.isClean();
    }

    private double elapsed() {
        return (System.nanoTime() - begun) / 1e9;
    }

    private boolean over() {
        return elapsed() > pace.seconds();
    }

    private void pause(SplittableRandom random) {
        try {
            Thread.sleep((long) (-Math.log(1 - random.nextDouble()) * pace.pauseMillis()));
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    /** Kills ranks from time to time, but not the server's own process. */
    private void kill(SplittableRandom random) {
        try {
            while (elapsed() + pace.killSeconds() < pace.seconds()) {
                TimeUnit.NANOSECONDS.sleep((long) (pace.killSeconds() * 1e9));
                List<ProcessHandle> ranks = ServerMemory.processes(server)
                        .filter(process -> !process.equals(server))
                        .toList();
                if (!ranks.isEmpty()) {
                    tally.count("ranks killed");
                    ranks.get(random.nextInt(ranks.size())).destroyForcibly();
                }
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
